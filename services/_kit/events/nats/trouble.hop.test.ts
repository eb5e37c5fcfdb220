import { troubleCases } from "../cases/trouble.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

troubleCases(natsUnderTest);
