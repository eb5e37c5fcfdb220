/** Reads and checks what a client sends. Only what fits its schema is passed on; an error says where it does not. */
import type { Context } from "hono";
import type * as z from "zod";
import { AppError, type ErrorCode } from "../process/errors.ts";

/** Deeper than any value that fits a schema here, and shallow enough for recursive code. */
const MAX_DEPTH = 32;
const MAX_ISSUES = 10;
/** A message may quote a member's name, which may be as long as the body. */
const MAX_ISSUE_LENGTH = 200;

/**
 * The JSON body, checked. Fails with `unsupported_media_type`, with `malformed` when it is not JSON in UTF-8, and with
 * `invalid` when it does not fit; the message says where.
 */
export async function readJson<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  // Nothing is decompressed, so nothing can grow to a thousand times its size.
  const encoding = c.req.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    throw new AppError("unsupported_media_type", "send the body as it is, without a content encoding");
  }
  const type = c.req.header("content-type")?.trim().toLowerCase() ?? "";
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/.test(type)) {
    throw new AppError("unsupported_media_type", "send application/json in UTF-8");
  }
  return fitting(schema, parse(await c.req.arrayBuffer()), "body", "invalid");
}

/** The query's parameters, checked. Of a repeated one the first counts. Fails with `malformed` when they do not fit. */
export const readQuery = <S extends z.ZodType>(c: Context, schema: S): z.output<S> =>
  fitting(schema, c.req.query(), "query", "malformed");

function parse(bytes: ArrayBuffer): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("malformed", "the body is not UTF-8", { cause });
  }
  if (isDeeperThan(MAX_DEPTH, text)) {
    throw new AppError("malformed", `the body is nested deeper than ${MAX_DEPTH}`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("malformed", "the body is not JSON", { cause });
  }
}

/** Whether the brackets outside of strings open more than `depth` levels. Correct for all text that is JSON. */
function isDeeperThan(depth: number, text: string): boolean {
  let open = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inString && letter === "\\") at += 1;
    else if (letter === '"') inString = !inString;
    else if (!inString && (letter === "{" || letter === "[")) open += 1;
    else if (!inString && (letter === "}" || letter === "]")) open -= 1;
    if (open > depth) return true;
  }
  return false;
}

function fitting<S extends z.ZodType>(schema: S, value: unknown, whole: string, code: ErrorCode) {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const where = read.error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => {
    const issue = `${path.join(".") || whole}: ${message}`;
    return issue.length > MAX_ISSUE_LENGTH ? `${issue.slice(0, MAX_ISSUE_LENGTH)}…` : issue;
  });
  throw new AppError(code, where.join("; "));
}
