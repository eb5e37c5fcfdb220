/** The same with a broker that neither counts deliveries nor knows a delay. */
import { stopCases } from "../cases/stop.case.ts";
import { lesserNats } from "./nats.fixture.ts";

stopCases(lesserNats);
