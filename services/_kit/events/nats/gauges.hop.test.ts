import { gaugesCases } from "../cases/gauges.case.ts";
import { natsUnderTest } from "./nats.fixture.ts";

gaugesCases(natsUnderTest);
