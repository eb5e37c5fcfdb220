/** Tells the watchers of an order when it comes into another state. */
import type * as z from "zod";
import { EVENTS, type EventType } from "../_contracts/events.ts";
import type { StatusChange } from "./ports.ts";

/**
 * The state that an order comes into by each type of event. Orders commits these events together with the state, so a
 * watcher may act on one at once.
 */
const STATES: Readonly<Record<string, State>> = {
  OrderConfirmed: { status: "CONFIRMED", position: 2, schema: EVENTS.OrderConfirmed.schema },
  OrderRejected: { status: "REJECTED", position: 2, schema: EVENTS.OrderRejected.schema },
  OrderShipped: { status: "SHIPPED", position: 3, schema: EVENTS.OrderShipped.schema },
  OrderCancelled: { status: "CANCELLED", position: 3, schema: EVENTS.OrderCancelled.schema },
  OrderDelivered: { status: "DELIVERED", position: 4, schema: EVENTS.OrderDelivered.schema },
} satisfies Partial<Record<EventType, State>>;
interface State {
  readonly status: string;
  readonly position: number;
  readonly schema: z.ZodType<Told>;
}
interface Told {
  readonly orderId: string;
  readonly at: string;
  readonly reason?: string;
}

export interface Watcher {
  changed(change: StatusChange): void;
  /** Changes may have been missed: look them up. Never rejects. */
  missed(): Promise<void>;
}

export class StatusFeed {
  readonly #watchers = new Map<string, Set<Watcher>>();

  /** Tells `watcher` of the order's changes, until the answer is called. */
  watch(orderId: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(orderId) ?? new Set();
    this.#watchers.set(orderId, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(orderId) === watchers) this.#watchers.delete(orderId);
    };
  }

  /** How many orders are watched. */
  get watched(): number {
    return this.#watchers.size;
  }

  /** Takes an event; one that tells no order's state is ignored. Throws when the payload does not fit the type. */
  take(type: string, payload: () => unknown): void {
    const state = Object.hasOwn(STATES, type) ? STATES[type] : undefined;
    if (state === undefined || this.#watchers.size === 0) return;
    const { orderId, at, reason = "" } = state.schema.parse(payload());
    const { status, position } = state;
    for (const watcher of this.#watchers.get(orderId) ?? []) {
      watcher.changed({ position, status, reason, at });
    }
  }

  /** Events may have been missed. Watchers look one after the other: all at once would be a burst of as many calls. */
  async missed(): Promise<void> {
    for (const watcher of [...this.#watchers.values()].flatMap((watchers) => [...watchers])) {
      await watcher.missed();
    }
  }
}
