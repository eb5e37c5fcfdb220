/**
 * What the types of the contracts refuse. Each `@ts-expect-error` is a check of its own: `npm run types` fails on it
 * when the line below it compiles. The tests show that nothing refuses these lines at run time: only the types do.
 */
import { expect, test, vi } from "vitest";
import type { Sql } from "../_kit/database/postgres.ts";
import { testEvents } from "../_kit/events/cases/broker.fixture.ts";
import { append } from "../_kit/events/outbox.ts";
import type { JobQueue } from "../_kit/jobs/queue.ts";
import { checkedBy, type Received } from "../_kit/process/payload.ts";
import { type Command, type CommandFrom, commandsIn, PAYMENT_COMMANDS } from "./commands.ts";
import { EVENTS, type EventFrom, eventsTo, type Payload } from "./events.ts";

const at = "2026-01-02T03:04:05.678Z";
const order = { orderId: "o-1", userId: "ann" };

/** A transaction that keeps the types of the events that are appended in it. */
function transaction() {
  const appended: unknown[] = [];
  const query = vi.fn(async (_: string, values?: readonly unknown[]) => {
    appended.push(values?.[1]);
    return { rows: [{ id: "1" }], rowCount: 1 };
  });
  return { tx: { query } as unknown as Sql, appended };
}

test("a service appends the events that the table says it sends; nothing else compiles", async () => {
  const { tx, appended } = transaction();
  const shipped = { type: "ParcelShipped", key: "ann", payload: { ...order, at } } as const;
  await append<EventFrom<"shipping">>(testEvents, tx, shipped);
  expect(appended.splice(0)).toEqual(["ParcelShipped"]);

  // @ts-expect-error: an append must say whose events it appends
  await append(testEvents, tx, shipped);
  // @ts-expect-error: no event has this name
  await append<EventFrom<"shipping">>(testEvents, tx, { ...shipped, type: "ParcelShiped" });
  // @ts-expect-error: the event is sent by another service
  await append<EventFrom<"shipping">>(testEvents, tx, { ...shipped, type: "OrderShipped" });
  // @ts-expect-error: the payload lacks a field
  await append<EventFrom<"shipping">>(testEvents, tx, { ...shipped, payload: order });
  // @ts-expect-error: a field of the payload has another type
  await append<EventFrom<"shipping">>(testEvents, tx, { ...shipped, payload: { ...order, at: new Date() } });
  // @ts-expect-error: the payload has a field that is not in the contract
  const stray = { ...shipped, payload: { ...order, at, colour: "green" } } satisfies EventFrom<"shipping">;
  await append<EventFrom<"shipping">>(testEvents, tx, stray);
  // @ts-expect-error: the payload is that of another event of the same service
  await append<EventFrom<"orders">>(testEvents, tx, {
    type: "OrderConfirmed",
    key: "ann",
    payload: { ...order, at },
  });
  // @ts-expect-error: no service has this name
  await append<EventFrom<"shiping">>(testEvents, tx, shipped);
  // @ts-expect-error: analytics sends nothing
  await append<EventFrom<"analytics">>(testEvents, tx, shipped);
  expect(appended).toHaveLength(9);
});

test("a service handles each event that the table sends to it; nothing else compiles", () => {
  const confirmed = async (_: Received<Payload<"OrderConfirmed">>) => {};
  const cancelled = async (_: Received<Payload<"OrderCancelled">>) => {};
  const both = { OrderConfirmed: confirmed, OrderCancelled: cancelled };
  const names = ["OrderCancelled", "OrderConfirmed"];
  const heard = [
    checkedBy(eventsTo("shipping"), both),
    // @ts-expect-error: the name is misspelt
    checkedBy(eventsTo("shipping"), { OrderConfirmed: confirmed, OrderCanceled: cancelled }),
    // @ts-expect-error: an event has no handler
    checkedBy(eventsTo("shipping"), { OrderConfirmed: confirmed }),
    // @ts-expect-error: a handler is for an event that shipping does not hear
    checkedBy(eventsTo("shipping"), { ...both, OrderShipped: async () => {} }),
    // @ts-expect-error: the handler is for the payload of another event
    checkedBy(eventsTo("shipping"), { ...both, OrderCancelled: confirmed }),
  ];
  for (const handlers of heard) expect(Object.keys(handlers).toSorted()).toEqual(names);
  // @ts-expect-error: no service has this name, so none of the handlers is for an event that it hears
  expect(checkedBy(eventsTo("shiping"), both)).toEqual({});
});

test("a service sends the commands that the table says it sends; nothing else compiles", async () => {
  const sent: string[] = [];
  const queue: Pick<JobQueue<CommandFrom<"orders">>, "add"> = {
    add: async (job) => {
      sent.push(job.name);
    },
  };
  const payload = { chargeKey: "o-1:charge", ...order };
  await queue.add({ name: "refund", id: "refund-o-1", payload });
  expect(sent.splice(0)).toEqual(["refund"]);

  // @ts-expect-error: no command has this name
  await queue.add({ name: "refnd", id: "refund-o-1", payload });
  // @ts-expect-error: the payload lacks a field
  await queue.add({ name: "refund", id: "refund-o-1", payload: order });
  const others: Pick<JobQueue<CommandFrom<"shipping">>, "add"> = queue;
  // @ts-expect-error: shipping sends no commands
  await others.add({ name: "refund", id: "refund-o-1", payload });
  expect(sent).toHaveLength(3);
});

test("a queue's receiver handles each command that comes by it; nothing else compiles", () => {
  const refund = async (_: Received<Command<"refund">>) => {};
  const handled = [
    checkedBy(commandsIn(PAYMENT_COMMANDS), { refund }),
    // @ts-expect-error: the name is misspelt
    checkedBy(commandsIn(PAYMENT_COMMANDS), { refnd: refund }),
    // @ts-expect-error: the handler is for another payload
    checkedBy(commandsIn(PAYMENT_COMMANDS), { refund: async (_: Received<Payload<"OrderShipped">>) => {} }),
  ];
  for (const handlers of handled) expect(Object.keys(handlers)).toEqual(["refund"]);
});

test("a service hears the events whose row names it, each by its own schema", () => {
  const { OrderConfirmed, OrderCancelled } = EVENTS;
  expect(eventsTo("shipping")).toEqual({
    OrderConfirmed: OrderConfirmed.schema,
    OrderCancelled: OrderCancelled.schema,
  });
  expect(eventsTo("inventory")).toEqual({});
  expect(Object.keys(eventsTo("analytics"))).toContain("ItemChanged");
});
