/** A backend that gets a copy, whichever protocol it speaks. */
import type { Signal } from "../counts.ts";

/** Where a signal goes, and how. */
export interface Target {
  /** The address of this signal, whole for HTTP; of gRPC only scheme, host and port count. */
  readonly url: string;
  readonly protocol: "http" | "grpc";
  /** Sent with each request. Their values are secrets: they are never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly gzip: boolean;
  /** What the backend is trusted by, and what it knows us by; PEM. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export type Targets = Readonly<Partial<Record<Signal, Target>>>;

export interface Letter {
  readonly signal: Signal;
  readonly encoding: "protobuf" | "json";
  /** Not compressed. */
  readonly body: Buffer;
}

/** What became of a request. `retryAfterMs`: what the backend asked for; null when it did not. */
export type Outcome =
  | { readonly kind: "taken"; readonly rejected: number; readonly why: string }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "failed"; readonly retryAfterMs: number | null; readonly why: string };

export interface Backend {
  /** Never rejects. `signal` ends it. */
  send(letter: Letter, target: Target, signal: AbortSignal): Promise<Outcome>;
  close(): void;
}

/** More of an answer is not read. */
export const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_WHY = 300;

/** Words of a stranger: cut, and without control characters. */
export const harmless = (text: string): string => text.replaceAll(/\p{Cc}/gu, " ").slice(0, MAX_WHY);

export function failed(error: unknown): Outcome {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = harmless(cause instanceof Error ? cause.message : String(cause));
  return { kind: "failed", retryAfterMs: null, why: why || "the connection failed" };
}
