/**
 * How a context is written into the headers of a NATS message, and read from them. It needs nothing but the client: a
 * reader can take it into an application of their own, with `propagation.inject(ctx, headers, natsSetter)` and
 * `propagation.extract(ROOT_CONTEXT, headers, natsGetter)`.
 */
import { headers, Match, type MsgHdrs } from "@nats-io/nats-core";
import type { TextMapGetter, TextMapSetter } from "@opentelemetry/api";

export const natsSetter: TextMapSetter<MsgHdrs> = {
  set: (carrier, key, value) => carrier.set(key, value),
};

export const natsGetter: TextMapGetter<MsgHdrs> = {
  keys: (carrier) => carrier.keys(),
  // Without regard to case: Go's clients write `Traceparent`.
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

/** The entries of a message's headers but for those of NATS itself: one value each, the first. */
export function entriesOf(given: MsgHdrs | undefined): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const key of given?.keys() ?? []) if (!RESERVED.test(key)) entries[key] = given?.get(key) ?? "";
  return entries;
}

/** What `read` answers; none when a stranger's headers cannot be read: the client reads them late, and throws then. */
export function readable(read: () => MsgHdrs | undefined): MsgHdrs | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
