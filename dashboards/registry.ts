/** The registry of names, read once for all dashboards and alerts. */
import { readRegistry } from "../telemetry/registry.ts";

export const registry = await readRegistry();
