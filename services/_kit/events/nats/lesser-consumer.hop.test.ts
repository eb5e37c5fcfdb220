/** The same with a broker that neither counts deliveries nor knows a delay. */
import { consumerCases } from "../cases/consumer.case.ts";
import { lesserNats } from "./nats.fixture.ts";

consumerCases(lesserNats);
