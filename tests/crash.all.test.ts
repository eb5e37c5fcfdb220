/**
 * SIGKILL does no lasting harm to the shop. 500 customers buy and cancel while every service and every server is killed
 * at seeded points, and fourteen sagas kill their own process between two steps. Afterwards all databases must agree,
 * and the only missing spans may be those that a killed process had not exported.
 *
 * `BATON_SEED` chooses another sequence of kills; a failure names its seed.
 */
import { headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { splitOrphans } from "../collector/lens/journey/killed.ts";
import type { Journey } from "../collector/lens/journey/model.ts";
import { findJourney } from "../playground/clients/lens.ts";
import { DEAD_STREAM, EVENTS_STREAM, jetstreamOn } from "../services/_kit/events/nats/streams.ts";
import { connectNats } from "../services/_kit/nats/connection.ts";
import { services } from "../services/topology.ts";
import { allReady, type Killer, killerOf } from "./crash/killer.ts";
import { booksOf, leftovers, wrongWith } from "./crash/reckoning.ts";
import { chance } from "./crash/seeded.ts";
import { type Bought, shop, type Wish } from "./crash/shopper.ts";
import { eventually } from "./fixtures.ts";
import { patient } from "./patience.ts";
import { startPlayground, type TestPlayground } from "./playground.ts";

const SEED = Number(process.env.BATON_SEED ?? 20_261_121);
const CUSTOMERS = 500;
const AT_ONCE = 8;
/** One part is killed after every so many answers. */
const KILL_EVERY = 20;
/** Half way through, Postgres is down for longer than all attempts of a message take. */
const SIEGE_MS = 8_000;
/** So many events are sent again during that time, so that each consumer has some in progress. */
const SENT_AGAIN = 40;
const SERVERS = ["nats", "redis", "postgres"];
const STEPS = ["place", "reserve", "charge", "confirm", "refund", "release", "reject"];

const MOMENTS = STEPS.flatMap((step) => [step, `after-${step}`]);

const never = new AbortController().signal;
let playground: TestPlayground;
let killer: Killer;
let bought: readonly Bought[];
/** Moments of the saga at which the orders service has died. */
const diedAt: string[] = [];

beforeAll(async () => {
  // A short lease, so that a saga that lost its process is resumed soon.
  playground = await startPlayground({ BATON_SAGA_LEASE_MS: "5000" });
  killer = killerOf(playground);
  bought = await storm();
  await allReady(playground);
  await eventually(
    "every order and every message to be finished",
    async () => (Object.values(await leftovers(playground)).every((n) => n === 0) ? true : undefined),
    patient(120_000),
  ).catch(async (late) => {
    const wrong = (await booksOf(playground)).flatMap(wrongWith);
    const said = [JSON.stringify(await leftovers(playground)), ...wrong, ...(await deadLetters())];
    throw new Error(`seed ${SEED}: ${said.join("\n")}`, { cause: late });
  });
});
afterAll(async () => {
  killer?.stop();
  await playground?.remove();
});

/**
 * Sends every wish, a few at once. Parts are killed by the number of answers, and one more customer makes the orders
 * service die between two steps of a saga.
 */
async function storm(): Promise<Bought[]> {
  const luck = chance(SEED);
  const open = wishes();
  const answered: Bought[] = [];
  let targets: string[] = [];
  const customer = async (): Promise<void> => {
    for (let wish = open.shift(); wish; wish = open.shift()) {
      answered.push(await shop(playground.urls.gateway, wish));
      if (answered.length === CUSTOMERS / 2)
        await Promise.all([killer.besiege("postgres", SIEGE_MS), sendAgain(SENT_AGAIN)]);
      if (answered.length % KILL_EVERY !== 0 || open.length === 0) continue;
      if (targets.length === 0) targets = luck.shuffled([...services.map(({ name }) => name), ...SERVERS]);
      await killer.kill(targets.pop() as string);
    }
  };
  const saboteur = async (): Promise<void> => {
    for (const moment of luck.shuffled(MOMENTS)) answered.push(...(await diesAt(moment)));
  };
  await Promise.all([...Array.from({ length: AT_ONCE }, customer), saboteur()]);
  return answered;
}

/** Shops until the orders service has died at this moment of a saga: another kill may come first. */
async function diesAt(moment: string): Promise<Bought[]> {
  const answered: Bought[] = [];
  const before = killer.ownEnds("orders");
  for (let n = 0; n < 10 && killer.ownEnds("orders") <= before; n++) {
    const wish = {
      key: `storm-${SEED}-${moment}-${n}`,
      userId: `user-${moment}`,
      sku: "kettle",
      quantity: 1,
      token: /release|reject/.test(moment) ? "tok_declined" : "tok_visa",
      cancels: moment.endsWith("refund"),
      fault: `orders.saga:kill(${moment})`,
    };
    answered.push(await shop(playground.urls.gateway, wish));
  }
  if (killer.ownEnds("orders") > before) diedAt.push(moment);
  return answered;
}

function wishes(): Wish[] {
  const luck = chance(SEED + 1);
  return Array.from({ length: CUSTOMERS }, (_, n) => ({
    key: `storm-${SEED}-${n}`,
    userId: `user-${n % 50}`,
    sku: n % 50 === 7 ? "sold-out" : "kettle",
    quantity: 1 + luck.below(3),
    token: n % 5 === 1 ? "tok_declined" : "tok_visa",
    cancels: n % 10 === 3,
  }));
}

/** Publishes the latest events again, like a sender that got no answer. They have been handled before. */
async function sendAgain(count: number): Promise<void> {
  const send = async () => {
    const nats = await connectNats(playground.urls.nats, "test");
    try {
      const { js, manager } = await jetstreamOn(nats);
      const { state } = await manager.streams.info(EVENTS_STREAM);
      for (let seq = state.last_seq - count + 1; seq <= state.last_seq; seq++) {
        const event = await manager.streams.getMessage(EVENTS_STREAM, { seq });
        const head = headers();
        for (const [name, values] of event?.header ?? [])
          if (!name.startsWith("Nats-")) for (const value of values) head.append(name, value);
        if (event) await js.publish(event.subject, event.data, { headers: head, msgID: `again-${seq}` });
      }
      return true;
    } finally {
      await nats.close();
    }
  };
  // NATS itself may just have been killed.
  await eventually("the latest events to be sent again", send);
}

/** A line for each dead letter. */
async function deadLetters(): Promise<string[]> {
  const nats = await connectNats(playground.urls.nats, "test");
  const { manager } = await jetstreamOn(nats);
  const { state } = await manager.streams.info(DEAD_STREAM);
  const lines: string[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const letter = await manager.streams.getMessage(DEAD_STREAM, { seq });
    if (letter)
      lines.push(`${letter.subject}: ${[...letter.header].map(([k, v]) => `${k}=${v}`).join(", ")}`);
  }
  await nats.close();
  return lines;
}

/** An orphan, and the kills nearest to it in time. */
function describeOrphan(journey: Journey, key: string): string {
  const span = journey.spans.find((placed) => placed.key === key)?.span;
  if (!span) return key;
  const near = killer.deaths
    .map(({ service, atNs }) => ({ service, ms: Number(atNs - span.startNs) / 1e6 }))
    .filter(({ ms }) => Math.abs(ms) < 30_000)
    .map(({ service, ms }) => `${service} ${ms.toFixed(0)} ms`)
    .join(", ");
  const { service, name, kind, flags, parentSpanId, attributes } = span;
  return `${service} ${name} ${kind} flags ${flags} parent ${parentSpanId} ${JSON.stringify(attributes)}; deaths ${near}`;
}

describe(`after ${CUSTOMERS} customers and a storm of SIGKILLs (seed ${SEED})`, () => {
  test("every part was killed, and a process died at every step of the saga", async () => {
    for (const name of [...services.map((service) => service.name), ...SERVERS])
      expect(killer.kills.get(name), name).toBeGreaterThan(0);
    expect(diedAt.toSorted()).toEqual(MOMENTS.toSorted());
  });

  test("every customer got a final answer, and at most one order", async () => {
    expect(bought.length).toBeGreaterThanOrEqual(CUSTOMERS + MOMENTS.length);
    const odd = bought.filter(({ status }) => ![200, 201, 402, 409].includes(status));
    expect(odd).toEqual([]);
    const books = await booksOf(playground);
    expect(new Set(books.map(({ key }) => key)).size).toBe(books.length);
    const known = new Set(books.map(({ orderId }) => orderId));
    const lost = bought.filter(({ orderId }) => !known.has(orderId));
    expect(lost).toEqual([]);
  });

  test("orders, charges, refunds, stock, parcels and e-mails agree", async () => {
    const books = await booksOf(playground);
    expect(books.flatMap(wrongWith)).toEqual([]);
    const count = (status: string) => books.filter((order) => order.status === status).length;
    expect(count("SHIPPED")).toBeGreaterThan(CUSTOMERS / 2);
    expect(count("REJECTED")).toBeGreaterThan(50);
    expect(count("CANCELLED")).toBeGreaterThan(0);
    const shipped = await playground.count(
      "orders",
      "SELECT coalesce(sum((i->>'quantity')::int), 0) FROM orders, jsonb_array_elements(items) i WHERE status = 'SHIPPED'",
    );
    const reserved = await playground.count(
      "inventory",
      "SELECT reserved FROM products WHERE sku = 'kettle'",
    );
    expect(reserved).toBe(shipped);
    await eventually("the sales to match the orders", async () => {
      const sold = await playground.count("analytics", "SELECT quantity FROM sales WHERE sku = 'kettle'");
      return sold === shipped || undefined;
    });
  });

  test("there are no dead letters", async () => {
    expect(await deadLetters()).toEqual([]);
  });

  test("the only missing spans are those that a killed process had not exported", async () => {
    let killed = 0;
    const orphans: string[] = [];
    for (const { wish } of bought) {
      const first = await findJourney(playground.urls.lens, wish.key, never);
      const ids = first ? [first.journey.id, ...first.others] : [];
      for (const id of ids) {
        const found = await findJourney(playground.urls.lens, id, never);
        if (!found) continue;
        const split = splitOrphans(found.journey, killer.deaths);
        orphans.push(...split.orphans.map((key) => `${wish.key}: ${describeOrphan(found.journey, key)}`));
        killed += split.killed.length;
      }
    }
    expect(orphans).toEqual([]);
    // If no span had been lost, the kills would have proven nothing.
    expect(killed).toBeGreaterThan(0);
  });
});
