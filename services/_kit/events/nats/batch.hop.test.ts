import { batchCases } from "../cases/batch.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

batchCases(natsUnderTest);
