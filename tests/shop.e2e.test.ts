/**
 * All requests to one shop. The order matters: the refusals check that nothing is stored, which is true only at first;
 * conformity judges the telemetry of all other cases.
 */
import { afterAll } from "vitest";
import { onePlayground } from "./one-playground.ts";
import "./refusals.case.ts";
import "./hops.case.ts";
import "./api.case.ts";
import "./catalog.case.ts";
import "./conformity.case.ts";

afterAll(async () => (await onePlayground()).remove());
