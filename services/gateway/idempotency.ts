/** What makes a repeated request the same one: a key, and a digest of what was asked for. */
import { createHash } from "node:crypto";
import { AppError } from "../_kit/process/errors.ts";
import type { Idempotency } from "./ports.ts";

/** Any visible ASCII. */
const KEY = /^[\x21-\x7e]{1,255}$/;
/** The draft's form of it: a quoted string (RFC 9651, 3.3.3). Many clients leave out the quotes. */
const QUOTED = /^"((?:[^"\\]|\\["\\])+)"$/;

const bare = (header: string): string => QUOTED.exec(header)?.[1]?.replace(/\\(["\\])/g, "$1") ?? header;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * `header`: the client's `Idempotency-Key`; without one the request is a new one. `operation`: a key may be used once
 * for each. `request`: the checked request, in the form that all versions of the API share.
 *
 * A quoted key and a bare one are the same (draft-ietf-httpapi-idempotency-key-header). The key is passed on as a
 * digest: its length is fixed, and it is of no use to a reader of the logs. Fails with `malformed`.
 */
export function idempotencyOf(
  header: string | undefined,
  operation: string,
  request: unknown,
  newKey: () => string,
): Idempotency {
  if (header !== undefined && !KEY.test(header)) {
    throw new AppError("malformed", "Idempotency-Key: 1 to 255 visible ASCII characters");
  }
  return {
    idempotencyKey: sha256(`${operation} ${header === undefined ? newKey() : bare(header)}`),
    requestHash: sha256(canonical(request)),
  };
}

/** JSON with the members of objects in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, held: unknown) =>
    held !== null && typeof held === "object" && !Array.isArray(held)
      ? Object.fromEntries(Object.entries(held).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : held,
  );
}
