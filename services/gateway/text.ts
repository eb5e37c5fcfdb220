/** The texts that a client may send: ids, lines, and what a page of a list is asked for by. */
import * as z from "zod";

/** An id, an SKU or a token, of at most `max` letters, digits and `. _ -`. */
export const idText = (max: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9._-]{1,${max}}$`), `letters, digits and . _ - only, 1 to ${max}`);

/** One line of at most `max` letters, without control characters or lone surrogates: it may end up in a header. */
export const lineText = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u, "letters on one line, at least one");

/** How many are wanted: 1 to 100. `description`: what comes without it. */
export const limitText = (description: string) =>
  z
    .string()
    .regex(/^([1-9][0-9]?|100)$/, "a whole number from 1 to 100")
    .transform(Number)
    .optional()
    .meta({
      description,
      override: { type: "integer", minimum: 1, maximum: 100, pattern: undefined },
    });

/** Where a list goes on. */
export const cursorText = z
  .string()
  .regex(/^[\x21-\x7e]{1,512}$/, "the cursor of an earlier answer")
  .optional();

/** How many are on a page when the client does not say. */
export const PAGE = 20;
