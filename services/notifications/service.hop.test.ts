import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, uniqueName } from "../../tests/fixtures.ts";
import { type InProcess, inProcess } from "../../tests/in-process.ts";
import { inRequest, startTestTelemetry } from "../../tests/telemetry.ts";
import { compose } from "./service.ts";

const telemetry = startTestTelemetry();
let service: InProcess;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "baton-mail-"));
  service = await inProcess(compose, { BATON_MAIL_DIR: folder });
});
afterAll(async () => {
  await service.stop();
  await telemetry.stop();
  await rm(folder, { recursive: true, force: true });
});

const at = "2026-01-02T03:04:05.678Z";
const items = [{ sku: "mug", quantity: 1 }];
const order = () => ({ orderId: uniqueName("o-"), userId: uniqueName("u-") });

/** Waits for the e-mail of a kind for an event. */
const email = (kind: string, eventId: string) =>
  eventually(`the ${kind} of ${eventId}`, () =>
    readFile(path.join(folder, `${kind}-${eventId}.eml`), "utf8").catch(() => undefined),
  );
const recorded = (eventId: string) =>
  eventually(`the record of ${eventId}`, async () => {
    const { rows } = await service.db.query(
      "SELECT kind, user_id, order_id FROM emails WHERE email_id = $1",
      [eventId],
    );
    return rows[0];
  });

test("each kind of event sends its own e-mail to its receiver, and it is recorded", async () => {
  const one = order();
  const mails = [
    {
      kind: "confirmation",
      eventId: await service.publish("OrderConfirmed", { ...one, items, totalCents: 899, at }),
      to: `${one.userId}@example.test`,
      says: one.orderId,
      orderId: one.orderId,
    },
    {
      kind: "refund",
      eventId: await service.publish("PaymentRefunded", { ...one, amountCents: 899, at }),
      to: `${one.userId}@example.test`,
      says: "8.99",
      orderId: one.orderId,
    },
    {
      kind: "welcome",
      eventId: await service.publish("UserCreated", {
        userId: one.userId,
        name: "Ann",
        email: "ann.real@post.example",
        at,
      }),
      to: "ann.real@post.example",
      says: "Hello Ann",
      orderId: null,
    },
  ];
  for (const { kind, eventId, to, says, orderId } of mails) {
    const text = await email(kind, eventId);
    expect(text).toContain(`\r\nTo: ${to}\r\n`);
    expect(text.replaceAll("=\r\n", "")).toContain(says);
    expect(await recorded(eventId)).toEqual({ kind, user_id: one.userId, order_id: orderId });
  }
});

test("the same event again sends nothing more", async () => {
  const eventId = uniqueName("e-");
  const payload = { userId: uniqueName("u-"), name: "Ann", email: "ann@post.example", at };
  await service.publish("UserCreated", payload, eventId);
  await email("welcome", eventId);
  await service.publish("UserCreated", payload, eventId);
  await telemetry.ended("process events.UserCreated", 2, { "messaging.message.id": eventId });
  // The file is there before the span of its job has ended.
  await telemetry.one("process email.welcome", { "messaging.message.id": `welcome-${eventId}` });
});

test("an e-mail that fails is retried until it is sent", async () => {
  const payload = { userId: uniqueName("u-"), name: "Ann", email: "ann@post.example", at };
  const eventId = await inRequest({ "correlation.id": "c-1", fault: "notifications.send:failed*2" }, () =>
    service.publish("UserCreated", payload),
  );
  await email("welcome", eventId);
  const attempts = await telemetry.ended("process email.welcome", 3, {
    "messaging.message.id": `welcome-${eventId}`,
  });
  expect(attempts.map(({ attributes }) => attributes["baton.delivery.outcome"])).toEqual([
    "retry",
    "retry",
    "ack",
  ]);
});

test("an address that names two receivers is a dead letter at once, and neither gets an e-mail", async () => {
  const payload = { userId: uniqueName("u-"), name: "Ann", email: "ann@post.example, eve@post.example", at };
  const eventId = await service.publish("UserCreated", payload);
  const span = await telemetry.one("process email.welcome", { "messaging.message.id": `welcome-${eventId}` });
  expect(span.attributes).toMatchObject({
    "baton.delivery.outcome": "dead-letter",
    "error.type": "invalid",
  });
  expect((await readdir(folder)).filter((file) => file.includes(eventId))).toEqual([]);
});

test("an event of a wrong shape is a dead letter at once, and adds no job", async () => {
  const one = order();
  const wrong = {
    ...one,
    items: [],
    amountCents: "899",
    totalCents: 1.5,
    name: "",
    email: "ann@post.example",
    at,
  };
  for (const type of ["OrderConfirmed", "PaymentRefunded", "UserCreated"]) {
    const eventId = await service.publish(type, wrong);
    const span = await telemetry.one(`process events.${type}`, { "messaging.message.id": eventId });
    expect(span.attributes).toMatchObject({
      "baton.delivery.outcome": "dead-letter",
      "error.type": "invalid",
    });
  }
});

test("no span has a name or an address", async () => {
  const [name, address] = ["Wilhelmina-Testperson", "wilhelmina@post.example"];
  const eventId = await service.publish("UserCreated", {
    userId: uniqueName("u-"),
    name,
    email: address,
    at,
  });
  await email("welcome", eventId);
  await telemetry.one("process email.welcome", { "messaging.message.id": `welcome-${eventId}` });
  const spans = ["send email.welcome", "process email.welcome", "process events.UserCreated"].flatMap(
    (span) => telemetry.find(span),
  );
  const told = JSON.stringify(
    spans.map(({ name: span, attributes, events, status }) => ({ span, attributes, events, status })),
  );
  expect(told).toContain(eventId);
  expect(told).not.toMatch(/Wilhelmina|post\.example/i);
});
