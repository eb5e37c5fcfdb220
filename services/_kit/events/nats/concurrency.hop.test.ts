import { concurrencyCases } from "../cases/concurrency.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

concurrencyCases(natsUnderTest);
