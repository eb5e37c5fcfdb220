/**
 * A process of the kit for database-spans.hop.test.ts: it asks Postgres and adds jobs by Redis, in one span, and ends.
 */
import { context } from "@opentelemetry/api";
import { pino } from "pino";
import { openDatabase } from "../database/postgres.ts";
import { connectRedis, jobQueue, type NewJob } from "../jobs/queue.ts";
import { inSpan } from "../telemetry/span.ts";
import { flushTelemetry } from "./flush.ts";

const [postgresUrl = "", redisUrl = "", queueName = ""] = process.argv.slice(2);
const db = await openDatabase(postgresUrl, [], pino({ level: "silent" }));
await db.query("CREATE TABLE things (name text PRIMARY KEY)");
const redis = connectRedis(redisUrl);
const queue = jobQueue<NewJob>(queueName, redis);

await inSpan("charge", {}, context.active(), async () => {
  await db.query("SELECT name FROM things WHERE name = $1", ["none"]);
  await db.transaction((tx) => tx.query("INSERT INTO things (name) VALUES ($1) RETURNING name", ["one"]));
  const undone = db.transaction(async (tx) => {
    await tx.query("UPDATE things SET name = $1", ["two"]);
    throw new Error("changed my mind");
  });
  await undone.catch(() => {});
  await db.query("SELECT no_such_column FROM things").catch(() => {});
  await queue.add({ name: "single", id: "single-1", payload: {} });
  await queue.addFlow({
    name: "last",
    id: "last-1",
    payload: {},
    children: [{ name: "first", id: "first-1", payload: {} }],
  });
});

await queue.close();
redis.disconnect();
await flushTelemetry(20_000);
await db.close();
