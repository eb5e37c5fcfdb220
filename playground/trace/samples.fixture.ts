/** Two checkouts with spans like those of the playground, for tests of the tree. */
import type { Hop, Journey, LogRecord, Span } from "../../collector/lens/journey/model.ts";
import { journeysOf } from "../../collector/lens/journey/shop.fixture.ts";
import { atMs, linkTo } from "../../collector/lens/journey/spans.fixture.ts";
import { ATTR, BATON, LINK } from "../../services/_kit/telemetry/conventions.ts";
import { Checkout, type Mode, orderId } from "./checkout.fixture.ts";

const ORDER = "baton.orders.v1.OrderService/Checkout";
const RESERVE = "baton.inventory.v1.InventoryService/Reserve";
const RELEASE = "baton.inventory.v1.InventoryService/Release";
const CHARGE = "baton.payments.v1.PaymentService/Charge";
/** A complete checkout. The e-mail takes two attempts, analytics reads the event in a batch with others. */
export function goodSpans(mode: Mode = "parent+link"): readonly Span[] {
  const c = new Checkout(mode);
  const root = c.add(null, "gateway", "SERVER", "POST /api/v1/checkouts", [0, 31.4], {
    attributes: { [ATTR.httpStatus]: 201, [BATON.edge]: "continue" },
  });
  const server = c.rpc(root, "gateway", "orders", ORDER, [1.1, 30.6]);
  const saga = c.add(server, "orders", "INTERNAL", "checkout", [2.2, 29.4], {
    attributes: { [BATON.orderId]: orderId },
  });
  c.pg(saga, "orders", 2.6, "BEGIN", "INSERT orders", "COMMIT");
  c.pg(
    c.rpc(saga, "orders", "inventory", RESERVE, [6.1, 13.2]),
    "inventory",
    7.4,
    "BEGIN",
    "UPDATE inventory",
    "COMMIT",
  );
  const pay = c.rpc(saga, "orders", "payments", CHARGE, [13.8, 22.9]);
  c.pg(
    c.add(pay, "payments", "INTERNAL", "charge", [15.1, 21.9]),
    "payments",
    15.6,
    "BEGIN",
    "INSERT charges",
    "COMMIT",
  );
  c.pg(saga, "orders", 23.6, "UPDATE orders");
  const confirmed = c.event(saga, "orders", "events.OrderConfirmed", 25.2, 36.8);
  c.pg(saga, "orders", 26.1, "INSERT outbox", "COMMIT");
  ship(c, confirmed);
  mail(c, confirmed);
  analyse(c, confirmed);
  return c.spans;
}

function ship(c: Checkout, confirmed: Span): void {
  const waits = { [BATON.waitOutbox]: 0.0116, [BATON.waitStream]: 0.0021 };
  const shipping = c.process(confirmed, "shipping", "process events.OrderConfirmed", [38.9, 48.3], waits);
  c.pg(shipping, "shipping", 39.4, "BEGIN", "INSERT inbox", "INSERT shipments", "COMMIT");
  const jobs = ["pick", "pack", "ship"].map((job, i) =>
    c.add(shipping, "shipping", "PRODUCER", `create shipping.${job}`, [44.1 + i / 5, 44.2 + i / 5], {
      attributes: { [ATTR.messageId]: `${job}-1` },
    }),
  );
  const links = jobs.map((job) => linkTo(job));
  c.add(shipping, "shipping", "PRODUCER", "send shipping.flow", [44.9, 47.6], { links });
  const [pick, pack, deliver] = jobs;
  if (!pick || !pack || !deliver) return;
  const since = (seconds: number, from: string) => ({ [BATON.waitJob]: seconds, [BATON.waitJobSince]: from });
  c.pg(
    c.process(pick, "shipping", "process shipping.pick", [51.2, 63.9], since(0.0036, "added")),
    "shipping",
    52,
    "UPDATE shipments",
  );
  c.pg(
    c.process(pack, "shipping", "process shipping.pack", [66.1, 79.2], since(0.0022, "children")),
    "shipping",
    67,
    "UPDATE shipments",
  );
  const last = c.process(
    deliver,
    "shipping",
    "process shipping.ship",
    [81.4, 95.8],
    since(0.0022, "children"),
  );
  c.pg(last, "shipping", 82, "BEGIN", "UPDATE shipments", "INSERT outbox", "COMMIT");
  const shipped = c.event(last, "shipping", "events.ParcelShipped", 86.4, 101.7);
  const done = c.process(shipped, "orders", "process events.ParcelShipped", [104.4, 110.1], {
    [BATON.waitStream]: 0.0027,
  });
  c.pg(done, "orders", 105, "BEGIN", "INSERT inbox", "UPDATE orders", "COMMIT");
}

function mail(c: Checkout, confirmed: Span): void {
  const notify = c.process(confirmed, "notifications", "process events.OrderConfirmed", [39.3, 44.0], {
    [BATON.waitStream]: 0.0025,
  });
  c.pg(notify, "notifications", 39.8, "INSERT inbox");
  const attributes = { [ATTR.messageId]: "email-1" };
  const send = c.add(notify, "notifications", "PRODUCER", "send email.confirmation", [41.2, 43.1], {
    attributes,
  });
  const first = c.process(
    send,
    "notifications",
    "process email.confirmation",
    [45.4, 49.2],
    { [BATON.waitJob]: 0.0023, [BATON.waitJobSince]: "added", [BATON.attempt]: 1, [BATON.outcome]: "retry" },
    { error: ["ECONNREFUSED", "mail server away"] },
  );
  c.process(
    send,
    "notifications",
    "process email.confirmation",
    [77.2, 84.1],
    { [BATON.waitJob]: 0.008, [BATON.waitJobSince]: "retry", [BATON.attempt]: 2 },
    { links: [linkTo(first, LINK.previousAttempt)] },
  );
}

function analyse(c: Checkout, confirmed: Span): void {
  const links = [linkTo(confirmed), linkTo("another/checkout")];
  const receive = c.add(null, "analytics", "CLIENT", "receive events", [38.2, 54.0], { links });
  const attributes = {
    [ATTR.messageId]: confirmed.attributes[ATTR.messageId] ?? "",
    [BATON.outcome]: "ack",
    [BATON.waitStream]: 0.0031,
  };
  const process = c.add(receive, "analytics", "CONSUMER", "process events.OrderConfirmed", [39.9, 46.2], {
    links: [linkTo(confirmed)],
    attributes,
  });
  c.pg(process, "analytics", 40.4, "BEGIN", "INSERT inbox", "INSERT sales", "COMMIT");
}

/** A checkout whose card is declined: the stock is released again. */
export function declinedSpans(): readonly Span[] {
  const c = new Checkout("parent+link");
  const error = ["card_declined", "the card tok_declined was declined"] as const;
  const root = c.add(null, "gateway", "SERVER", "POST /api/v1/checkouts", [0, 33.0], {
    attributes: { [ATTR.httpStatus]: 402, [BATON.edge]: "continue" },
  });
  const call = c.add(root, "gateway", "CLIENT", ORDER, [1.0, 32.1], {
    error: ["failed_precondition", "card declined"],
  });
  const server = c.add(call, "orders", "SERVER", ORDER, [1.6, 31.7]);
  const saga = c.add(server, "orders", "INTERNAL", "checkout", [2.0, 31.0], {
    attributes: { [BATON.orderId]: orderId },
  });
  c.pg(saga, "orders", 2.5, "BEGIN", "INSERT orders", "COMMIT");
  c.pg(
    c.rpc(saga, "orders", "inventory", RESERVE, [6.3, 13.0]),
    "inventory",
    7.5,
    "BEGIN",
    "UPDATE inventory",
    "COMMIT",
  );
  const charge = c.add(saga, "orders", "CLIENT", CHARGE, [13.6, 19.8], {
    error: ["failed_precondition", "card declined"],
  });
  const payments = c.add(charge, "payments", "SERVER", CHARGE, [14.2, 19.3]);
  c.pg(
    c.add(payments, "payments", "INTERNAL", "charge", [14.7, 18.9], { error }),
    "payments",
    15.4,
    "INSERT charges",
  );
  const undo = c.rpc(saga, "orders", "inventory", RELEASE, [20.4, 27.1], {
    attributes: { [BATON.compensation]: true },
  });
  c.pg(undo, "inventory", 21.6, "BEGIN", "UPDATE inventory", "COMMIT");
  c.pg(saga, "orders", 28.0, "UPDATE orders", "COMMIT");
  return c.spans;
}

/** The journey of the checkout in these spans. */
export function journeyIn(spans: readonly Span[]): Journey {
  const [journey] = journeysOf(spans);
  if (!journey) throw new Error("no spans, no journey");
  return journey;
}

export const goodHops: readonly Hop[] = [
  { service: "gateway", name: "POST /api/v1/checkouts", kind: "SERVER" },
  { service: "analytics", name: "process events.OrderConfirmed", kind: "CONSUMER" },
  { service: "orders", name: "process events.ParcelShipped", kind: "CONSUMER" },
];

/** A log record under the span of that service and name. */
export function logOf(
  spans: readonly Span[],
  service: string,
  name: string,
  severity: string,
  body: string,
): LogRecord {
  const at = spans.find((s) => s.service === service && s.name === name && s.kind !== "CLIENT");
  return {
    timeNs: at?.startNs ?? atMs(0),
    severity,
    body,
    eventName: "",
    attributes: {},
    traceId: at?.traceId ?? "",
    spanId: at?.spanId ?? "",
    service,
  };
}
