/** What lens' threads say to each other. The one that receives is the process' main thread. */
import type { MessagePort } from "node:worker_threads";
import type { Consumers } from "../journey/rules.ts";
import type { Batch } from "../store/write/batch.ts";
import type { Eviction } from "../store/write/tally.ts";

/** A line for lens' log, which the main thread writes. */
export interface LogLine {
  readonly log: {
    readonly level: "info" | "warn" | "error";
    readonly text: string;
    readonly fields: Readonly<Record<string, unknown>>;
  };
}

export interface WriteSettings {
  /** Folder of the store. */
  readonly dir: string;
  readonly limitBytes: number;
  readonly maxAgeMs: number;
  readonly index: readonly string[];
  readonly edges: readonly string[];
  /** Memory of the counts. */
  readonly counts: SharedArrayBuffer;
  /** To the thread that answers. */
  readonly questions: MessagePort;
}

export type ToWriter =
  /** `total`: items that were handed over so far, these included. */
  { readonly batch: Batch; readonly total: number } | { readonly close: true };

export type FromWriter =
  /** It takes requests. `total`: what it has of those that were ever handed over. */
  | { readonly ready: { readonly seed: Uint8Array; readonly total: number } }
  /** So many bytes of requests are safe. */
  | { readonly saved: number }
  /** Why nothing can be written at the moment; null when it can again. */
  | { readonly failure: string | null }
  | { readonly closed: true }
  | LogLine;

export interface QuerySettings {
  /** Folder of the store, which is there. */
  readonly dir: string;
  readonly limitBytes: number;
  readonly index: readonly string[];
  readonly edges: readonly string[];
  readonly consumers: Consumers;
  /** The attribute of a link that says why it is there; empty for none. */
  readonly linkReason: string;
  /** Names by which lens may be asked. */
  readonly hosts: readonly string[];
  readonly host: string;
  readonly port: number;
  /** How long a client may take for the headers of its request. */
  readonly headersMs: number;
  readonly otlpHttpUrl: string;
  readonly otlpGrpcUrl: string;
  readonly isForwarding: boolean;
  readonly counts: SharedArrayBuffer;
  /** To the thread that writes. */
  readonly questions: MessagePort;
}

/** To end, with so many ms for questions that are being answered. */
export type ToQuery = { readonly close: number };

export type FromQuery = { readonly url: string } | { readonly closed: true } | LogLine;

/** A question of the thread that answers: to save everything that was answered until now. */
export interface SyncAsked {
  readonly sync: number;
}

/** Services and what went of their traces, of all time; or that what was asked for under this number is done. */
export type FromWriterToQuery = { readonly evicted: readonly Eviction[] } | { readonly synced: number };
