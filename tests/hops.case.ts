/**
 * Checks every hop of the table by a real request. The last test names the rows that no request here has covered: they
 * are not proven. Requests are sent one after the other, because messages of two could share a batch.
 */
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Journey, Span } from "../collector/lens/journey/model.ts";
import { orderStatusOf } from "../load/answer.ts";
import { fulfilment, HOPS, JOURNEYS, PAGES } from "../load/hops.ts";
import type { Hop } from "../load/scenario.ts";
import { scenarios } from "../load/scenarios/index.ts";
import { hopId } from "../load/shapes.ts";
import { verdictOn } from "../load/verdict.ts";
import { awaitJourney, findJourney } from "../playground/clients/lens.ts";
import { type Io, readArguments } from "../playground/command.ts";
import { redrive } from "../playground/commands/redrive.ts";
import { BATON } from "../services/_kit/telemetry/conventions.ts";
import { ASYNC_MODES } from "../services/_kit/telemetry/propagation.ts";
import { judgeAttempts } from "./attempts.ts";
import { eventually } from "./fixtures.ts";
import { judge, judgedPlaces, judgeHops, placesOf, spanIn } from "./judge.ts";
import { onePlayground } from "./one-playground.ts";
import { patient } from "./patience.ts";
import type { ApiAnswer, TestPlayground } from "./playground.ts";

const never = new AbortController().signal;
let playground: TestPlayground;
beforeAll(async () => {
  playground = await onePlayground();
});

const ask: TestPlayground["ask"] = (...request) => playground.ask(...request);
const order = (userId: string) => ({
  userId,
  items: [{ sku: "kettle", quantity: 1 }],
  payment: { token: "tok_visa" },
});
/** A request's baggage, as a client writes the header. */
const baggage = (entries: Record<string, string>) => ({
  baggage: Object.entries(entries)
    .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
    .join(","),
});
/** The first attempts to pick fail and are retried, so that the order can still be cancelled. */
const pickedLate = baggage({ fault: "shipping.pick:failed*4" });

/** A killed service is back within this time, even on a busy machine. */
const RESTART_MS = 60_000;

/**
 * Waits until the journey of this trace has all of `hops`, settled or not: below the span `root`, if one is named.
 * Resolves to the spans below `root`, and all others.
 */
const reached = (traceId: unknown, hops: readonly Hop[], root = ""): Promise<[Span[], Span[]]> =>
  eventually(
    `${hops.map(hopId).join(", ")} in the journey ${traceId}`,
    async () => {
      const found = await findJourney(playground.urls.lens, String(traceId), never);
      const parts = found ? parted(found.journey, root) : ([[], []] satisfies [Span[], Span[]]);
      const there = new Set<string>(parts[0].map(hopId));
      return hops.every((hop) => there.has(hopId(hop))) ? parts : undefined;
    },
    RESTART_MS,
  );

/** The span `id` with its descendants, and all other spans; without an id all are in the first list. */
function parted({ spans }: Journey, id: string): [below: Span[], others: Span[]] {
  const all = spans.map(({ span }) => span);
  if (id === "") return [all, []];
  const from = spans.findIndex(({ span }) => hopId(span) === id);
  if (from < 0) return [[], all];
  const next = spans.findIndex(({ depth }, n) => n > from && depth <= (spans[from]?.depth ?? 0));
  const to = next < 0 ? all.length : next;
  return [all.slice(from, to), [...all.slice(0, from), ...all.slice(to)]];
}

/** Waits for a good checkout up to its last hop, so that later messages share no batch with it. */
const checkedOut = async (userId: string): Promise<ApiAnswer> => {
  const answer = await ask("POST", "/v1/checkouts", order(userId));
  await playground.journey(String(answer.body.traceId), fulfilment);
  return answer;
};

test.each(scenarios)("the scenario $name keeps its promise in every hop", async (scenario) => {
  const { name, request, faults, expect: promised } = scenario;
  const { items, token } = request;
  const { status, body } = await ask(
    "POST",
    "/v1/checkouts",
    { userId: name, items, payment: { token } },
    baggage({ "scenario.run": name, ...(faults.length > 0 && { fault: faults.join("|") }) }),
  );
  const found = await playground.journey(String(body.traceId), promised.hops);
  judge(found, promised.hops, "parent+link", { correlationId: String(body.correlationId), run: name });
  const { body: atTheEnd } = await ask("GET", `/v1/orders/${body.orderId}`);
  const outcome = { answer: { httpStatus: status, orderStatus: orderStatusOf(body) }, ...found };
  expect(verdictOn(scenario, { ...outcome, orderStatus: String(atTheEnd.status) }).findings).toEqual([]);
});

/** Requests that change something in the shop, with `asked` in their baggage. */
const requests: Partial<
  Record<keyof typeof JOURNEYS, (asked: Record<string, string>) => Promise<ApiAnswer>>
> = {
  "a checkout whose charge gives no answer": (asked) =>
    ask("POST", "/v1/checkouts", order("lou"), baggage({ ...asked, fault: "payments.charge:lost" })),
  "sign-up": (asked) => ask("POST", "/v1/users", { name: "Ann", email: newEmail() }, baggage(asked)),
  cancel: async (asked) => {
    const { body } = await ask("POST", "/v1/checkouts", order("carl"), pickedLate);
    const answer = await ask("DELETE", `/v1/orders/${body.orderId}`, undefined, baggage(asked));
    await reached(body.traceId, [
      { service: "analytics", name: "process events.OrderConfirmed", kind: "CONSUMER" },
    ]);
    return answer;
  },
  delivery: async (asked) => {
    const { body } = await checkedOut("dora");
    return ask("PUT", `/v1/orders/${body.orderId}/status`, { status: "DELIVERED" }, baggage(asked));
  },
  "add an item": (asked) => ask("POST", "/v1/items", newItem(), baggage(asked)),
  "price an item": async (asked) =>
    ask("PUT", `/v1/items/${await added()}/price`, { priceCents: 6 }, baggage(asked)),
  "restock an item": async (asked) =>
    ask("POST", `/v1/items/${await added()}/restocks`, { quantity: 3 }, baggage(asked)),
  "retire an item": async (asked) => ask("DELETE", `/v1/items/${await added()}`, undefined, baggage(asked)),
};
let emails = 0;
const newEmail = (): string => `ann-${emails++}@example.test`;
let skus = 0;
const newItem = () => ({ sku: `bolt-${skus++}`, title: "A bolt", priceCents: 5, stock: 7 });
/** An item that is in the audit log, so that later changes share no batch with its creation; resolves to its SKU. */
const added = async (): Promise<string> => {
  const { body } = await ask("POST", "/v1/items", newItem());
  await playground.journey(String(body.traceId), JOURNEYS["add an item"]);
  return String(body.sku);
};

describe.each(ASYNC_MODES)("in mode %s", (mode) => {
  for (const [name, request] of Object.entries(requests)) {
    test(`${name}: every hop`, async () => {
      const hops = JOURNEYS[name as keyof typeof JOURNEYS];
      const { status, body } = await request({ async: mode, "scenario.run": mode });
      expect([200, 201], JSON.stringify(body)).toContain(status);
      const found = await playground.journey(String(body.traceId), hops);
      judge(found, hops, mode, { correlationId: String(body.correlationId), run: mode });
    });
  }
});

/** The addresses of reading requests, for this order and its user. */
const reads: Partial<Record<keyof typeof JOURNEYS, (orderId: string, userId: string) => string>> = {
  "read a user": (_, userId) => `/api/v1/users/${userId}`,
  "read an order": (orderId) => `/api/v1/orders/${orderId}`,
  "list orders": () => "/api/v1/orders?userId=rea",
  "read a history": (orderId) => `/api/v1/orders/${orderId}/history`,
  "watch an order": (orderId) => `/api/v1/orders/${orderId}/events`,
  "read an item": () => "/api/v1/items/kettle",
  "list items": () => "/api/v1/items?limit=2",
};

describe("a reading request", () => {
  let ids: [orderId: string, userId: string];
  beforeAll(async () => {
    const placed = await checkedOut("rea");
    const signedUp = await ask("POST", "/v1/users", { name: "Rea", email: newEmail() });
    ids = [String(placed.body.orderId), String(signedUp.body.userId)];
  });

  /** Reads only the head of the answer, because a live status has no end. */
  async function get(path: string, correlationId: string): Promise<void> {
    const headers = { "x-correlation-id": correlationId, ...baggage({ "scenario.run": correlationId }) };
    const response = await fetch(`${playground.urls.gateway}${path}`, { headers });
    await response.body?.cancel();
  }

  for (const [name, path] of Object.entries(reads)) {
    test(`${name}: every hop`, async () => {
      const hops = JOURNEYS[name as keyof typeof JOURNEYS];
      const id = name.replaceAll(" ", "-");
      await get(path(...ids), id);
      const waiting = { signal: never, stillMs: patient(20_000) };
      const { found, complete, missing } = await awaitJourney(playground.urls.lens, id, hops, waiting);
      expect({ complete, missing }).toEqual({ complete: true, missing: [] });
      const spans = found?.journey.spans.map(({ span }) => span) ?? [];
      judgeHops(spans, hops, { mode: "parent+link" });
      expect(new Set(spans.map((span) => span.attributes[BATON.correlationId]))).toEqual(new Set([id]));
    });
  }

  test("for a page, or for an unknown path, is one span", async () => {
    const files = new Map([["GET /docs/:file", "/docs/start.js"]]);
    for (const [n, page] of PAGES.entries()) {
      const path = files.get(page.name) ?? page.name.replace(/^GET ?/, "");
      await get(path || "/api/v1/nothing", `page-${n}`);
      const spans = await eventually(`the span "${page.name}"`, async () => {
        const found = await findJourney(playground.urls.lens, `page-${n}`, never);
        return found?.journey.spans.map(({ span }) => span);
      });
      judgeHops(spans, [page], { mode: "parent+link" });
    }
  });
});

/** Ends the leases of unfinished sagas, so that the sweeper resumes them at once. */
const endLeases = () => playground.rows("orders", "UPDATE sagas SET due_at = now() WHERE step <> 'done'");

const RESUME_MS = 2 * RESTART_MS;

describe("a resumed saga begins a trace that links to its request", () => {
  const CHECKOUT = "orders|baton.orders.v1.OrderService/Checkout|SERVER";
  const RESUMED = "orders|resume checkout|INTERNAL";

  /**
   * Waits until the saga of `request` has been resumed by the span `root` and has every hop of the journey `name`, and
   * checks these hops. Resolves to all other spans of the request. They do not settle, because a killed process has not
   * exported its spans.
   */
  async function judgeResumed(
    request: ApiAnswer,
    name: keyof typeof JOURNEYS,
    root: string,
  ): Promise<Span[]> {
    const traceId = String(request.body.traceId);
    const hops = JOURNEYS[name];
    await endLeases();
    const [resumed, others] = await reached(traceId, hops, root);
    const spanId = others.find((span) => hopId(span) === CHECKOUT)?.spanId;
    const origin = { traceId, ...(spanId !== undefined && { spanId }) };
    judgeHops(resumed, hops, { mode: "parent+link", origin });
    return others;
  }

  test(
    "when the charge timed out: the charge is looked up, and the order is rejected",
    async () => {
      const stuck = baggage({ fault: "payments.charge:slow(60000)", "scenario.run": "stuck" });
      const request = await ask("POST", "/v1/checkouts", order("sue"), stuck);
      expect(request.status, "the outcome is unknown").toBe(504);
      const others = await judgeResumed(request, "a resumed checkout, rejected", RESUMED);
      expect(spanIn(others, CHECKOUT).status).toBe("ERROR");
    },
    RESUME_MS,
  );

  test(
    "when its process died after the charge: the order is confirmed and shipped",
    async () => {
      const dies = baggage({ fault: "orders.saga:kill(after-charge)", "scenario.run": "killed" });
      const request = await ask("POST", "/v1/checkouts", order("kim"), dies);
      expect(request.status, "its process died").toBe(503);
      await judgeResumed(request, "a resumed checkout, confirmed", RESUMED);
    },
    RESUME_MS,
  );

  test(
    "when its process died during a cancel: stock and money are given back",
    async () => {
      const { body } = await ask("POST", "/v1/checkouts", order("cleo"), pickedLate);
      // What orders has not exported when it is killed is lost, also of this checkout.
      await reached(body.traceId, [
        { service: "orders", name: "baton.orders.v1.OrderService/Checkout", kind: "SERVER" },
        { service: "orders", name: "create events.OrderConfirmed", kind: "PRODUCER" },
      ]);
      const dies = baggage({ fault: "orders.saga:kill(refund)", "scenario.run": "killed" });
      const request = await ask("DELETE", `/v1/orders/${body.orderId}`, undefined, dies);
      expect(request.status, "its process died").toBe(503);
      await judgeResumed(request, "a resumed cancel", "orders|resume cancel|INTERNAL");
    },
    RESUME_MS,
  );
});

/** Runs `npm run redrive`; resolves to its output. */
async function redriven(...argv: string[]): Promise<string> {
  const out = new PassThrough();
  const io: Io = {
    out: out as unknown as NodeJS.WriteStream,
    err: out as unknown as NodeJS.WriteStream,
    env: { BATON_NATS_URL: playground.urls.nats },
    root: playground.dir,
    dir: playground.dir,
    signal: never,
  };
  await redrive.run(readArguments(redrive, argv), io).finally(() => out.end());
  return text(out);
}

test("retries have the first attempt's parent, a redrive begins a trace: an event in a batch, a job", async () => {
  const fault = "analytics.record:failed*9|notifications.send:failed*9";
  const asked = baggage({ fault, "scenario.run": "redriven" });
  const { body } = await ask("POST", "/v1/checkouts", order("rob"), asked);
  const given = [
    { service: "analytics", name: "process events.OrderConfirmed", kind: "CONSUMER" },
    { service: "analytics", name: "process events.OrderShipped", kind: "CONSUMER" },
    { service: "notifications", name: "process email.confirmation", kind: "CONSUMER" },
  ] as const satisfies readonly Hop[];
  const letters = async () => (JSON.parse(await redriven("list", "--json")) as unknown[]).length;
  await eventually("a dead letter of each", async () => (await letters()) === given.length || undefined);
  await redriven("--all");
  const spans = await eventually("each to be handled once more", async () => {
    const { journey } = await playground.journey(String(body.traceId), given);
    const all = journey.spans.map(({ span }) => span);
    const handled = (hop: Hop) =>
      all.some((span) => hopId(span) === hopId(hop) && span.attributes[BATON.outcome] === "ack");
    return given.every(handled) ? all : undefined;
  });
  for (const hop of given) judgeAttempts(spans, hop, 5, "parent+link");
});

test("every row of the table has been checked above, under each of its parents", () => {
  const missing = HOPS.flatMap(placesOf).filter((place) => !judgedPlaces.has(place));
  expect(
    missing.map((place) => `load/hops.ts: ${place} is proven by no test: request it in tests/hops.case.ts`),
  ).toEqual([]);
});
