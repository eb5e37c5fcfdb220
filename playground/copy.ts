/**
 * A copy of all telemetry, for a backend of the user's own. lens sends it while it keeps its own; with the Collector,
 * the Collector does. It is asked for by `--otlp`, or by the standard endpoint variables.
 */
import { type Arguments, text } from "./command.ts";
import { SIGNALS } from "./otel-table.ts";
import { Problem } from "./problem.ts";

/** As lens is told: variables that begin with `LENS_FORWARD_`. */
export interface Copy {
  readonly settings: Readonly<Record<string, string>>;
  /** Where it goes, without anything secret: scheme, host and port. */
  readonly to: readonly string[];
  /** What asked for it, in words. */
  readonly because: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const PREFIX = "OTEL_EXPORTER_OTLP_";
const SCOPES: readonly string[] = ["", ...SIGNALS.map((signal) => `${signal}_`)];
/** The standard variables that describe a backend, and the settings of lens that mean the same. */
const ASPECTS: Readonly<Record<string, string>> = {
  ENDPOINT: "URL",
  PROTOCOL: "PROTOCOL",
  HEADERS: "HEADERS",
  TIMEOUT: "TIMEOUT",
  COMPRESSION: "COMPRESSION",
  CERTIFICATE: "CERTIFICATE",
  CLIENT_CERTIFICATE: "CLIENT_CERTIFICATE",
  CLIENT_KEY: "CLIENT_KEY",
};
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;

/** Names of the standard variables that describe a backend. With a copy they describe the backend of the copy. */
export const OF_BACKEND: readonly string[] = SCOPES.flatMap((scope) =>
  Object.keys(ASPECTS).map((aspect) => `${PREFIX}${scope}${aspect}`),
);

const saidBy = (env: Env, name: string): string => env[name]?.trim() ?? "";

/** Whether `address` is where this playground itself takes OTLP: `own` are its ports. */
function isOwn(address: string, own: readonly number[]): boolean {
  const parsed = URL.parse(address);
  return parsed !== null && LOOPBACK.test(parsed.hostname) && own.includes(Number(parsed.port));
}

/** Scheme, host and port: nothing else of an address is shown. */
const shown = (address: string): string => URL.parse(address)?.origin ?? "";

/** The endpoint variables of `env` that name another backend. `own`: the ports of OTLP here. */
const endpoints = (env: Env, own: readonly number[]): [name: string, value: string][] =>
  SCOPES.map((scope): [string, string] => [
    `${PREFIX}${scope}ENDPOINT`,
    saidBy(env, `${PREFIX}${scope}ENDPOINT`),
  ]).filter(([, value]) => value !== "" && !isOwn(value, own));

/** The copy that the standard variables ask for; null when no endpoint is another backend's. */
export function copyFromEnvironment(env: Env, own: readonly number[]): Copy | null {
  const found = endpoints(env, own);
  if (found.length === 0) return null;
  const settings: Record<string, string> = {};
  for (const scope of SCOPES) {
    for (const [aspect, ours] of Object.entries(ASPECTS)) {
      const value = saidBy(env, `${PREFIX}${scope}${aspect}`);
      if (value === "" || (aspect === "ENDPOINT" && isOwn(value, own))) continue;
      settings[`LENS_FORWARD_${scope}${ours}`] =
        aspect === "PROTOCOL" ? value.replace("http/protobuf", "http") : value;
    }
  }
  return {
    settings,
    to: [...new Set(found.map(([, value]) => shown(value)))],
    because: found.map(([name]) => name).join(", "),
  };
}

/** The standard variables that do not fit together where they ask for a copy, one line each. */
export function wrongCopy(env: Env): { readonly name: string; readonly says: string }[] {
  if (endpoints(env, []).length === 0) return [];
  return SCOPES.map((scope) => `${PREFIX}${scope}PROTOCOL`)
    .filter((name) => saidBy(env, name) === "http/json")
    .map((name) => ({
      name,
      says: `${name} must be http/protobuf or grpc where an endpoint is set: the copy is sent as it came`,
    }));
}

/** One line about a copy, for people. */
export const describeCopy = ({ to, because }: Copy): string =>
  `a copy of all telemetry goes to ${to.join(" and ")} (${because}); lens keeps its own`;

/** The options of a command that can send a copy. */
export const COPY_OPTIONS = {
  otlp: { type: "string" },
  "otlp-protocol": { type: "string" },
  "otlp-header": { type: "string", multiple: true },
} as const;
export const COPY_USAGE = "--otlp <url> [--otlp-protocol grpc|http] [--otlp-header <name=value>]...";
export const COPY_DETAILS = [
  "  --otlp           another backend's OTLP address: it gets a copy of all telemetry, and lens keeps its own",
  "  --otlp-protocol  grpc or http; http without it",
  "  --otlp-header    a header for that backend, such as a key; may be given several times, is never shown",
];

/**
 * The copy that `--otlp` asks for; null without it. `preset`: the address without it. Throws a Problem `usage` that
 * shows no header's value.
 */
export function copyFromArguments(args: Arguments, own: readonly number[], preset?: string): Copy | null {
  const url = text(args, "otlp") ?? (preset || undefined);
  const protocol = text(args, "otlp-protocol");
  const headers = headersOf(args);
  if (url === undefined) {
    if (headers) throw new Problem("usage", "--otlp-header needs --otlp");
    if (protocol !== undefined) throw new Problem("usage", "--otlp-protocol needs --otlp");
    return null;
  }
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.hostname === "")
    throw new Problem("usage", "--otlp takes an address like https://example.com:4318");
  if (parsed.username !== "")
    throw new Problem("usage", "--otlp takes no user name: give a key by --otlp-header");
  if (isOwn(url, own))
    throw new Problem("usage", `--otlp ${parsed.origin} is lens itself: it would send to itself`);
  if (protocol !== undefined && protocol !== "grpc" && protocol !== "http")
    throw new Problem("usage", `--otlp-protocol takes grpc or http, not "${protocol}"`);
  return {
    settings: {
      LENS_FORWARD_URL: url,
      ...(protocol && { LENS_FORWARD_PROTOCOL: protocol }),
      ...(headers && { LENS_FORWARD_HEADERS: headers }),
    },
    to: [parsed.origin],
    because: "--otlp",
  };
}

/** The headers of `--otlp-header` as `LENS_FORWARD_HEADERS` has them. */
function headersOf(args: Arguments): string {
  const given: unknown = args.values["otlp-header"];
  const entries = Array.isArray(given) ? given.map(String) : [];
  return entries
    .map((entry, i) => {
      const at = entry.indexOf("=");
      const name = entry.slice(0, Math.max(0, at)).trim();
      if (!/^[A-Za-z0-9-]+$/.test(name))
        throw new Problem("usage", `--otlp-header number ${i + 1} is not name=value`);
      return `${name}=${encodeURIComponent(entry.slice(at + 1).trim())}`;
    })
    .join(",");
}
