/**
 * A shop for tests of orders: orders and sagas in memory, neighbours that keep their contracts (a late reservation or
 * charge is refused once it was undone), and processes that are built on them and can be abandoned.
 */
import type { Command } from "../_contracts/commands.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeCancel } from "./cancel.ts";
import { makeCheckout } from "./checkout.ts";
import { makeCompensate } from "./compensate.ts";
import { type HistoryEntry, type Order, type OrderStatus, POSITION } from "./order.ts";
import type { Hold, OrderStore, Saga } from "./ports.ts";
import { type Inventory, makeSaga, type Payments } from "./saga.ts";
import { makeTakeStep } from "./saga-fault.ts";
import { makeSweep } from "./sweep.ts";

const LEASE_MS = 10_000;

export interface MemoryOrders extends OrderStore {
  /** Moves the clock forward until every lease and every rest is over. */
  expire(): void;
  readonly byId: ReadonlyMap<string, Order>;
  readonly sagas: ReadonlyMap<string, Saga>;
  /** The events of each order. */
  readonly told: ReadonlyMap<string, string[]>;
}

/** Does what the store in Postgres does. Each call is atomic, as a transaction is. */
export function ordersInMemory(): MemoryOrders {
  const byId = new Map<string, Order>();
  const byKey = new Map<string, { orderId: string; requestHash: string }>();
  const histories = new Map<string, HistoryEntry[]>();
  const sagas = new Map<string, Saga & { dueMs: number }>();
  const told = new Map<string, string[]>();
  const held = new Set<string>();
  let nowMs = 0;

  const change = (orderId: string, from: OrderStatus[], status: OrderStatus, reason = "", at?: Date) => {
    const before = byId.get(orderId);
    if (!before || !from.includes(before.status)) return undefined;
    const order: Order = { ...before, status, reason, updatedAt: at ?? new Date(nowMs) };
    byId.set(orderId, order);
    const entry = { position: POSITION[status], status, reason, at: order.updatedAt };
    histories.set(orderId, [...(histories.get(orderId) ?? []), entry]);
    told.set(orderId, [...(told.get(orderId) ?? []), status]);
    return order;
  };
  const mine = ({ orderId, owner }: Hold) => {
    const saga = sagas.get(orderId);
    return held.has(orderId) && saga?.owner === owner ? saga : undefined;
  };
  const set = (orderId: string, saga: Saga & { dueMs: number }, isHeld: boolean) => {
    sagas.set(orderId, saga);
    if (isHeld) held.add(orderId);
    else held.delete(orderId);
  };
  const ending = (hold: Hold, status: OrderStatus, reason = "") => {
    const saga = mine(hold);
    if (!saga) return undefined;
    const order = change(hold.orderId, ["PENDING"], status, reason);
    if (!order) throw new Error(`${hold.orderId} is not PENDING`);
    set(hold.orderId, { ...saga, step: "done" }, false);
    return order;
  };
  const refuse = (orderId: string, to: OrderStatus): Order => {
    const order = byId.get(orderId);
    if (!order) throw new AppError("not_found", "there is no order with this id");
    if (order.status === to) return order;
    throw new AppError("precondition_failed", "no", {
      reason: "wrong_status",
      extra: { orderStatus: order.status },
    });
  };

  return {
    byId,
    sagas,
    told,
    expire: () => {
      nowMs += 3_600_000;
    },
    find: async (orderId) => byId.get(orderId),
    findByKey: async (key) => {
      const { orderId = "", requestHash = "" } = byKey.get(key) ?? {};
      const order = byId.get(orderId);
      if (!order) return undefined;
      const answered = histories.get(orderId)?.find(({ position }) => position === 2);
      const underWay = held.has(orderId) && (sagas.get(orderId)?.dueMs ?? 0) > nowMs;
      return { order: { ...order, ...(answered && { status: answered.status }) }, requestHash, underWay };
    },
    history: async (orderId) => histories.get(orderId) ?? [],
    page: async () => [],
    place: async ({ idempotencyKey, requestHash, orderId, owner, userId, items, totalCents }) => {
      if (byKey.has(idempotencyKey)) return false;
      byKey.set(idempotencyKey, { orderId, requestHash });
      const times = { createdAt: new Date(nowMs), updatedAt: new Date(nowMs) };
      byId.set(orderId, { orderId, userId, items, totalCents, status: "PENDING", reason: "", ...times });
      histories.set(orderId, [{ position: 1, status: "PENDING", reason: "", at: times.createdAt }]);
      const fresh = { step: "reserve", chargeKey: "", reason: "", carrier: {}, attempt: 1 } as const;
      set(orderId, { orderId, owner, userId, ...fresh, dueMs: nowMs + LEASE_MS }, true);
      return true;
    },
    begin: async (hold, step, more) => {
      const saga = mine(hold);
      if (saga) set(hold.orderId, { ...saga, step, ...more, dueMs: nowMs + LEASE_MS }, true);
      return saga !== undefined;
    },
    confirm: async (hold) => ending(hold, "CONFIRMED"),
    reject: async (hold, reason) => ending(hold, "REJECTED", reason),
    finish: async (hold) => {
      const saga = mine(hold);
      if (saga) set(hold.orderId, { ...saga, step: "done" }, false);
    },
    letGo: async (hold, restMs) => {
      const saga = mine(hold);
      if (!saga) return;
      set(hold.orderId, { ...saga, dueMs: restMs === undefined ? saga.dueMs : nowMs + restMs }, false);
    },
    take: async (owner, limit) => {
      const due = [...sagas.values()].filter(({ step, dueMs }) => step !== "done" && dueMs <= nowMs);
      return due.slice(0, limit).map((saga) => {
        const taken = { ...saga, owner, attempt: saga.attempt + 1, dueMs: nowMs + LEASE_MS };
        set(saga.orderId, taken, true);
        return taken;
      });
    },
    ship: async (orderId, _eventId, at) => {
      if (change(orderId, ["CONFIRMED"], "SHIPPED", "", at)) return "shipped";
      if (byId.get(orderId)?.status === "CANCELLED") return "cancelled";
      throw new Error(`${orderId} cannot have been shipped`);
    },
    deliver: async (orderId) => {
      const order = change(orderId, ["SHIPPED"], "DELIVERED");
      return order ? { order, changed: true } : { order: refuse(orderId, "DELIVERED"), changed: false };
    },
    cancel: async (orderId, owner) => {
      const order = change(orderId, ["PENDING", "CONFIRMED"], "CANCELLED");
      const saga = sagas.get(orderId);
      if (!order || !saga) return { order: refuse(orderId, "CANCELLED") };
      const taken: Saga & { dueMs: number } = {
        ...saga,
        owner,
        step: "cancel",
        attempt: 1,
        dueMs: nowMs + LEASE_MS,
      };
      set(orderId, taken, true);
      return { order, saga: taken };
    },
  };
}

export interface Neighbours {
  readonly inventory: Inventory;
  readonly payments: Payments;
  readonly requestRefund: (refund: Command<"refund">) => Promise<void>;
  /** Payments handles the commands that it has got. */
  readonly workRefunds: () => void;
  readonly stock: ReadonlyMap<string, "reserved" | "released">;
  readonly charges: ReadonlyMap<string, "charged" | "declined" | "refunded" | "voided">;
}

/** Inventory and payments as their contracts say. Everything is in stock; `tok_declined` is declined. */
export function neighboursInMemory(): Neighbours {
  const stock = new Map<string, "reserved" | "released">();
  const charges = new Map<string, "charged" | "declined" | "refunded" | "voided">();
  const commands = new Map<string, Command<"refund">>();
  const refused = (reason: string) => new AppError("precondition_failed", "no", { reason });
  return {
    stock,
    charges,
    inventory: {
      quote: async () => 4_998,
      reserve: async (orderId) => {
        if (stock.get(orderId) === "released") throw new AppError("conflict", "no", { reason: "released" });
        stock.set(orderId, "reserved");
      },
      release: async (orderId) => {
        stock.set(orderId, "released");
      },
    },
    payments: {
      charge: async ({ key, token }) => {
        const state = charges.get(key) ?? (token === "tok_declined" ? "declined" : "charged");
        if (state === "voided") throw refused("charge_voided");
        charges.set(key, state);
        if (state === "declined") throw refused("card_declined");
      },
      outcome: async (key) => {
        const state = charges.get(key);
        if (state === undefined) return "unknown";
        return state === "charged" || state === "declined" ? state : "undone";
      },
    },
    requestRefund: async (refund) => {
      commands.set(refund.orderId, refund);
    },
    workRefunds: () => {
      for (const { chargeKey } of commands.values()) {
        const state = charges.get(chargeKey);
        if (state === undefined) charges.set(chargeKey, "voided");
        if (state === "charged") charges.set(chargeKey, "refunded");
      }
    },
  };
}

export interface ProcessParts {
  readonly orders: OrderStore;
  readonly inventory: Inventory;
  readonly payments: Payments;
  readonly requestRefund: (refund: Command<"refund">) => Promise<void>;
  readonly note: Note<Vocabulary>;
  readonly fault: FaultAt;
  readonly newId: () => string;
  /** Told when a fault has ended the process: it does nothing from then on. */
  readonly died?: () => void;
}

/** One process of orders, as its service composes it. */
export function processOf(parts: ProcessParts) {
  const { orders, inventory, payments, requestRefund, note, fault, newId, died = () => {} } = parts;
  const takeStep = makeTakeStep(fault, died);
  const { release } = inventory;
  const compensate = makeCompensate({ release, requestRefund, takeStep, note });
  const saga = makeSaga({ sagas: orders, inventory, payments, compensate, takeStep, note });
  return {
    checkout: makeCheckout({ orders, inventory, saga, takeStep, note, newId }),
    cancel: makeCancel({ orders, saga, note, newId }),
    sweep: makeSweep({ sagas: orders, saga, restarted: (_, work) => work(), note, newId }),
  };
}

/** Makes ids that count up: `o-1`, `o-2`, ... */
export const counting = (start: string) => {
  let last = 0;
  return (): string => `${start}${++last}`;
};

/** Says what is wrong in the end state; empty when order, stock and money agree. */
export function wrongWith(
  status: OrderStatus,
  stock: "reserved" | "released" | undefined,
  charges: ReadonlyMap<string, string>,
): string[] {
  const charge = [...charges.values()].join();
  const gone = stock !== "reserved" && charge !== "charged";
  const right = { CONFIRMED: stock === "reserved" && charge === "charged", REJECTED: gone, CANCELLED: gone };
  if (charges.size > 1) return [`charged under ${charges.size} keys`];
  const fits =
    status === "CONFIRMED" || status === "REJECTED" || status === "CANCELLED" ? right[status] : false;
  return fits ? [] : [`${status}, its stock ${stock}, its card ${charge || "untouched"}`];
}

export const neverFails: FaultAt = () => undefined;
export const waiting = new AbortController().signal;

/** A good checkout, under the idempotency key `key`. */
export const request = (key = "k-1") => ({
  idempotencyKey: key,
  requestHash: "hash",
  userId: "ann",
  items: [{ sku: "teapot", quantity: 2 }],
  paymentToken: "tok_visa",
});
