/**
 * The interfaces of a commit that `compare` uses. None of the commit's code is loaded here:
 * - `node playground/boot.cjs start`, `lens` and `help`, which end in order with SIGTERM;
 * - `BATON_STATE_DIR`, `BATON_PORT_OFFSET` and `BATON_TELEMETRY=off`;
 * - `run.json` in the state folder, with the addresses of the gateway and of lens and the process of each part;
 * - the gateway's `POST /api/v1/checkouts`, `GET /api/v1/orders/<id>` and `/readyz`;
 * - lens' `/api/journeys`, `/healthz`, `/metrics` and OTLP over HTTP.
 * A commit with another form of these cannot be measured, and the error says so.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { type UntilOptions, until } from "../../playground/until.ts";
import type { Place, Typed } from "../kit/command.ts";
import { family, processes } from "../kit/processes.ts";

const runFile = z.object({
  // Empty at first.
  urls: z.object({ gateway: z.url(), lens: z.url() }).partial(),
  parts: z.array(z.object({ name: z.string(), pid: z.number().nullable() })),
});
const journeys = z.object({
  journeys: z.array(z.object({ name: z.string(), settled: z.boolean(), cause: z.unknown() })),
});
const order = z.object({ status: z.string() });

/** A running playground, from its state folder. */
export interface Running {
  readonly gateway: string;
  readonly lens: string;
  readonly parts: readonly { readonly name: string; readonly pid: number | null }[];
}

/** An answer or a file has another form than expected: waiting does not help. */
class OtherForm extends Error {
  override readonly name = "OtherForm";
}

/** A start may be that slow on a busy machine. */
const UP_WITHIN_MS = 240_000;
const SHIPPED_WITHIN_MS = 120_000;
/** Often enough for a figure of seconds, and seldom enough to cost nothing beside a start. */
const LOOK_EVERY_MS = 25;

/** `json`, checked by `schema`. Throws an OtherForm that names the answer and the differences. */
function read<T>(schema: z.ZodType<T>, what: string, json: unknown): T {
  const { data, error } = schema.safeParse(json);
  if (error)
    throw new OtherForm(`${what} has another form than this command reads: ${z.prettifyError(error)}`);
  return data;
}

async function answer<T>(schema: z.ZodType<T>, url: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return read(schema, url, await response.json());
}

async function runIn({ dir }: Pick<Place, "dir">): Promise<Running> {
  const json = JSON.parse(await readFile(path.join(dir, "run.json"), "utf8"));
  const { urls, parts } = read(runFile, "run.json", json);
  const { gateway, lens } = urls;
  if (!gateway || !lens) throw new Error("run.json does not name the gateway and lens yet");
  return { gateway, lens, parts };
}

/** Like `until`, but an answer of another form ends the wait. */
async function untilRead<T>(
  look: (signal: AbortSignal) => Promise<T | undefined>,
  options: UntilOptions,
): Promise<T> {
  const seen = await until(async (signal): Promise<{ value: T } | { wrong: OtherForm } | undefined> => {
    try {
      const value = await look(signal);
      return value === undefined ? undefined : { value };
    } catch (error) {
      if (error instanceof OtherForm) return { wrong: error };
      throw error;
    }
  }, options);
  if ("wrong" in seen) throw seen.wrong;
  return seen.value;
}

/** The command whose work is waited for. */
type Waited = Pick<Typed, "signal" | "printed">;

const late =
  (what: string, { printed }: Waited) =>
  (last: unknown) =>
    new Error(
      `${what} within ${UP_WITHIN_MS / 1e3} s${last instanceof Error ? ` (${last.message})` : ""}:\n${printed()}`,
    );

/** Waits for the first successful checkout whose journey is settled in lens, and resolves to the run. */
export function firstJourney(place: Pick<Place, "dir">, started: Waited): Promise<Running> {
  return untilRead(
    async (signal) => {
      const run = await runIn(place);
      const list = await answer(journeys, `${run.lens}/api/journeys?limit=20`, signal);
      const isThere = list.journeys.some(
        ({ name, settled, cause }) => name.endsWith("/checkouts") && settled && !cause,
      );
      return isThere ? run : undefined;
    },
    {
      signal: started.signal,
      everyMs: LOOK_EVERY_MS,
      withinMs: UP_WITHIN_MS,
      onLate: late("no journey of a checkout was complete", started),
    },
  );
}

/** Waits until the gateway says that every service is ready. For runs without telemetry, which have no journey. */
export function gatewayReady(place: Pick<Place, "dir">, started: Waited): Promise<Running> {
  return untilRead(
    async (signal) => {
      const run = await runIn(place);
      const { ok } = await fetch(`${run.gateway}/readyz`, { signal });
      return ok ? run : undefined;
    },
    {
      signal: started.signal,
      withinMs: UP_WITHIN_MS,
      onLate: late("the gateway was not ready", started),
    },
  );
}

/** Waits until lens alone, at `url`, is ready. */
export async function lensReady(url: string, started: Waited): Promise<void> {
  await until(async (signal) => ((await fetch(`${url}/healthz`, { signal })).ok ? true : undefined), {
    signal: started.signal,
    withinMs: UP_WITHIN_MS,
    onLate: late("lens was not ready", started),
  });
}

const AFTER_SHIPPING = ["SHIPPED", "DELIVERED"];

/** Waits until each of `orderIds` is shipped. */
export async function shipped(
  gateway: string,
  orderIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const id of orderIds) {
    await untilRead(
      async (within) => {
        const { status } = await answer(order, `${gateway}/api/v1/orders/${id}`, within);
        if (AFTER_SHIPPING.includes(status)) return true;
        throw new Error(`it is ${status}`);
      },
      {
        signal,
        withinMs: SHIPPED_WITHIN_MS,
        onLate: (last) =>
          new Error(
            `the order ${id} was not shipped within ${SHIPPED_WITHIN_MS / 1e3} s: ${last instanceof Error ? last.message : "no answer"}`,
          ),
      },
    );
  }
}

/** Rejects when a part of the run is not a descendant of `root`: its memory and CPU time would not be counted. */
export async function checkBelow(run: Running, root: number): Promise<void> {
  const below = new Set(family(await processes(), root, new Map()).map(({ pid }) => pid));
  const strays = run.parts.filter(({ pid }) => pid !== null && !below.has(pid)).map(({ name }) => name);
  if (run.parts.length > 0 && strays.length === 0) return;
  throw new Error(
    `memory and CPU time are those of the processes below the command: run.json names ${strays.join(", ") || "no part"} elsewhere`,
  );
}
