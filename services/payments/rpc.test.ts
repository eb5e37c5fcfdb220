import type { MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { quiet } from "../../tests/fixtures.ts";
import { patient } from "../../tests/patience.ts";
import { type ChargeRequestSchema, PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Listening } from "../_kit/http/listen.ts";
import { type RpcClient, rpcClient } from "../_kit/rpc/client.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import type { ChargeRequest } from "./charge.ts";
import { paymentsRoutes } from "./rpc.ts";
import type { Outcome } from "./store.ts";

type Sent = MessageInitShape<typeof ChargeRequestSchema>;

const good: Sent = {
  idempotencyKey: "o-1:charge",
  orderId: "o-1",
  userId: "ann",
  amountCents: 2_499n,
  token: "tok_visa",
};
const charged: ChargeRequest[] = [];
const outcomes = new Map<string, Outcome>();
let server: Listening;
let client: RpcClient<typeof PaymentService>;

beforeAll(async () => {
  server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [PaymentService],
    routes: paymentsRoutes({
      charge: async (request) => `ch-${charged.push(request)}`,
      find: async (key) => outcomes.get(key),
    }),
    ready: async () => {},
  });
  client = rpcClient(PaymentService, server.url, patient(5_000));
});
afterAll(async () => {
  client.close();
  await server.close();
});
beforeEach(() => {
  charged.length = 0;
});

test("a charge reaches the use case unchanged, the amount as a number", async () => {
  expect(await client.call.charge(good)).toMatchObject({ chargeId: "ch-1" });
  const { idempotencyKey: _, ...rest } = good;
  expect(charged).toEqual([{ ...rest, key: "o-1:charge", amountCents: 2_499 }]);
});

test("a charge is accepted up to its limits, and a refusal names the field", async () => {
  const limits: readonly [keyof Sent & string, unknown[], unknown[]][] = [
    ["amountCents", [0n, BigInt(Number.MAX_SAFE_INTEGER)], [-1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)]],
    ["idempotencyKey", ["k".repeat(160)], ["", "k".repeat(161), "a b", "a\u0000"]],
    ["orderId", ["o".repeat(128)], ["", "o".repeat(129), "é"]],
    ["userId", ["u".repeat(128)], ["", "u".repeat(129), "a/b"]],
    ["token", ["t".repeat(128)], ["", "t".repeat(129), "4111 1111 1111 1111"]],
  ];
  for (const [field, taken, refused] of limits) {
    for (const value of taken) await client.call.charge({ ...good, [field]: value });
    const before = charged.length;
    for (const value of refused) {
      await expect(client.call.charge({ ...good, [field]: value }), field).rejects.toMatchObject({
        code: "invalid",
        message: expect.stringContaining(field),
      });
    }
    expect(charged, field).toHaveLength(before);
  }
});

test("any charge is refused as invalid or within its limits; a token is never quoted", async () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z:._-]{0,200}$/));
  const request = fc.record({
    idempotencyKey: text,
    orderId: text,
    userId: text,
    amountCents: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    token: fc.oneof(text, fc.constant("tok /secret/")),
  });
  const check = async (sent: Sent) => {
    const before = charged.length;
    const answer = await client.call.charge(sent).catch((thrown: unknown) => thrown);
    if (answer instanceof Error) {
      expect(answer).toMatchObject({ code: "invalid" });
      expect(answer.message).not.toContain("secret");
    }
    expect(charged.length - before).toBe(answer instanceof Error ? 0 : 1);
    for (const { key, amountCents } of charged.slice(before)) {
      expect(key).toMatch(/^[A-Za-z0-9._:-]{1,160}$/);
      expect(Number.isSafeInteger(amountCents) && amountCents >= 0).toBe(true);
    }
  };
  await fc.assert(fc.asyncProperty(request, check), { numRuns: 60 });
});

test("the outcome of a charge is answered in full", async () => {
  const ask = async (key: string, outcome: Outcome) => {
    outcomes.set(key, outcome);
    const { chargeId, declined, refunded, voided } = await client.call.getCharge({ idempotencyKey: key });
    return { chargeId, declined, refunded, voided };
  };
  const no = { declined: false, refunded: false, voided: false };
  expect([
    await ask("k-1", { status: "charged", chargeId: "ch-1", refunded: false }),
    await ask("k-2", { status: "charged", chargeId: "ch-2", refunded: true }),
    await ask("k-3", { status: "declined", chargeId: "ch-3" }),
    await ask("k-4", { status: "voided" }),
  ]).toEqual([
    { ...no, chargeId: "ch-1" },
    { ...no, chargeId: "ch-2", refunded: true },
    { ...no, chargeId: "ch-3", declined: true },
    { ...no, chargeId: "", voided: true },
  ]);
  await expect(client.call.getCharge({ idempotencyKey: "nobody" })).rejects.toMatchObject({
    code: "not_found",
  });
  await expect(client.call.getCharge({ idempotencyKey: "" })).rejects.toMatchObject({ code: "invalid" });
});
