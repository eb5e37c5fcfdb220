/**
 * What lens can be told, all of it by environment variables; where copies go is read in forward/targets.ts. Alone, with
 * none of them set, it serves any application.
 */
import { z } from "zod";
import type { Targets } from "./forward/backend.ts";
import { readTargets } from "./forward/targets.ts";
import type { Consumers } from "./journey/rules.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const bytes = (least: number) => z.coerce.number().int().min(least).max(Number.MAX_SAFE_INTEGER);
const names = z.string().transform((text) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
);

/** `destination=group+group,destination=group`. */
const consumers = names.transform((entries, context) => {
  const read = new Map<string, readonly string[]>();
  for (const entry of entries) {
    const [destination, groups] = entry.split("=");
    if (!destination || !groups) context.addIssue(`"${entry}" is not destination=group+group`);
    else read.set(destination, groups.split("+"));
  }
  return read;
});

const MIB = 1024 * 1024;

const Environment = z.object({
  /** Address to listen on. */
  BATON_HOST: z.string().min(1).default("127.0.0.1"),
  /** Page and query API. 0 takes any free port, as for the other two. */
  BATON_PORT: port.default(4000),
  LENS_OTLP_HTTP_PORT: port.default(4318),
  LENS_OTLP_GRPC_PORT: port.default(4317),
  /** Disk for spans, log records and their indexes. */
  LENS_STORE_BYTES: bytes(MIB).default(256 * MIB),
  /** What has not been added to for so many hours goes. */
  LENS_STORE_HOURS: z.coerce.number().int().min(1).max(87_600).default(72),
  /** Longest request, before and after it is unpacked. */
  LENS_MAX_REQUEST_BYTES: bytes(1024).default(16 * MIB),
  /** Attributes that journeys can be found by and are shown with, beside the correlation id; separated by commas. */
  LENS_INDEX: names.default([]),
  /**
   * Services whose SERVER spans are the public edge, where all journeys begin; separated by commas. Unset: wherever a
   * span's flags say that its parent was in another process, if nothing of its trace is from before.
   */
  LENS_EDGES: names.default([]),
  /**
   * The attribute of a link that says why it is there: `creation`, `previous_attempt` or `caller`; unset: none does.
   */
  LENS_LINK_REASON: z.string().default(""),
  /** Who consumes what, so that a journey settles only when everybody has had its messages; unset: one is enough. */
  LENS_CONSUMERS: consumers.default(new Map()),
  /** What may wait to be sent on. */
  LENS_FORWARD_QUEUE_BYTES: bytes(64 * 1024).default(64 * MIB),
  /** Names by which the page and the queries may be asked, beside those of this machine; separated by commas. */
  LENS_HOSTS: names.default([]),
  /** Origins whose pages may send telemetry, beside those of this machine; separated by commas. */
  LENS_OTLP_ORIGINS: names.default([]),
  /** Folder of the store, which is there again after a restart; unset: one that goes when lens ends. */
  LENS_DATA_DIR: z.string().min(1).optional(),
});

export interface LensConfig {
  readonly host: string;
  readonly port: number;
  readonly otlpHttpPort: number;
  readonly otlpGrpcPort: number;
  readonly storeBytes: number;
  readonly maxAgeMs: number;
  readonly maxRequestBytes: number;
  readonly index: readonly string[];
  readonly edges: readonly string[];
  /** Empty when links give no reason. */
  readonly linkReason: string;
  readonly consumers: Consumers;
  readonly hosts: readonly string[];
  readonly otlpOrigins: readonly string[];
  /** Null when nothing is forwarded. */
  readonly forward: { readonly targets: Targets; readonly queueBytes: number } | null;
  /** Null for a folder that goes when lens ends. */
  readonly dataDir: string | null;
}

/** The names that are given, and that of the address to listen on when it is a certain one. */
function hostsOf(data: z.infer<typeof Environment>): string[] {
  const named = data.LENS_HOSTS.map((host) => host.toLowerCase());
  return ["0.0.0.0", "::"].includes(data.BATON_HOST) ? named : [...named, data.BATON_HOST.toLowerCase()];
}

/**
 * Reads the environment once. An empty variable counts as unset. Returns a frozen configuration; throws an Error
 * whose message names every variable with a wrong value.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): LensConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`wrong configuration: ${wrong.join("; ")}`);
  }
  const { data } = parsed;
  const targets = readTargets(given);
  return Object.freeze({
    host: data.BATON_HOST,
    port: data.BATON_PORT,
    otlpHttpPort: data.LENS_OTLP_HTTP_PORT,
    otlpGrpcPort: data.LENS_OTLP_GRPC_PORT,
    storeBytes: data.LENS_STORE_BYTES,
    maxAgeMs: data.LENS_STORE_HOURS * 3_600_000,
    maxRequestBytes: data.LENS_MAX_REQUEST_BYTES,
    index: Object.freeze(data.LENS_INDEX),
    edges: Object.freeze(data.LENS_EDGES),
    linkReason: data.LENS_LINK_REASON.trim(),
    consumers: data.LENS_CONSUMERS,
    hosts: Object.freeze(hostsOf(data)),
    otlpOrigins: Object.freeze(data.LENS_OTLP_ORIGINS.map((origin) => origin.toLowerCase())),
    forward: Object.keys(targets).length > 0 ? { targets, queueBytes: data.LENS_FORWARD_QUEUE_BYTES } : null,
    dataDir: data.LENS_DATA_DIR ?? null,
  });
}
