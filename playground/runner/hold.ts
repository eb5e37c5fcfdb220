/**
 * Loaded into each service by `--import`, after the telemetry. It loads the service's code and then waits until the
 * servers are ready. So all services read their packages while Postgres makes its databases, and a start takes about a
 * second less. A service that is restarted later finds the file and does not wait.
 *
 * Environment: `BATON_HOLD`, a file that exists once the servers are ready. Without it nothing is done.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const LOOK_AGAIN_MS = 10;

const file = process.env.BATON_HOLD;
const [, entry] = process.argv;
if (file && entry && !existsSync(file)) {
  // The composition: everything that main.ts loads, except the call that starts it.
  await import(pathToFileURL(path.join(path.dirname(entry), "service.ts")).href);
  while (!existsSync(file)) await delay(LOOK_AGAIN_MS);
}
