/** The same with a broker that neither counts deliveries nor knows a delay. */
import { attemptsCases } from "../cases/attempts.case.ts";
import { lesserNats } from "./nats.fixture.ts";

attemptsCases(lesserNats);
