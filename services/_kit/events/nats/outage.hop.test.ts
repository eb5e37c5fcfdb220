import { outageCases } from "../cases/outage.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

outageCases(natsUnderTest);
