import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { brokerSaid } from "./broker.ts";

const known = { "services/_kit/nats/": "the connection" };
const connection = { "services/_kit/nats/connection.ts": 'import "@nats-io/transport-node";' };
const found = (texts: Record<string, string>) =>
  brokerSaid(repositoryOf({ ...connection, ...texts }), known).map(said);

test("a line that says which broker it is, outside of the places that know it", () => {
  expect(found({ "services/orders/place.ts": "// Sends.\n// To JetStream." })).toEqual([
    "services/orders/place.ts:2: says which broker it is: ask the port, services/_kit/events/broker.ts",
  ]);
  expect(found({ "services/_kit/events/relay.ts": "const natsUrl = 1;" })).toHaveLength(1);
});

test("tests, what is outside of the shop, and a comment that points at the folder may", () => {
  expect(
    found({
      "services/orders/place.test.ts": "// NATS",
      "playground/provide/nats.ts": "// NATS",
      "services/_kit/events/broker.ts": "// A folder beside `nats/`.",
    }),
  ).toEqual([]);
});

test("a place that does not say it any more is no exception", () => {
  expect(brokerSaid(repositoryOf({}), known).map(said)).toEqual([
    "tests/tidy/imports/broker.ts:1: the exception services/_kit/nats/ no longer applies: nothing there says it: remove its line",
  ]);
});
