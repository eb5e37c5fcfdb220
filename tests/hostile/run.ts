/** The whole run: a playground of its own, a first part to warm up, all others, and what must be true in the end. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { lens, services } from "../../services/topology.ts";
import { leftovers } from "../crash/reckoning.ts";
import { eventually } from "../fixtures.ts";
import { patient } from "../patience.ts";
import { startPlayground, type TestPlayground } from "../playground.ts";
import { Campaign, PART, type Tally } from "./campaign.ts";
import type { Declared } from "./judge.ts";
import { grown, systemBytes, WEIGHED, type Weight, weigh } from "./memory.ts";

export interface HostileOptions {
  readonly requests: number;
  readonly seed: number;
  /** Told after each part. */
  readonly onProgress?: (sent: number) => void;
  /** Ends it after the part that is under way; what has been sent until then is reported. */
  readonly signal?: AbortSignal;
}

export interface HostileReport {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly found: Campaign["found"];
  readonly before: readonly Weight[];
  readonly after: readonly Weight[];
  /** The most that the system counted for a part. */
  readonly peakBytes: ReadonlyMap<string, number>;
  /** Everything that is wrong, in words; empty when nothing is. */
  readonly faults: readonly string[];
}

/** This share of the requests warms up: compiled code and pools are there then. */
const WARM_UP = 5;
const ENV = {
  ...WEIGHED,
  // Some requests ask for a fault that ends the process.
  BATON_FAULTS: "0",
  // Full after the first part, so that its growth is not mistaken for a leak.
  LENS_STORE_BYTES: String(16 * 1024 * 1024),
};

/**
 * Runs all of it; resolves to what was found. Rejects when the playground does not start, and with the signal's reason
 * when it is to end before the memory has been weighed for the first time.
 */
export async function runHostile(options: HostileOptions): Promise<HostileReport> {
  const { requests, seed, onProgress = () => {}, signal } = options;
  const parts = Math.max(2, Math.ceil(requests / PART));
  const warmUp = Math.max(1, Math.floor(parts / WARM_UP));
  const playground = await startPlayground(ENV);
  try {
    const campaign = new Campaign(playground, await declaredBy(playground.urls.gateway), seed);
    const sinceMs = performance.now();
    const peakBytes = new Map<string, number>();
    let before: readonly Weight[] = [];
    let part = 0;
    while (part < parts && !(signal?.aborted && before.length > 0)) {
      signal?.throwIfAborted();
      part++;
      await campaign.part();
      await campaign.look();
      for (const [name, bytes] of await systemBytes(playground))
        peakBytes.set(name, Math.max(peakBytes.get(name) ?? 0, bytes));
      onProgress(part * PART);
      if (part !== warmUp) continue;
      await campaign.answered();
      await settled(playground);
      before = await weigh(playground);
    }
    await campaign.answered();
    campaign.close();
    await settled(playground);
    const after = await weigh(playground);
    const faults = [
      ...campaign.faults,
      ...crashes(playground),
      ...grown(before, after),
      ...(await brokenLines(playground.dir)),
      ...(await notServed(playground)),
    ];
    const seconds = (performance.now() - sinceMs) / 1000;
    const { tallies, found } = campaign;
    return { seed, requests: part * PART, seconds, tallies, found, before, after, peakBytes, faults };
  } finally {
    await playground.remove();
  }
}

/** Waits until no order and no message is under way. */
const settled = (playground: TestPlayground): Promise<true> =>
  eventually(
    "every order and every message to be finished",
    async () => Object.values(await leftovers(playground)).every((n) => n === 0) || undefined,
    patient(180_000),
  );

const crashes = ({ parts }: TestPlayground): string[] =>
  parts.flatMap(({ name, child }) => {
    const exits = child?.exits() ?? 0;
    return exits === 0 ? [] : [`${name} has exited ${exits} times`];
  });

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses?: object } | undefined>>>
  >;
}

/** What the gateway's own OpenAPI document declares. */
async function declaredBy(gateway: string): Promise<Declared> {
  const { paths } = (await (await fetch(`${gateway}/openapi.json`)).json()) as Document;
  const known = Object.entries(paths).map(([template, operations]) => ({
    pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
    operations,
  }));
  return (method, path, status) => {
    const found = known.find(({ pattern }) => pattern.test(path.split("?")[0] ?? ""));
    return String(status) in (found?.operations[method.toLowerCase()]?.responses ?? {});
  };
}

/** Lines of the services' logs that are no JSON, as an unescaped header would make, and lines of errors. */
async function brokenLines(dir: string): Promise<string[]> {
  const folder = path.join(dir, "logs");
  const files = [lens, ...services].map(({ name }) => `${name}.log`);
  const found: string[] = [];
  for (const name of files) {
    const lines = (await readFile(path.join(folder, name), "utf8")).split("\n");
    // A log that has become too long is cut, anywhere in its first line.
    for (const line of lines.slice(1).filter((one) => one !== "")) {
      const wrong = wrongIn(line);
      if (wrong) found.push(`${name}: ${wrong}: ${line.slice(0, 300)}`);
    }
  }
  return found;
}

const ERROR_LEVEL = 50;
/** Errors that the API declares, also as numbers: a service that is away or too late, as on a busy machine. */
const DECLARED: readonly (string | number | undefined)[] = ["unavailable", "deadline_exceeded", 14, 4];
/** What the SDK says of its own exports, in plain text, when lens is slow. It holds nothing of a request. */
const BY_SDK =
  /^(PeriodicExportingMetricReader: metrics export timed out after \d+ms|Export retry time -?\d+ms exceeds remaining timeout -?\d+ms, not retrying further\.)$/;
/** What is wrong with a line of a log; undefined when nothing is. */
export function wrongIn(line: string): string | undefined {
  if (BY_SDK.test(line)) return undefined;
  try {
    const { level = 0, err } = JSON.parse(line) as { level?: number; err?: { code?: string | number } };
    return level < ERROR_LEVEL || DECLARED.includes(err?.code) ? undefined : "an error was logged";
  } catch {
    return "a line is no JSON";
  }
}

/** A good checkout must work after all of it. */
async function notServed(playground: TestPlayground): Promise<string[]> {
  const { status } = await playground.checkout();
  return status === 201 ? [] : [`a good checkout at the end was answered by ${status}`];
}
