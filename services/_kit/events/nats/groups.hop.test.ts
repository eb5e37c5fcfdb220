import { groupsCases } from "../cases/groups.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

groupsCases(natsUnderTest);
