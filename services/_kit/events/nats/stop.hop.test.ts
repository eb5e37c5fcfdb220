import { stopCases } from "../cases/stop.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

stopCases(natsUnderTest);
