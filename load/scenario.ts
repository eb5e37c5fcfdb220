/**
 * What a scenario is: data only, shared by the command line, the tests and k6. Type-only imports.
 */

/** A hop that must be in the journey: at least one span with this service, name and kind. */
export interface Hop {
  readonly service: string;
  readonly name: string;
  readonly kind: "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER" | "INTERNAL";
}

export interface Scenario {
  /** File name without its ending; also the name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Why it is worth looking at, one sentence. */
  readonly why: string;
  /** The checkout that is sent. The user is made by whoever runs it. */
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  /** Faults in the grammar of `services/_kit/faults.ts`, e.g. `payments.charge:declined`; empty for none. */
  readonly fault: string;
  readonly expect: {
    readonly httpStatus: number;
    readonly orderStatus: "SHIPPED" | "REJECTED";
    /** Every hop that makes the journey complete. */
    readonly hops: readonly Hop[];
    /** Where it fails, and with which `error.type`; null when nothing does. */
    readonly cause: { readonly service: string; readonly name: string; readonly errorType: string } | null;
  };
}
