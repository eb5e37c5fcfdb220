/** Dead letters and redrives on NATS: its own headers, and its subjects. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { connectNats, type Nats } from "../../nats/connection.ts";
import type { Broker } from "../broker.ts";
import { firstOf, sendEvent } from "../cases/broker.fixture.ts";
import { lettersWhere } from "../letters/dead-letters.fixture.ts";
import { bury } from "../letters/dead-letters.ts";
import { redrive } from "../letters/redrive.ts";
import { openBroker } from "./broker.ts";
import { natsUnderTest } from "./nats.fixture.ts";
import { EVENTS_STREAM, type JetStream, jetstreamOn, REDRIVE_STREAM } from "./streams.ts";

let nats: Nats;
let jet: JetStream;
let broker: Broker;
beforeAll(async () => {
  broker = await natsUnderTest.open();
  nats = await connectNats(inject("natsUrl"), "letters-test");
  jet = await jetstreamOn(nats);
});
afterAll(async () => {
  await broker.close();
  await nats.close();
});

const carrier = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, baggage: "correlation.id=c-1" };

test("an event is stored under its lane and type, with the context in headers of the standard names", async () => {
  const type = uniqueName("Stored");
  const eventId = await sendEvent(broker, { type, lane: 3, carrier });
  const subject = `events.p3.${type}`;
  const stored = await jet.manager.streams.getMessage(EVENTS_STREAM, { last_by_subj: subject });
  expect(stored?.header.get("Nats-Msg-Id")).toBe(eventId);
  expect(stored?.header.get("traceparent")).toBe(carrier.traceparent);
  expect(stored?.header.get("baggage")).toBe(carrier.baggage);
  expect((await firstOf(broker, type)).destination).toBe(subject);
});

test("a redriven message has none of the first message's headers for the server", async () => {
  const [type, owner] = [uniqueName("Bare"), uniqueName("owner")];
  await bury(broker, {
    id: `somewhere:${type}`,
    consumer: owner,
    group: owner,
    type,
    reason: "invalid",
    detail: "never",
    attempts: 1,
    lastAttempt: undefined,
    redriven: 0,
    head: { eventId: `e-${type}`, carrier, createdMs: 1, sentMs: 2 },
    data: Buffer.from("{}"),
  });
  const [letter] = await lettersWhere(broker, (one) => one.type === type);
  if (letter) await redrive(broker, letter);
  const subject = { last_by_subj: `redrive.${owner}.${type}` };
  const sent = await jet.manager.streams.getMessage(REDRIVE_STREAM, subject);
  const keys = sent?.header.keys().filter((key) => key.startsWith("Nats-"));
  expect(keys?.toSorted()).toEqual(["Nats-Expected-Stream", "Nats-Msg-Id"]);
  expect(sent?.header.get("Nats-Msg-Id")).toBe(`e-${type}:redrive:1:${owner}`);
  expect(sent?.header.get("Nats-Expected-Stream")).toBe(REDRIVE_STREAM);
});

test("a consumer has no maximum of deliveries on the server, because attempts are counted elsewhere", async () => {
  const source = { kind: "type", group: uniqueName("group"), type: uniqueName("Bound") } as const;
  await (await broker.receive(source, { ahead: 1 })).close();
  const { config } = await jet.manager.consumers.info(EVENTS_STREAM, `${source.group}-${source.type}`);
  expect(config.max_deliver).toBe(-1);
});

test("a broker that does not answer is an error at once", async () => {
  const opening = openBroker({ url: "nats://127.0.0.1:1", name: "letters-test", log: quiet, lateMs: 0 });
  await expect(opening).rejects.toThrow(/refused|connect/i);
});
