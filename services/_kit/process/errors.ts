/**
 * The one error class. It has a closed set of codes, each with its status in every protocol. `reason` is the shop's own
 * name for what happened.
 */

/** HTTP status (RFC 9110) and Connect/gRPC code of each of our codes. Connect's numbers are gRPC's. */
const CODES = {
  malformed: { http: 400, rpc: 3 },
  invalid: { http: 422, rpc: 3 },
  payment_required: { http: 402, rpc: 9 },
  forbidden: { http: 403, rpc: 7 },
  not_found: { http: 404, rpc: 5 },
  method_not_allowed: { http: 405, rpc: 12 },
  not_acceptable: { http: 406, rpc: 3 },
  conflict: { http: 409, rpc: 10 },
  already_exists: { http: 409, rpc: 6 },
  precondition_failed: { http: 409, rpc: 9 },
  too_large: { http: 413, rpc: 8 },
  unsupported_media_type: { http: 415, rpc: 3 },
  cancelled: { http: 499, rpc: 1 },
  internal: { http: 500, rpc: 13 },
  unavailable: { http: 503, rpc: 14 },
  deadline_exceeded: { http: 504, rpc: 4 },
} as const;

export type ErrorCode = keyof typeof CODES;

const isCode = (code: string): code is ErrorCode => Object.hasOwn(CODES, code);

export interface ErrorDetails {
  readonly cause?: unknown;
  /** The shop's low-cardinality name for what happened, e.g. `card_declined`. It becomes `error.type`. */
  readonly reason?: string | undefined;
  /** Further fields for the caller, e.g. an order id. Strings only; never a secret. */
  readonly extra?: Readonly<Record<string, string>>;
  /** For an outage of a dependency: resolves when it is over, rejects when waiting for that ends. */
  readonly over?: () => Promise<void>;
}

export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly extra: Readonly<Record<string, string>>;
  readonly over: (() => Promise<void>) | undefined;

  /** `message` is for the caller to read: what is wrong and, if possible, what would be right. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.reason = details.reason;
    this.extra = details.extra ?? {};
    this.over = details.over;
  }

  /** The telemetry's `error.type`: the reason, else the code. Low-cardinality. */
  get errorType(): string {
    return this.reason ?? this.code;
  }

  get httpStatus(): number {
    return CODES[this.code].http;
  }

  get rpcCode(): number {
    return CODES[this.code].rpc;
  }

  /** Anything thrown, as an AppError. A foreign error becomes `internal`; its text is kept in `cause` only. */
  static from(thrown: unknown): AppError {
    if (thrown instanceof AppError) return thrown;
    if (thrown instanceof Error && (thrown.name === "AbortError" || thrown.name === "TimeoutError")) {
      const code = thrown.name === "AbortError" ? "cancelled" : "deadline_exceeded";
      return new AppError(code, "the request was given up before it was done", { cause: thrown });
    }
    return new AppError("internal", "something went wrong on our side", { cause: thrown });
  }

  /** The code named `name`, else the first with this RPC code, else `internal`. */
  static codeOf(name: string | undefined, rpcCode: number): ErrorCode {
    if (name !== undefined && isCode(name)) return name;
    const found = Object.entries(CODES).find(([, status]) => status.rpc === rpcCode)?.[0];
    return found !== undefined && isCode(found) ? found : "internal";
  }
}
