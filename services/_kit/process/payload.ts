/** Payloads of messages, jobs and calls are checked once, when they come in: business code gets only valid ones. */
import * as z from "zod";
import { AppError } from "./errors.ts";

/** A message or a job, as its handler gets it. */
export interface Received<T> {
  /** The same at every delivery. */
  readonly id: string;
  readonly payload: T;
}

/** A key that a service made, such as `o-1:charge`, or an id: letters, digits and `. _ : -`, at most `max` of them. */
export const keyText = (max: number) =>
  z
    .string()
    .regex(new RegExp(`^[A-Za-z0-9._:-]{1,${max}}$`), `letters, digits and . _ : - only, 1 to ${max}`);

/** A long list may have the same issue a thousand times. */
const MAX_ISSUES = 10;

/**
 * `value` as `schema` reads it. Fails with `invalid`. The message says where the value does not fit and what would; it
 * never quotes the value, which may be a user's address.
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

type Schemas = Readonly<Record<string, z.ZodType>>;

/** A handler for each of `S`, with the payload that its schema reads. */
type HandlersOf<S extends Schemas> = {
  readonly [N in keyof S]: (received: Received<z.output<S[N]>>) => Promise<void>;
};

/**
 * Puts the schema of the same name before each of `handlers`. A payload that does not fit fails with `invalid`, which
 * is not retried. `schemas` has the names: a missing, additional or misspelt handler, or one for another payload, does
 * not compile.
 */
export function checkedBy<S extends Schemas, H extends HandlersOf<S>>(
  schemas: S,
  handlers: H & { readonly [N in Exclude<keyof H, keyof S>]: never },
): { readonly [N in keyof S]: (received: Received<unknown>) => Promise<void> } {
  const pairs: HandlersOf<S> = handlers;
  const checked = (name: keyof S & string, schema: z.ZodType) => {
    const handle: (received: Received<never>) => Promise<void> = pairs[name];
    return async ({ id, payload }: Received<unknown>) =>
      handle({ id, payload: parsed(`a payload of ${name}`, schema, payload) as never });
  };
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, checked(name, schema)]),
  ) as {
    readonly [N in keyof S]: (received: Received<unknown>) => Promise<void>;
  };
}
