/** Reads and checks the envelope that is a job's data: others that can write to Redis may have written it. */
import * as z from "zod";
import { AppError } from "../process/errors.ts";
import { carrierOf } from "../telemetry/propagation.ts";
import type { Envelope } from "./tracing.ts";

const carrier = z.record(z.string(), z.unknown()).transform(carrierOf);
const unixMs = z.int().positive();

const schema = z.object({
  carrier,
  createdMs: unixMs,
  previous: z
    .object({
      traceId: z.string().regex(/^[0-9a-f]{32}$/),
      spanId: z.string().regex(/^[0-9a-f]{16}$/),
      traceFlags: z.int().min(0).max(255),
    })
    .optional(),
  retryDueMs: unixMs.optional(),
  redriven: z.object({ times: z.int().positive(), id: z.string().min(1) }).optional(),
  payload: z.unknown(),
});

/** Reads a job's data. Fails with `malformed`. */
export function readEnvelope(data: unknown): Envelope {
  const read = schema.safeParse(data);
  if (read.success) return read.data;
  throw new AppError("malformed", `the job has no envelope: ${z.prettifyError(read.error)}`.slice(0, 400));
}
