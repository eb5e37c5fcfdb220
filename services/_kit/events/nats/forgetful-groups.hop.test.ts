/** The same with a broker without history: a group that is ensured too late misses what was sent before. */
import { groupsCases } from "../cases/groups.case.ts";
import { forgetfulNats } from "./nats.fixture.ts";

groupsCases(forgetfulNats);
