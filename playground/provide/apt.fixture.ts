/** For apt.all.test.ts: fetches both servers with apt into this user's cache, and prints which were found. */
import { patient } from "../../tests/patience.ts";
import { cacheDir, fetchWithApt, findCached } from "./apt.ts";

const cache = cacheDir(process.env);
await fetchWithApt(["nats", "redis"], cache, process.env, AbortSignal.timeout(patient(120_000)));
const [nats, redis] = await Promise.all([findCached("nats", cache), findCached("redis", cache)]);
process.stdout.write(JSON.stringify({ nats: nats !== null, redis: redis !== null }));
