/**
 * Why an export request is refused. A closed set, because every receiver has to map each code to an
 * answer of its own protocol (receive/http.ts, receive/grpc.ts).
 */
export type RefusalCode =
  /** The bytes are not what they claim to be: truncated, out of range, not JSON, a broken gzip stream. */
  | "malformed"
  /** The body, compressed or not, is longer than this collector takes. */
  | "too_large"
  /** A content type or content encoding that OTLP does not define. */
  | "unsupported_type"
  /** The body did not come in time. */
  | "slow"
  /** Too many bytes are being received at this moment; the sender should try again. */
  | "busy";

/** Thrown while a request is read, before anything of it is stored. */
export class OtlpError extends Error {
  override readonly name = "OtlpError";
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Short form for the commonest refusal. */
export const malformed = (message: string, cause?: unknown): OtlpError =>
  new OtlpError("malformed", message, cause === undefined ? undefined : { cause });
