/** Where each signal is forwarded to, from the variables that begin with `LENS_FORWARD_`. */
import { readFileSync } from "node:fs";
import type { Signal } from "../counts.ts";
import type { Target, Targets } from "./backend.ts";

type Env = Readonly<Record<string, string | undefined>>;

const SIGNALS: Readonly<Record<Signal, string>> = { traces: "TRACES_", metrics: "METRICS_", logs: "LOGS_" };
const TIMEOUT_MS = 10_000;

/**
 * A variable of a signal (`LENS_FORWARD_TRACES_URL`) goes before that of all (`LENS_FORWARD_URL`). The address of all
 * gets `/v1/traces` and so on appended, that of a signal is used as it is, as with the standard endpoint variables.
 * Throws an Error that names the variable, and never shows a header.
 */
export function readTargets(env: Env): Targets {
  const targets: Partial<Record<Signal, Target>> = {};
  for (const signal of Object.keys(SIGNALS) as Signal[]) {
    const target = targetOf(env, signal);
    if (target) targets[signal] = target;
  }
  return targets;
}

function targetOf(env: Env, signal: Signal): Target | undefined {
  const find = (aspect: string): { name: string; value: string } => {
    const own = `LENS_FORWARD_${SIGNALS[signal]}${aspect}`;
    const name = env[own]?.trim() ? own : `LENS_FORWARD_${aspect}`;
    return { name, value: env[name]?.trim() ?? "" };
  };
  const url = find("URL");
  if (url.value === "") return undefined;
  const protocol = find("PROTOCOL");
  if (!["", "http", "grpc"].includes(protocol.value))
    throw new Error(`${protocol.name} must be http or grpc, not ${JSON.stringify(protocol.value)}`);
  const compression = find("COMPRESSION");
  if (!["", "gzip", "none"].includes(compression.value))
    throw new Error(`${compression.name} must be gzip or none, not ${JSON.stringify(compression.value)}`);
  const timeout = find("TIMEOUT");
  const timeoutMs = timeout.value === "" ? TIMEOUT_MS : Number(timeout.value);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1)
    throw new Error(`${timeout.name} must be a whole number of 1 or more, in ms`);
  const file = (aspect: string): string | undefined => {
    const { name, value } = find(aspect);
    return value === "" ? undefined : textOf(name, value);
  };
  const [ca, cert, key] = [file("CERTIFICATE"), file("CLIENT_CERTIFICATE"), file("CLIENT_KEY")];
  return Object.freeze({
    url: addressOf(url, signal, protocol.value === "grpc"),
    protocol: protocol.value === "grpc" ? "grpc" : "http",
    headers: {
      ...readHeaders("LENS_FORWARD_HEADERS", env.LENS_FORWARD_HEADERS),
      ...readHeaders(`LENS_FORWARD_${SIGNALS[signal]}HEADERS`, env[`LENS_FORWARD_${SIGNALS[signal]}HEADERS`]),
    },
    timeoutMs,
    gzip: compression.value !== "none",
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  });
}

function addressOf(
  { name, value }: { name: string; value: string },
  signal: Signal,
  isGrpc: boolean,
): string {
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new Error(`${name}: must be an address like http://127.0.0.1:4318`);
  if (url.username !== "") throw new Error(`${name}: must not hold a user name: use the headers`);
  if (isGrpc) return url.origin;
  return name === "LENS_FORWARD_URL" ? `${value.replace(/\/$/, "")}/v1/${signal}` : value;
}

function textOf(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `name=value,name=value`, values percent-encoded. What is wrong is told by its place: a value is a secret. */
function readHeaders(variable: string, text = ""): Record<string, string> {
  const read: Record<string, string> = {};
  for (const [i, entry] of text.split(",").entries()) {
    if (entry.trim() === "") continue;
    const [, name = "", value = ""] = /^\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*=(.*)$/.exec(entry) ?? [];
    const decoded = decode(value.trim());
    if (!name || decoded === null) throw new Error(`${variable}: entry ${i + 1} is not name=value`);
    read[name.toLowerCase()] = decoded;
  }
  return read;
}

/** Percent-decoded; null when it cannot be a header's value. */
function decode(value: string): string | null {
  try {
    const decoded = decodeURIComponent(value);
    return /^[\t\x20-\x7e\x80-\xff]*$/.test(decoded) ? decoded : null;
  } catch {
    return null;
  }
}
