/** Requests that a test makes up: what is sent, and what must come of it. */
import fc from "fast-check";

export interface Made {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly status: number;
  /** What the answer's detail must hold. */
  readonly names: string;
}

const JSON_HEADERS = { "content-type": "application/json" };

export const idText = (max: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9._-]{1,${max}}$`));
/** Any text, also lone surrogates and control characters, that is no id of at most `max` letters. */
export const noIdText = (max: number) =>
  fc
    .oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("", " ", "a b", "a\n", "a\u0000", "\ud800", "../x", "<b>", "' OR 1=1 --"),
      fc.integer({ min: max + 1, max: 3_000 }).map((length) => "x".repeat(length)),
    )
    .filter((text) => !new RegExp(`^[A-Za-z0-9._-]{1,${max}}$`).test(text));
export const noText = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
);
export const headerText = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?$/);

export const post = (
  path: string,
  body: string | Buffer,
  status: number,
  names = "",
  headers = {},
): Made => ({
  method: "POST",
  path,
  headers: { ...JSON_HEADERS, ...headers },
  body,
  status,
  names,
});
export const get = (path: string, status: number, names = "", headers = {}): Made => ({
  method: "GET",
  path,
  headers,
  status,
  names,
});
