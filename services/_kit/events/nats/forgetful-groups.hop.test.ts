/** The same with a broker that keeps no history: what is ensured too late misses what was sent. */
import { groupsCases } from "../cases/groups.case.ts";
import { forgetfulNats } from "./nats.fixture.ts";

groupsCases(forgetfulNats);
