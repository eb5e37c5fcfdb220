/** The same with a broker that neither counts deliveries nor knows a delay. */
import { orderedCases } from "../cases/ordered.case.ts";
import { lesserNats } from "./nats.fixture.ts";

orderedCases(lesserNats);
