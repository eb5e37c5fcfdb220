import { consumerCases } from "../cases/consumer.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

consumerCases(natsUnderTest);
