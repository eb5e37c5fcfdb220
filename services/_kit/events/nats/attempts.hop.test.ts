import { attemptsCases } from "../cases/attempts.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

attemptsCases(natsUnderTest);
