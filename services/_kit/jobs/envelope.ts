/** What a job's data is: an envelope around the payload, with the context that is handed over. */
import * as z from "zod";
import { AppError } from "../process/errors.ts";
import { carrierOf } from "../telemetry/propagation.ts";

const carrier = z.record(z.string(), z.unknown()).transform((given) => carrierOf((field) => given[field]));
const unixMs = z.int().positive();

const schema = z.object({
  carrier,
  createdMs: unixMs,
  /** Set between attempts: the failed span, and when the next attempt is due. */
  previous: z
    .object({
      traceId: z.string().regex(/^[0-9a-f]{32}$/),
      spanId: z.string().regex(/^[0-9a-f]{16}$/),
      traceFlags: z.int().min(0).max(255),
    })
    .optional(),
  retryDueMs: unixMs.optional(),
  /** Set when it was added once more: how often, and the id that it had at first. */
  redriven: z.object({ times: z.int().positive(), id: z.string().min(1) }).optional(),
  payload: z.unknown(),
});

export type Envelope = z.output<typeof schema>;

/** Reads a job's data. Fails with `malformed`. */
export function readEnvelope(data: unknown): Envelope {
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  throw new AppError("malformed", `the job has no envelope: ${z.prettifyError(read.error)}`.slice(0, 400));
}
