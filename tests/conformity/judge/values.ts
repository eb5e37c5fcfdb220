/** What a value must look like beyond its type, where a convention says so and no list of values can. */
import { type Item, valueIn } from "./violation.ts";

const CONNECT_CODES = new Set([
  "canceled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
]);

/** Connect writes one of them with one l. */
const GRPC_CODES = new Set([
  "OK",
  "CANCELLED",
  ...[...CONNECT_CODES].filter((code) => code !== "canceled").map((code) => code.toUpperCase()),
]);

/** gRPC's codes are names in upper case, Connect's words in lower case, of which none means a good end. */
const isRpcCode = (value: string, item: Item): boolean =>
  (valueIn(item, "rpc.system.name") === "connectrpc" ? CONNECT_CODES : GRPC_CODES).has(value);

interface Form {
  readonly says: string;
  readonly fits: (value: string, item: Item) => boolean;
}

const like = (says: string, pattern: RegExp): Form => ({ says, fits: (value) => pattern.test(value) });

export const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ["rpc.status_code", { says: "a code of its protocol", fits: isRpcCode }],
  [
    "rpc.method",
    like("a method with its package and service", /^([A-Za-z][A-Za-z0-9_.]*\/[A-Za-z0-9_]+|_OTHER)$/),
  ],
  ["exception.type", like("the name of a class", /^[A-Z][A-Za-z0-9_]*$/)],
  ["error.type", like("a low-cardinality word", /^[A-Za-z_][A-Za-z0-9_.]*$|^\d{3}$|^[0-9A-Z]{5}$/)],
  [
    "db.client.connection.pool.name",
    like("host, port and database of the pool", /^[^:/\s]+:\d+\/[a-z0-9_]+$/),
  ],
  ["baton.event.name", like("the name of an event", /^baton\.[a-z_.]+$/)],
  ["correlation.id", like("an id that the edge lets in", /^[A-Za-z0-9._-]{1,128}$/)],
  ["messaging.destination.template", like("a name without what varies", /^events\.(\*|[A-Z][A-Za-z]+)$/)],
]);

/** What RPC says of a failure is its status code, on the span and on the metric. */
export function isOfItsCode(item: Item): boolean {
  const [type, code] = [valueIn(item, "error.type"), valueIn(item, "rpc.status_code")];
  return type === undefined || code === undefined || type === code;
}
