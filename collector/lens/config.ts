/** What lens can be told, all of it by environment variables. Alone, with none of them set, it serves any application. */
import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const bytes = (least: number) => z.coerce.number().int().min(least).max(Number.MAX_SAFE_INTEGER);
const names = z.string().transform((text) =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== ""),
);

const MIB = 1024 * 1024;

const Environment = z.object({
  /** Address to listen on. */
  BATON_HOST: z.string().min(1).default("127.0.0.1"),
  /** Page and query API. 0 takes any free port, as for the other two. */
  BATON_PORT: port.default(4000),
  LENS_OTLP_HTTP_PORT: port.default(4318),
  LENS_OTLP_GRPC_PORT: port.default(4317),
  /** Memory for spans, log records and their indexes. */
  LENS_STORE_BYTES: bytes(64 * 1024).default(256 * MIB),
  /** Longest request, before and after it is unpacked. */
  LENS_MAX_REQUEST_BYTES: bytes(1024).default(16 * MIB),
  /** Attributes that journeys can be found by, beside the correlation id; separated by commas. */
  LENS_INDEX: names.default(["baton.order.id"]),
  /** Services whose SERVER spans are the public edge; separated by commas. */
  LENS_EDGES: names.default(["gateway"]),
});

export interface LensConfig {
  readonly host: string;
  readonly port: number;
  readonly otlpHttpPort: number;
  readonly otlpGrpcPort: number;
  readonly storeBytes: number;
  readonly maxRequestBytes: number;
  readonly index: readonly string[];
  readonly edges: readonly string[];
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
  return Object.freeze({
    host: data.BATON_HOST,
    port: data.BATON_PORT,
    otlpHttpPort: data.LENS_OTLP_HTTP_PORT,
    otlpGrpcPort: data.LENS_OTLP_GRPC_PORT,
    storeBytes: data.LENS_STORE_BYTES,
    maxRequestBytes: data.LENS_MAX_REQUEST_BYTES,
    index: Object.freeze(data.LENS_INDEX),
    edges: Object.freeze(data.LENS_EDGES),
  });
}
