import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { brokerSaid } from "./broker.ts";

const known = { "services/_kit/nats/": "the connection" };
const connection = { "services/_kit/nats/connection.ts": 'import "@nats-io/transport-node";' };
const found = (texts: Record<string, string>) =>
  brokerSaid(repositoryOf({ ...connection, ...texts }), known).map(said);

test("a line that names the broker outside the listed places is a violation", () => {
  expect(found({ "services/orders/place.ts": "// Sends.\n// To JetStream." })).toEqual([
    "services/orders/place.ts:2: names the broker: use the port, services/_kit/events/broker.ts",
  ]);
  expect(found({ "services/_kit/events/relay.ts": "const natsUrl = 1;" })).toHaveLength(1);
});

test("tests, files outside the shop and a comment about the folder may name the broker", () => {
  expect(
    found({
      "services/orders/place.test.ts": "// NATS",
      "playground/provide/nats.ts": "// NATS",
      "services/_kit/events/broker.ts": "// A folder beside `nats/`.",
    }),
  ).toEqual([]);
});

test("a listed place that no longer names the broker is an outdated exception", () => {
  expect(brokerSaid(repositoryOf({}), known).map(said)).toEqual([
    "tests/tidy/imports/broker.ts:1: the exception services/_kit/nats/ no longer applies: nothing there names the broker: remove its line",
  ]);
});
