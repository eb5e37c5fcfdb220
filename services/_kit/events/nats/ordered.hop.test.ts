import { orderedCases } from "../cases/ordered.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

orderedCases(natsUnderTest);
