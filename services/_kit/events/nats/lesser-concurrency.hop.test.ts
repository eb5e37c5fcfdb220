/** The same with a broker that neither counts deliveries nor knows a delay. */
import { concurrencyCases } from "../cases/concurrency.case.ts";
import { lesserNats } from "./nats.fixture.ts";

concurrencyCases(lesserNats);
