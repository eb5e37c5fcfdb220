/** Where `npm start` would run: the environment, the ports, and what is in the state folder already. */
import { access } from "node:fs/promises";
import path from "node:path";
import { type Copy, copyFromEnvironment, describeCopy } from "../copy.ts";
import { copyCounts, copyText, lostText } from "../copy-counts.ts";
import { setAside } from "../otel-variables.ts";
import { holderOf } from "../runner/holder.ts";
import { isFree, MAX_PORT_OFFSET, portsFor } from "../runner/ports.ts";
import { type Run, runningIn } from "../runner/state.ts";
import { unknownVariables, wrongVariables } from "../variables.ts";
import type { Check, Machine } from "./check.ts";

/** The environment variables; one line when all are right. */
export function environment({ env }: Machine): Check[] {
  const found: Check[] = [
    ...wrongVariables(env).map(({ name, says }): Check => {
      return { topic: "environment", standing: "problem", says, fix: `unset ${name}` };
    }),
    ...[...unknownVariables(env), ...setAside(env)].map(({ name, says }): Check => {
      return { topic: "environment", standing: "note", says, fix: `unset ${name}` };
    }),
  ];
  const copy = copyOf(env);
  if (copy) found.push({ topic: "environment", standing: "will", says: describeCopy(copy) });
  const set = Object.keys(env).filter(
    (name) => /^(BATON|OTEL|LENS)_/.test(name) && !/_(BOOT_PIPE|TIMES)$/.test(name),
  );
  const says =
    set.length === 0
      ? "nothing is set, everything is at its default"
      : `as it should be: ${set.toSorted().join(", ")}`;
  return found.length > 0 ? found : [{ topic: "environment", standing: "ok", says }];
}

/** The copy that the environment asks for, where the offset is right. */
function copyOf(env: NodeJS.ProcessEnv): Copy | null {
  const offset = Number(env.BATON_PORT_OFFSET || 0);
  if (!Number.isInteger(offset)) return null;
  const { otlpGrpc, otlpHttp } = portsFor(offset);
  return copyFromEnvironment(env, [otlpGrpc, otlpHttp]);
}

const isGiven = (name: string, env: NodeJS.ProcessEnv): boolean =>
  ["nats", "redis", "postgres"].includes(name) && Boolean(env[`BATON_${name.toUpperCase()}_URL`]);

/** The ports: one line for each that is taken, or one for all. `here`: the running playground, which may hold them. */
export async function ports({ env }: Machine, here: Run | null): Promise<Check[]> {
  const offset = Number(env.BATON_PORT_OFFSET || 0);
  // A wrong offset has its own line.
  if (!Number.isInteger(offset) || offset < 0 || offset > MAX_PORT_OFFSET) return [];
  const wanted = Object.entries(portsFor(offset)).filter(([name]) => !isGiven(name, env));
  const own = new Set(Object.values(here?.ports ?? {}));
  const taken = await Promise.all(
    wanted.map(async ([name, port]): Promise<Check | null> => {
      if (own.has(port) || (await isFree(port))) return null;
      const says = `${port} (${name}) is held by ${await holderOf(port)}`;
      return {
        topic: "port",
        standing: "problem",
        says,
        fix: `BATON_PORT_OFFSET=${offset + 100} npm start`,
      };
    }),
  );
  const found = taken.filter((check) => check !== null);
  const all = wanted.map(([, port]) => port).toSorted((a, b) => a - b);
  const says = `${all.length} from ${all[0]} to ${all.at(-1)}, ${here ? "free or this playground's" : "all free"}`;
  return found.length > 0 ? found : [{ topic: "ports", standing: "ok", says }];
}

/** What has become of the copy of all telemetry of the running playground; nothing without one. */
export async function copy({ dir }: Machine, here: Run | null): Promise<Check[]> {
  const counts = here && (await copyCounts(here.copyPage));
  if (!counts) return [];
  const says = copyText(counts);
  if (lostText(counts) === "") return [{ topic: "copy", standing: "ok", says }];
  const sender = here.parts.some(({ name }) => name === "collector") ? "collector" : "lens";
  const log = path.join(dir, "logs", `${sender}.log`);
  return [{ topic: "copy", standing: "note", says, fix: `${log} has what the backend said` }];
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** What the state folder holds: a running playground, the file of a killed one, data of the last run. */
export async function state({ dir }: Machine): Promise<{ readonly check: Check; readonly here: Run | null }> {
  const topic = "playground";
  const here = await runningIn(dir);
  if (here) {
    const says = `runs here already, process ${here.pid} since ${here.since}`;
    return { here, check: { topic, standing: "problem", says, fix: "npm run down" } };
  }
  if (await exists(path.join(dir, "run.json"))) {
    const says = "its runner was killed; npm start cleans up after it";
    return { here, check: { topic, standing: "will", says } };
  }
  const says = (await exists(path.join(dir, "data")))
    ? "none runs here; npm start deletes the data of the last one, npm start -- --keep keeps it"
    : "none runs here, and none has";
  return { here, check: { topic, standing: "ok", says } };
}
