/** All benchmarks, in the order of `npm run bench`. */
import { complete } from "./complete.ts";
import { full } from "./full.ts";
import { ingest } from "./ingest.ts";
import type { Bench } from "./kit/bench.ts";
import { memory } from "./memory.ts";
import { profile } from "./profile.ts";
import { query } from "./query.ts";
import { start } from "./start.ts";
import { store } from "./store.ts";
import { telemetry } from "./telemetry.ts";

export const benches: readonly Bench[] = [
  start,
  memory,
  complete,
  telemetry,
  profile,
  full,
  ingest,
  store,
  query,
];
