/** The property of door.test.ts with many cases, many at a time, and the memory that they leave in use. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../../../tests/fixtures.ts";
import { OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import { fault, rawClient, type Sent, sent } from "./door.fixture.ts";
import { grpcJs, serveOrders } from "./serve.fixture.ts";

const CASES = 10_560;
const AT_ONCE = 8;
const MIB = 2 ** 20;

const server = await serveOrders({
  getOrder: ({ orderId }) => ({ order: { orderId: orderId.slice(0, 100) } }),
  async *listOrders({ userId }) {
    yield { order: { orderId: userId.slice(0, 100) } };
  },
});
const client = rawClient(server.url);
afterAll(async () => {
  client.close();
  await server.close(0);
});

setFlagsFromString("--expose_gc");
const gc: () => void = runInNewContext("gc");
/** The memory in use after a garbage collection, with the memory outside of the heap. */
const inUse = () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test(`${CASES} bad calls: each is answered right, no memory is lost, and the next good call works`, async () => {
  let done = 0;
  const batch = async (inputs: readonly Sent[]) => {
    const wrong = await Promise.all(inputs.map(async (input) => fault(input, await client.send(input))));
    done += inputs.length;
    expect(wrong.filter((what) => what !== undefined)).toEqual([]);
  };
  const inputs = fc.array(sent, { minLength: AT_ONCE, maxLength: AT_ONCE });
  const some = async (cases: number) => {
    await fc.assert(fc.asyncProperty(inputs, batch), { numRuns: cases / AT_ONCE });
  };
  // Memory that is allocated once, such as compiled code and pools, is there after the first sixth.
  await some(CASES / 6);
  const before = inUse();
  await some((CASES * 5) / 6);
  expect(done).toBeGreaterThanOrEqual(CASES);
  // This frees the memory of its connections.
  client.close();
  await eventually(
    "the memory in use to be less than 12 MiB above what it was",
    () => inUse() - before < 12 * MIB || undefined,
  );

  const good = grpcJs(server.url);
  expect((await good.unary(OrderService.method.getOrder, { orderId: "o" })).order?.orderId).toBe("o");
  good.close();
});
