import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, freshDatabase, inWaves, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type InProcess, inProcess } from "../../tests/in-process.ts";
import { patient } from "../../tests/patience.ts";
import { inRequest, startTestTelemetry } from "../../tests/telemetry.ts";
import { PAYMENT_COMMANDS } from "../_contracts/commands.ts";
import { EVENTS, type Payload } from "../_contracts/events.ts";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { attemptsSchema } from "../_kit/events/attempts.ts";
import { subscribe } from "../_kit/events/consumer.ts";
import type { RunningConsumer } from "../_kit/events/receiver.ts";
import { type JobQueue, jobQueue, type NewJob } from "../_kit/jobs/queue.ts";
import { type RpcClient, rpcClient } from "../_kit/rpc/client.ts";
import { compose } from "./service.ts";

const telemetry = startTestTelemetry();
const refunds: Payload<"PaymentRefunded">[] = [];
let service: InProcess;
let client: RpcClient<typeof PaymentService>;
// It can also add jobs that no service of the shop adds.
let commands: JobQueue<NewJob>;
let listener: RunningConsumer;
let heardDb: Database;

beforeAll(async () => {
  service = await inProcess(compose);
  // Long enough for any machine: a call that times out would be a further outcome here.
  client = rpcClient(PaymentService, service.url, patient(15_000));
  commands = jobQueue(PAYMENT_COMMANDS, service.redis);
  heardDb = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
  const heard = {
    group: uniqueName("test"),
    type: "PaymentRefunded",
    handle: async ({ payload }: { payload: unknown }) => {
      refunds.push(EVENTS.PaymentRefunded.schema.parse(payload));
    },
  };
  listener = await subscribe(heard, { broker: service.broker, db: heardDb, mode: "parent", log: quiet });
});
afterAll(async () => {
  await listener.stop();
  client.close();
  await commands.close();
  await service.stop();
  await heardDb.close();
  await telemetry.stop();
});

const keyOf = (orderId: string) => `${orderId}:charge`;
const charge = (orderId: string, token = "tok_visa") =>
  client.call.charge({ idempotencyKey: keyOf(orderId), orderId, userId: "ann", amountCents: 2_499n, token });
const outcomeOf = (orderId: string) =>
  client.call.getCharge({ idempotencyKey: keyOf(orderId) }).catch(() => undefined);
const refund = (orderId: string, payload: object = { chargeKey: keyOf(orderId), orderId, userId: "ann" }) =>
  commands.add({ name: "refund", id: `refund-${orderId}`, payload });
const refundsOf = (orderId: string) => refunds.filter((heard) => heard.orderId === orderId);
/** Waits until the refund has had its effect and its event has been heard. */
const refunded = (orderId: string) =>
  eventually(`the refund of ${orderId}`, async () => {
    const outcome = await outcomeOf(orderId);
    return outcome?.refunded && refundsOf(orderId).length > 0 ? outcome : undefined;
  });

test("a refund command gives back what was charged once, however often it is sent, with one event", async () => {
  const orderId = uniqueName("o-");
  await charge(orderId);
  await refund(orderId);
  await refund(orderId);
  await commands.add({
    name: "refund",
    id: `again-${orderId}`,
    payload: { chargeKey: keyOf(orderId), orderId, userId: "ann" },
  });
  expect(await refunded(orderId)).toMatchObject({ declined: false, voided: false });
  await telemetry.one(`process ${PAYMENT_COMMANDS}.refund`, { "messaging.message.id": `again-${orderId}` });
  expect(refundsOf(orderId)).toMatchObject([{ userId: "ann", amountCents: 2_499 }]);
});

test("a refund that fails is retried until it succeeds", async () => {
  const orderId = uniqueName("o-");
  await charge(orderId);
  await inRequest({ "correlation.id": "c-1", fault: "payments.refund:failed*2" }, () => refund(orderId));
  await refunded(orderId);
  const attempts = await telemetry.ended(`process ${PAYMENT_COMMANDS}.refund`, 3, {
    "messaging.message.id": `refund-${orderId}`,
  });
  expect(attempts.map(({ attributes }) => attributes["baton.delivery.outcome"])).toEqual([
    "retry",
    "retry",
    "ack",
  ]);
});

test("an invalid refund command is a dead letter at once, and nothing is given back", async () => {
  const orderId = uniqueName("o-");
  await charge(orderId);
  await refund(orderId, { orderId });
  const span = await telemetry.one(`process ${PAYMENT_COMMANDS}.refund`, {
    "messaging.message.id": `refund-${orderId}`,
  });
  expect(span.attributes).toMatchObject({
    "baton.delivery.outcome": "dead-letter",
    "error.type": "invalid",
  });
  expect(await outcomeOf(orderId)).toMatchObject({ refunded: false });
});

test("with the fault `lost` the caller gets an error, and the charge can be looked up", async () => {
  const orderId = uniqueName("o-");
  const lost = inRequest({ "correlation.id": "c-2", fault: "payments.charge:lost" }, () => charge(orderId));
  await expect(lost).rejects.toMatchObject({ code: "unavailable" });
  expect(await outcomeOf(orderId)).toMatchObject({ declined: false, refunded: false, voided: false });
});

test("50 refunds, each at once with its charge: refunded or voided, never charged and kept", async () => {
  const orders = Array.from({ length: 50 }, () => uniqueName("o-race-"));
  const charges = await inWaves(orders, 5, async (orderId) => {
    const [charged] = await Promise.allSettled([charge(orderId), refund(orderId)]);
    return charged.status === "fulfilled" ? "charged" : charged.reason.reason;
  });
  for (const [n, orderId] of orders.entries()) {
    const settled = await eventually(`the end of ${orderId}`, async () => {
      const outcome = await outcomeOf(orderId);
      return outcome?.refunded || outcome?.voided ? outcome : undefined;
    });
    expect(charges[n]).toBe(settled.voided ? "charge_voided" : "charged");
  }
});
