/**
 * What a scenario is: data only, shared by the command line, the tests, k6 and the docs. k6 runs no Node, so nothing
 * here or in `scenarios/` may use one of its built-ins, and imports carry `.ts`.
 *
 * A scenario promises the results of a request: the answer, the order's final state, the journey. `answer.ts` and
 * `verdict.ts` compare the results with it. Its runner brings the user, the run's id and the addresses.
 */

/** A hop that must be in the journey: at least one span with this service, name and kind. */
export interface Hop {
  readonly service: string;
  readonly name: string;
  readonly kind: "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER" | "INTERNAL";
}

/** Where work waited: a message in the outbox or in the stream, a job in its queue. */
export type WaitKind = "outbox" | "stream" | "job";

/** Who drives the checkout: `orchestration` is the saga in orders, which calls, waits and compensates. */
export type Workflow = "orchestration";

/** A checkout as the public API takes it. The sender makes up the user, so that runs do not share one. */
export interface CheckoutRequest {
  /** SKUs of the catalogue (`services/inventory/schema.sql`). */
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  /** Stands for a card; never a card's number. */
  readonly token: string;
}

/** Where a failure starts. */
export interface ExpectedCause {
  readonly service: string;
  /** The span's name. */
  readonly name: string;
  /** Its `error.type`. */
  readonly errorType: string;
}

/** Where the time goes. */
export interface ExpectedDelay {
  readonly service: string;
  /** The span's name; one of them lasts at least `atLeastMs`. */
  readonly name: string;
  readonly atLeastMs: number;
}

/** The promised results of the request. Every field is checked. */
export interface Expectation {
  readonly httpStatus: number;
  /** The order's state in the answer. */
  readonly answeredStatus: "CONFIRMED" | "REJECTED";
  /** The order's state when everything that the request started is done. */
  readonly orderStatus: "SHIPPED" | "REJECTED";
  /** The hops that make the journey complete. */
  readonly hops: readonly Hop[];
  /** Hops that would be a mistake, such as a charge for sold-out goods. */
  readonly never: readonly Hop[];
  /** Where it fails; null when nothing does. */
  readonly cause: ExpectedCause | null;
  /** The kinds of wait that the journey has: these and no others. */
  readonly waits: readonly WaitKind[];
  /** What makes it slow; null when it is not meant to be slow. */
  readonly delay: ExpectedDelay | null;
}

/** How it behaves under load. */
export interface Load {
  /** Its part of `mix`, relative to the others'; 0 keeps it out. */
  readonly weight: number;
  /** 95 % of the answers come within this time, in milliseconds, on a small machine at a steady rate. */
  readonly p95Ms: number;
}

export interface Scenario {
  /** File name without its ending; also the name on the command line, k6's scenario and its tag. Lower case and `-`. */
  readonly name: string;
  /** A heading. */
  readonly title: string;
  /** Why it is worth looking at, one sentence. */
  readonly why: string;
  readonly workflow: Workflow;
  readonly request: CheckoutRequest;
  /**
   * Faults in the grammar of `services/_kit/telemetry/faults.ts`, such as `payments.charge:declined`. They travel in
   * the request's baggage, so that they affect only this request. Empty for none.
   */
  readonly faults: readonly string[];
  readonly expect: Expectation;
  readonly load: Load;
}
