/** Turns errors of the NATS client and of the server into the port's troubles. */
import { JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import { errors, InvalidArgumentError, InvalidSubjectError } from "@nats-io/nats-core";
import { AppError } from "../../process/errors.ts";
import { type Trouble, troubled } from "../broker.ts";

/** The server's error codes (nats-server, `server/errors.json`). */
const FULL = new Set([
  10_023, // JSInsufficientResourcesErr
  10_028, // JSMemoryResourcesExceededErr
  10_047, // JSStorageResourcesExceededErr
  10_077, // JSStreamStoreFailedF: the stream's own limit, or the disk's
]);
const MISSING = new Set([
  10_014, // JSConsumerNotFoundErr
  10_059, // JSStreamNotFoundErr
]);
const CONSUMER_DELETED = 409;

/**
 * A request without responders is `missing`: the client reports "not enabled" for a subject that no stream takes. An
 * error that is neither the client's nor the server's answer is `away`: a timeout, or a lost connection.
 */
export function kindOf(thrown: unknown): Trouble {
  // Thrown before anything is sent: larger than the server's `max_payload`, or an invalid subject.
  if (thrown instanceof InvalidArgumentError || thrown instanceof InvalidSubjectError) return "refused";
  if (thrown instanceof errors.NoRespondersError || isNotEnabled(thrown)) return "missing";
  if (thrown instanceof JetStreamError) return codeOf(thrown) === CONSUMER_DELETED ? "missing" : "away";
  if (!(thrown instanceof JetStreamApiError)) return "away";
  if (FULL.has(thrown.code)) return "full";
  if (MISSING.has(thrown.code)) return "missing";
  return thrown.status === 400 ? "refused" : "away";
}

/** The client exports neither of these two classes. */
const isNotEnabled = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.name === "JetStreamNotEnabled";
const codeOf = (thrown: Error): unknown => (thrown as Error & { readonly code?: unknown }).code;

/** An error as the port throws it. */
export const told = (thrown: unknown): AppError =>
  thrown instanceof AppError ? thrown : troubled(kindOf(thrown), thrown);
