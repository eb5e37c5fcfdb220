import type { JsMsg } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import type { RunningConsumer } from "../consumer.ts";
import { lettersWhere } from "../dead-letters.fixture.ts";
import { startAdvisories } from "./advisories.ts";
import { type Durable, ofEvents, takeFrom } from "./durable.ts";
import { connectNats, EVENTS_STREAM, ensureStreams, eventStream, type Nats } from "./jetstream.ts";

const watching: RunningConsumer[] = [];
let nats: Nats;
let other: Nats;

beforeAll(async () => {
  nats = await connectNats(inject("natsUrl"), "advisories-test");
  other = await connectNats(inject("natsUrl"), "advisories-test");
  await ensureStreams(nats);
  // Two, as two services would: each advisory is for one of them.
  watching.push(
    await startAdvisories({ nats, log: quiet }),
    await startAdvisories({ nats: other, log: quiet }),
  );
});
afterAll(async () => {
  await Promise.all(watching.map((one) => one.stop()));
  await Promise.all([nats.close(), other.close()]);
});

const MAX_DELIVER = 2;

/** Takes messages, and dies of those that it should: says nothing of them, neither that it is at work nor how it went. */
async function mortal(durable: Durable, dies: (message: JsMsg) => boolean) {
  await (await takeFrom(nats, durable, 1)).stop();
  const consumer = await nats.js.consumers.get(durable.stream, durable.name);
  const messages = await consumer.consume({ max_messages: 1 });
  const seen: string[] = [];
  const running = (async () => {
    for await (const message of messages) {
      seen.push(message.headers?.get("Baton-Event-Id") ?? "");
      if (!dies(message)) message.ack();
    }
  })();
  return { seen, stop: () => messages.close().then(() => running) };
}

const send = (type: string, eventId: string) =>
  eventStream(nats).publish({
    subject: `events.p5.${type}`,
    eventId,
    carrier: { baggage: "correlation.id=c-9" },
    createdMs: Date.now(),
    sentMs: Date.now(),
    payload: { orderId: "o-1" },
  });

const lettersOf = (type: string) => lettersWhere(nats, (letter) => letter.type === type);

test("a message that kills its consumer each time is dead-lettered by somebody else, once, and its bucket goes on", async () => {
  const [type, group] = [uniqueName("Killer"), uniqueName("mortal")];
  const durable = {
    ...ofEvents(`${group}-p5`, `events.p5.${type}`, 1, 300),
    maxDeliver: MAX_DELIVER,
  };
  await send(type, `${type}-bad`);
  const { seq: bad } = (await nats.manager.streams.getMessage(EVENTS_STREAM, {
    last_by_subj: `events.p5.${type}`,
  })) ?? { seq: 0 };
  await send(type, `${type}-behind`);
  const consumer = await mortal(durable, ({ seq }) => seq === bad);
  const [letter] = await eventually("its dead letter", async () => {
    const found = await lettersOf(type);
    return found.length > 0 ? found : undefined;
  });
  await eventually("what is behind it", () => (consumer.seen.includes(`${type}-behind`) ? true : undefined));
  await consumer.stop();

  expect(letter).toMatchObject({
    id: `${EVENTS_STREAM}:${bad}:${group}-p5`,
    consumer: `${group}-p5`,
    group,
    type,
    reason: "max_deliveries",
    attempts: MAX_DELIVER,
    redriven: 0,
    head: { eventId: `${type}-bad`, carrier: { baggage: "correlation.id=c-9" } },
  });
  expect(Buffer.from(letter?.data ?? []).toString()).toBe('{"orderId":"o-1"}');
  expect(await lettersOf(type)).toHaveLength(1);
});
