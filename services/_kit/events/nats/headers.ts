/**
 * Writes a context into the headers of a NATS message, and reads it. It needs only the client, so it can be copied into
 * another application and used by `propagation.inject(ctx, headers, natsSetter)` and
 * `propagation.extract(ROOT_CONTEXT, headers, natsGetter)`.
 */
import { headers, Match, type MsgHdrs } from "@nats-io/nats-core";
import type { TextMapGetter, TextMapSetter } from "@opentelemetry/api";

export const natsSetter: TextMapSetter<MsgHdrs> = {
  set: (carrier, key, value) => carrier.set(key, value),
};

export const natsGetter: TextMapGetter<MsgHdrs> = {
  keys: (carrier) => carrier.keys(),
  // Ignores case, because Go's clients write `Traceparent`.
  get: (carrier, key) =>
    carrier.has(key, Match.IgnoreCase) ? carrier.get(key, Match.IgnoreCase) : undefined,
};

/** The server's and the client's own, such as `Nats-Msg-Id`. */
const RESERVED = /^nats-/i;

/** Headers with these entries. */
export function headersWith(entries: Readonly<Record<string, string>>): MsgHdrs {
  const made = headers();
  for (const [key, value] of Object.entries(entries)) natsSetter.set(made, key, value);
  return made;
}

/** The entries of a message's headers without those of NATS itself. Of several values of a key the first counts. */
export function entriesOf(given: MsgHdrs | undefined): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const key of given?.keys() ?? []) if (!RESERVED.test(key)) entries[key] = given?.get(key) ?? "";
  return entries;
}

/** The result of `read`; undefined when it throws: the client parses headers late, and throws for invalid ones. */
export function readable(read: () => MsgHdrs | undefined): MsgHdrs | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
