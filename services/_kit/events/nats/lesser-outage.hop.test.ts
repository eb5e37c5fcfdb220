/** The same with a broker that neither counts deliveries nor knows a delay. */
import { outageCases } from "../cases/outage.case.ts";
import { lesserNats } from "./nats.fixture.ts";

outageCases(lesserNats);
