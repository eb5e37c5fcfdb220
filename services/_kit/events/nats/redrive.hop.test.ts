import { redriveCases } from "../cases/redrive.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

redriveCases(natsUnderTest);
