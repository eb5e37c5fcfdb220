import { followCases } from "../cases/follow.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

followCases(natsUnderTest);
