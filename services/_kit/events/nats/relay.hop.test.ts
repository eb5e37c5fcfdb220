import { relayCases } from "../cases/relay.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

relayCases(natsUnderTest);
