/**
 * What a backend answers: an export response with the number of items that it left out, or a status with the wait that
 * it asks for.
 *
 * Source: opentelemetry-proto, ExportTracePartialSuccess and its siblings; Status and RetryInfo of google.rpc.
 */
import { Cursor, WIRE } from "../otlp/cursor.ts";
import { harmless, type Outcome } from "./backend.ts";

const bytesField = (number: number): number => (number << 3) | WIRE.bytes;
const varintField = (number: number): number => (number << 3) | WIRE.varint;

/** An export response; an answer that cannot be read counts as a full success, because the request was taken. */
export function readResponse(body: Buffer, isJson: boolean): Outcome {
  try {
    const { rejected, message } = isJson ? fromJson(body) : fromProtobuf(body);
    return { kind: "taken", rejected, why: harmless(message) };
  } catch {
    return { kind: "taken", rejected: 0, why: "" };
  }
}

function fromProtobuf(body: Buffer): { rejected: number; message: string } {
  const read = { rejected: 0, message: "" };
  fields(new Cursor(body), {
    [bytesField(1)]: (partial) =>
      within(partial, {
        [varintField(1)]: (cursor) => {
          read.rejected = Number(cursor.int64());
        },
        [bytesField(2)]: (cursor) => {
          read.message = cursor.string();
        },
      }),
  });
  return { rejected: Math.max(0, read.rejected), message: read.message };
}

function fromJson(body: Buffer): { rejected: number; message: string } {
  const { partialSuccess = {} } = JSON.parse(body.toString()) as {
    partialSuccess?: Readonly<Record<string, unknown>>;
  };
  const rejected = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"]
    .map((name) => Number(partialSuccess[name] ?? 0))
    .find((count) => count > 0);
  return { rejected: rejected ?? 0, message: String(partialSuccess.errorMessage ?? "") };
}

/** The wait that a gRPC status asks for, in milliseconds; null when it asks for none. `details`: google.rpc.Status. */
export function retryDelayMs(details: Buffer): number | null {
  const wait = { isAsked: false, seconds: 0, nanos: 0 };
  const duration = (cursor: Cursor): void =>
    within(cursor, {
      [varintField(1)]: (inner) => {
        wait.seconds = Number(inner.int64());
      },
      [varintField(2)]: (inner) => {
        wait.nanos = Number(inner.int64());
      },
    });
  const any = (cursor: Cursor): void => {
    let type = "";
    let value: Buffer = Buffer.alloc(0);
    within(cursor, {
      [bytesField(1)]: (inner) => {
        type = inner.string();
      },
      [bytesField(2)]: (inner) => {
        value = inner.view();
      },
    });
    if (!type.endsWith("/google.rpc.RetryInfo")) return;
    wait.isAsked = true;
    fields(new Cursor(value), { [bytesField(1)]: duration });
  };
  try {
    fields(new Cursor(details), { [bytesField(3)]: any });
  } catch {
    return null;
  }
  return wait.isAsked ? Math.max(0, wait.seconds * 1000 + wait.nanos / 1e6) : null;
}

type Readers = Readonly<Record<number, (cursor: Cursor) => void>>;

/** Reads the fields that `readers` knows by their tags, and steps over all others. */
function fields(cursor: Cursor, readers: Readers): void {
  while (cursor.more()) {
    const tag = cursor.tag();
    const read = readers[tag];
    if (read) read(cursor);
    else cursor.skip(tag);
  }
}

function within(cursor: Cursor, readers: Readers): void {
  const outer = cursor.enter();
  fields(cursor, readers);
  cursor.leave(outer);
}
