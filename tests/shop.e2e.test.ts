/**
 * One shop for all that it can be asked. The order matters: the refusals count what is stored, and nothing is at first.
 */
import { afterAll } from "vitest";
import { onePlayground } from "./one-playground.ts";
import "./refusals.case.ts";
import "./hops.case.ts";
import "./api.case.ts";

afterAll(async () => (await onePlayground()).remove());
