/** What hop tests share: a silent logger, a new database, unique names, waits. */
import { randomUUID } from "node:crypto";
import pg from "pg";
import { pino } from "pino";
import { until } from "../playground/until.ts";
import type { FaultAt } from "../services/_kit/telemetry/faults.ts";
import type { Logger } from "../services/_kit/telemetry/log.ts";
import { patient } from "./patience.ts";

export const quiet: Logger = pino({ level: "silent" });

/** Makes a new database on the server at `url`; resolves to its address. It is removed with the server. */
export async function freshDatabase(url: string): Promise<string> {
  const name = `t_${randomUUID().replaceAll("-", "")}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.toString();
}

/** An event type or queue name that no other test uses: they share a server. */
export const uniqueName = (start: string): string => `${start}${randomUUID().slice(0, 8)}`;

/** The faults of a request that asks for `kind` at every point; none without a kind. */
export const biting =
  (kind?: string): FaultAt =>
  (point) =>
    kind === undefined ? undefined : { point, kind, arg: undefined, attempts: 1 };

/**
 * Runs `work` for each item, `atOnce` at a time; resolves to the results in the items' order. All at once would wait
 * for the few connections of a pool, and time out on a slow machine.
 */
export async function inWaves<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  for (let from = 0; from < items.length; from += atOnce) {
    const wave = items.slice(from, from + atOnce).map((item, n) => work(item, from + n));
    answers.push(...(await Promise.all(wave)));
  }
  return answers;
}

/** Waits until `look` returns a value. On a timeout it fails and says what was waited for. */
export function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  withinMs = patient(20_000),
): Promise<T> {
  return until(async () => look(), {
    signal: new AbortController().signal,
    everyMs: 10,
    withinMs,
    onLate: (last) => new Error(`waited ${withinMs} ms for ${what}`, { cause: last }),
  });
}
