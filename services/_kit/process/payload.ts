/** What comes in by a message, a job or a call is checked once, at the door: business code gets only what fits. */
import * as z from "zod";
import { AppError } from "./errors.ts";

/** A message or a job behind the door. */
export interface Received<T> {
  /** Stays the same however often it is delivered. */
  readonly id: string;
  readonly payload: T;
}

/** An id or a key that somebody else made: letters, digits and `. _ : -`, at most `max` of them. */
export const word = (max: number) =>
  z
    .string()
    .regex(new RegExp(`^[A-Za-z0-9._:-]{1,${max}}$`), `letters, digits and . _ : - only, 1 to ${max}`);

/** What is wrong with a huge list is wrong a thousand times. */
const MAX_ISSUES = 10;

/**
 * `value` as `schema` reads it. Fails with `invalid`; the message says where it does not fit and what would, and never
 * quotes what came: that may be somebody's address.
 */
export function parsed<S extends z.ZodType>(what: string, schema: S, value: unknown): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issues = read.error.issues.slice(0, MAX_ISSUES);
  const where = issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message,
  );
  throw new AppError("invalid", `this is not ${what}: ${where.join("; ")}`);
}

/** `handle` behind a door that only payloads which fit `schema` pass. What does not is poison: `invalid`. */
export function checked<S extends z.ZodType>(
  what: string,
  schema: S,
  handle: (received: Received<z.output<S>>) => Promise<void>,
): (received: Received<unknown>) => Promise<void> {
  return async ({ id, payload }) => handle({ id, payload: parsed(what, schema, payload) });
}
