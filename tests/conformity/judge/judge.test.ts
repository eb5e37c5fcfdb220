import { beforeAll, describe, expect, test } from "vitest";
import { readRegistry } from "../../../telemetry/registry.ts";
import type { Registry } from "../../../telemetry/rows.ts";
import { CONDITIONS } from "./conditions.ts";
import {
  attributes,
  everything,
  LOGS,
  logLike,
  METRICS,
  type MetricLike,
  metricLike,
  origin,
  SPANS,
  type SpanLike,
  spanLike,
  typed,
} from "./emitted.fixture.ts";
import type { Emitted, Origin } from "./emitted.ts";
import { judge } from "./judge.ts";
import { schemaUrlOf } from "./origin.ts";
import { rowOf } from "./span.ts";

let registry: Registry;
let from: Origin;
beforeAll(async () => {
  registry = await readRegistry();
  from = origin(schemaUrlOf(registry));
});

const nothing: Emitted = { spans: [], metrics: [], logs: [] };
/** What is found: the rule, and the attribute where it is about one. */
const found = (emitted: Partial<Emitted>): string[] =>
  judge({ ...nothing, ...emitted }, registry).violations.map(({ rule, attribute }) =>
    attribute === "" ? rule : `${rule} ${attribute}`,
  );

test("what is as it should be has no violation, and every row of spans is among it", () => {
  const all = everything(from);
  const { violations, counts } = judge(all, registry);
  expect(violations).toEqual([]);
  expect(counts.spans).toEqual({ judged: registry.spans.length, clean: registry.spans.length });
  expect(counts["metric points"].clean).toBe(Object.keys(METRICS).length);
  expect(counts["log records"].clean).toBe(Object.keys(LOGS).length);
  expect([counts.resources, counts.scopes]).toEqual([
    { judged: 1, clean: 1 },
    { judged: 1, clean: 1 },
  ]);
  const rows = all.spans.map((span) => rowOf(span, registry.spans)?.id);
  expect(new Set(rows)).toEqual(new Set(registry.spans.map(({ id }) => id)));
});

type Change = Partial<SpanLike> & {
  readonly with?: SpanLike["attributes"];
  readonly without?: readonly string[];
};

const changed = <T extends { readonly attributes: SpanLike["attributes"] }>(
  like: T,
  { with: more = {}, without = [], ...rest }: { with?: SpanLike["attributes"]; without?: readonly string[] },
): T => ({
  ...like,
  ...rest,
  attributes: Object.fromEntries(
    Object.entries({ ...like.attributes, ...more }).filter(([name]) => !without.includes(name)),
  ),
});

describe("a span is found that has", () => {
  test.each<[string, string, Change, string[]]>([
    [
      "a name that is in no row",
      "process",
      { with: { "baton.colour": "red" } },
      ["unknown attribute baton.colour"],
    ],
    [
      "a name that belongs elsewhere",
      "process",
      { with: { "http.route": "/" } },
      ["unknown attribute http.route"],
    ],
    [
      "a name of before",
      "create",
      { with: { "messaging.system": "nats" }, without: ["messaging.system.name"] },
      ["unknown attribute messaging.system", "missing attribute messaging.system.name"],
    ],
    [
      "a wrong type",
      "edge",
      { with: { "http.response.status_code": "402" } },
      ["wrong type http.response.status_code"],
    ],
    [
      "a number that is none of its whole ones",
      "process",
      { with: { "baton.delivery.attempt": 1.5 } },
      ["wrong type baton.delivery.attempt"],
    ],
    [
      "a value that is none of its own",
      "process",
      { with: { "baton.delivery.outcome": "lost" } },
      ["wrong value baton.delivery.outcome"],
    ],
    [
      "a value that upstream has not",
      "edge",
      { with: { "http.request.method": "FETCH" }, name: "FETCH /api/v1/checkouts" },
      ["wrong value http.request.method"],
    ],
    [
      "a status code of another protocol",
      "called by Connect",
      { with: { "rpc.status_code": "UNIMPLEMENTED", "error.type": "UNIMPLEMENTED" } },
      ["wrong value rpc.status_code"],
    ],
    [
      "an error that is not its status code",
      "call",
      { with: { "error.type": "AppError" } },
      ["wrong value error.type"],
    ],
    [
      "nothing that is required",
      "send",
      { without: ["baton.outbox.id"] },
      ["missing attribute baton.outbox.id"],
    ],
    [
      "nothing that is required on its condition",
      "process",
      { without: ["error.type"] },
      ["missing attribute error.type"],
    ],
    [
      "nothing of the method that was asked for",
      "called by Connect",
      { without: ["rpc.method_original"] },
      ["missing attribute rpc.method_original"],
    ],
    [
      "something whose condition is not met",
      "process a job",
      { with: { "error.type": "unavailable" } },
      ["attribute too many error.type"],
    ],
    [
      "a template where there is a queue",
      "add a job",
      { with: { "messaging.destination.template": "events.Order" } },
      ["attribute too many messaging.destination.template"],
    ],
    [
      "a group where there is a queue",
      "process a job",
      { with: { "messaging.consumer.group.name": "email" } },
      ["unknown attribute messaging.consumer.group.name"],
    ],
    ["a wrong kind", "receive", { kind: "CONSUMER" }, ["wrong kind"]],
    ["a wrong name", "query", { name: "pg.query:SELECT" }, ["wrong name"]],
    ["a status that says more than it may", "process a job", { status: "OK" }, ["wrong status"]],
    [
      "a status that hides a failure",
      "call",
      { status: "UNSET" },
      ["wrong status", "attribute too many error.type"],
    ],
    [
      "a status that makes the caller's fault ours",
      "edge",
      { status: "ERROR", with: { "error.type": "402" } },
      ["wrong status"],
    ],
    ["a link that does not say why", "send", { links: [attributes({})] }, ["missing attribute baton.link"]],
    [
      "a link that says it in words that nobody knows",
      "send",
      { links: [attributes({ "baton.link": "friend" })] },
      ["wrong value baton.link"],
    ],
    ["an event", "use case", { events: [{ name: "exception", attributes: new Map() }] }, ["unknown event"]],
  ])("%s", (_, name, change, expected) => {
    const like = SPANS[name];
    if (!like) throw new Error(`there is no span ${name}`);
    expect(found({ spans: [spanLike(from, changed(like, change))] }).toSorted()).toEqual(expected.toSorted());
  });

  test("nothing of any row", () => {
    const stranger = spanLike(from, { name: "work", kind: "INTERNAL", attributes: {} });
    expect(found({ spans: [stranger] })).toEqual(["unknown span"]);
  });
});

describe("a metric is found that has", () => {
  type MetricChange = Partial<Omit<MetricLike, "attributes">> & Pick<Change, "with" | "without">;
  test.each<[string, string, MetricChange, string[]]>([
    ["a name that is in no row", "unsent", { name: "baton.outbox.rows" }, ["unknown metric"]],
    ["a wrong instrument", "unsent", { instrument: "updowncounter" }, ["wrong instrument"]],
    ["a wrong unit", "sent", { unit: "" }, ["wrong unit"]],
    ["wrong buckets", "processing", { bounds: [1, 2] }, ["wrong buckets"]],
    ["another description than the registry", "sent", { description: "" }, ["wrong description"]],
    ["an attribute that is in no row", "unsent", { with: { colour: "red" } }, ["unknown attribute colour"]],
    [
      "an id, which belongs on spans",
      "sent",
      { with: { "messaging.message.id": "m" } },
      ["unknown attribute messaging.message.id"],
    ],
    [
      "no address of the broker",
      "sent",
      { without: ["server.address", "server.port"] },
      ["missing attribute server.address"],
    ],
    [
      "no subscription",
      "processing",
      { without: ["messaging.destination.subscription.name"] },
      ["missing attribute messaging.destination.subscription.name"],
    ],
    ["no error", "rpc calls", { without: ["error.type"] }, ["missing attribute error.type"]],
  ])("%s", (_, name, change, expected) => {
    const like = METRICS[name];
    if (!like) throw new Error(`there is no metric ${name}`);
    expect(found({ metrics: [metricLike(from, changed(like, change))] })).toEqual(expected);
  });

  test("a pool whose name says nothing", () => {
    const pool = metricLike(origin("", "@opentelemetry/instrumentation-pg"), {
      name: "db.client.connection.max",
      instrument: "updowncounter",
      unit: "{connection}",
      description: "of theirs",
      attributes: { "db.client.connection.pool.name": "unknown_host:unknown_port/unknown_database" },
    });
    expect(found({ metrics: [pool] })).toEqual(["wrong value db.client.connection.pool.name"]);
  });

  test("an instrument that is wrong spoils each of its points", () => {
    const one = metricLike(from, { ...(METRICS.unsent as MetricLike), unit: "s" });
    const { counts } = judge(
      { ...nothing, metrics: [{ ...one, points: [...one.points, ...one.points] }] },
      registry,
    );
    expect(counts["metric points"]).toEqual({ judged: 2, clean: 0 });
  });
});

test.each<[string, Parameters<typeof logLike>[1], SpanLike["attributes"], number, string[]]>([
  ["an event that is in no row", "baton.order.eaten", {}, 9, ["unknown event"]],
  [
    "an event without what it says",
    "baton.order.placed",
    { "baton.order.id": "o" },
    9,
    ["missing attribute baton.event.total_cents"],
  ],
  ["a field that is no name", "", { orderId: "o" }, 9, ["unknown attribute orderId"]],
  [
    "what only an event says",
    "",
    { "baton.event.step": "charge" },
    9,
    ["unknown attribute baton.event.step"],
  ],
  [
    "a code where the class belongs",
    "",
    { "exception.type": "unavailable" },
    9,
    ["wrong value exception.type"],
  ],
  [
    "text where a number belongs",
    "baton.order.placed",
    { "baton.order.id": "o", "baton.event.total_cents": "1" },
    9,
    ["wrong type baton.event.total_cents"],
  ],
  [
    "an outcome that there is not",
    "",
    { "baton.delivery.outcome": "nack" },
    9,
    ["wrong value baton.delivery.outcome"],
  ],
  ["half of a method's name", "", { "rpc.method": "Charge" }, 9, ["wrong value rpc.method"]],
  ["no severity", "", {}, 0, ["wrong severity"]],
  ["another severity than its text says", "", {}, 13, ["wrong severity"]],
])("a log record is found that has %s", (_, name, plain, severity, expected) => {
  expect(found({ logs: [logLike(from, name, plain, severity)] })).toEqual(expected);
});

test("a log record is found that says nothing, or no text", () => {
  for (const body of ["", 7]) {
    expect(found({ logs: [{ ...logLike(from, "", {}), body: typed(body) }] })).toEqual(["wrong body"]);
  }
});

test("a resource and a scope are found that do not say who they are", () => {
  const spanOf = (origin: Origin) => spanLike(origin, SPANS.compensate as SpanLike);
  const resource = new Map([...from.resource].filter(([name]) => name !== "service.version"));
  const strange = new Map([...from.resource, ["host.colour", typed("red")] as const]);
  expect(found({ spans: [spanOf({ ...from, resource })] })).toEqual(["missing attribute service.version"]);
  expect(found({ spans: [spanOf({ ...from, resource: strange })] })).toEqual([
    "unknown attribute host.colour",
  ]);
  for (const change of [
    { version: "" },
    { name: "" },
    { schemaUrl: "https://opentelemetry.io/schemas/1.0.0" },
  ]) {
    expect(found({ spans: [spanOf({ ...from, scope: { ...from.scope, ...change } })] })).toEqual([
      "wrong scope",
    ]);
  }
  const library = origin("", "@opentelemetry/instrumentation-pg");
  expect(found({ spans: [spanOf(library)] })).toEqual([]);
});

test("what is excused is still found, and spoils nothing", () => {
  const spans = [spanLike(from, changed(SPANS.query as SpanLike, { name: "pg.query:SELECT" } as Change))];
  const { violations, counts } = judge({ ...nothing, spans }, registry, ({ rule }) => rule === "wrong name");
  expect(violations.length).toBe(1);
  expect(counts.spans).toEqual({ judged: 1, clean: 1 });
});

test("every condition of every row is written in code, and no other", () => {
  const levels = [
    ...registry.spans.map(({ attributes }) => attributes),
    ...[...registry.metrics.values(), ...registry.events.values()].map(({ attributes }) => attributes),
    ...Object.values(registry.any),
    registry.resource,
  ];
  const conditional = levels.flatMap((one) =>
    [...one].filter(([, level]) => level === "conditionally_required").map(([name]) => name),
  );
  expect([...CONDITIONS.keys()].toSorted()).toEqual([...new Set(conditional)].toSorted());
});
