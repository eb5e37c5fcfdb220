/** Lines of JSON as they come: nothing is collected, and no more is read than the client reads. */
import { trace } from "@opentelemetry/api";
import type { Context } from "hono";
import { AppError } from "../process/errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { errorType, fail } from "../telemetry/span.ts";
import { problem } from "./app.ts";

const NDJSON_TYPE = "application/x-ndjson";

/**
 * Answers with a line for each value of `source`, sent as soon as it is there. `source` is returned when the client
 * disconnects. An error before the first line is an ordinary problem. Later the status has gone out already: then the
 * problem is the last line, so that half a list is not taken for the whole.
 */
export async function answerLines(c: Context, log: Logger, source: AsyncIterable<object>): Promise<Response> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  const headers = { "content-type": NDJSON_TYPE, "cache-control": "no-store" };
  if (c.req.method === "HEAD") {
    await iterator.return?.();
    return c.body(null, 200, headers);
  }
  return c.body(ReadableStream.from(lines(c, log, iterator, first)), 200, headers);
}

async function* lines(
  c: Context,
  log: Logger,
  iterator: AsyncIterator<object>,
  first: IteratorResult<object>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const line = (value: object) => encoder.encode(`${JSON.stringify(value)}\n`);
  try {
    for (let next = first; !next.done; next = await iterator.next()) yield line(next.value);
  } catch (thrown) {
    if (c.req.raw.signal.aborted) return;
    const error = AppError.from(thrown);
    log.error({ err: thrown }, error.message);
    const span = trace.getActiveSpan();
    if (span) fail(span, errorType(error));
    yield line(problem(error));
  } finally {
    await iterator.return?.();
  }
}
