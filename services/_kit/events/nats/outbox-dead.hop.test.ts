import { outboxDeadCases } from "../cases/outbox-dead.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

outboxDeadCases(natsUnderTest);
