/**
 * When an attribute that is conditionally required must be there. Upstream's conditions are prose; here is what each
 * comes to for what is emitted here. Every such attribute of every row has its line: a test holds that.
 */
import { type Item, valueIn } from "./violation.ts";

/** It must be there, it must not, or that cannot be told from the item alone. */
export type Verdict = "must" | "must not" | "may";

type Condition = (item: Item) => Verdict;

const iff = (is: boolean): Verdict => (is ? "must" : "must not");
const ifOnly = (is: boolean): Verdict => (is ? "must" : "may");
const may: Condition = () => "may";
const must: Condition = () => "must";

const isMetric = ({ id }: Item): boolean => id.startsWith("metric.");
/** Of a span its row says whether it is about a job or an event, of a point only its own attribute. */
const isJob = (item: Item): boolean =>
  isMetric(item) ? valueIn(item, "messaging.system.name") === "bullmq" : /\.(job|flow)\./.test(item.id);
const isEvent = (item: Item): boolean =>
  isMetric(item) ? valueIn(item, "messaging.system.name") === "nats" : item.id.includes(".event.");
const isConsuming = (item: Item): boolean =>
  ["receive", "process"].includes(String(valueIn(item, "messaging.operation.name")));

/** gRPC's and Connect's codes that are the server's own failure: conventions, "Recording errors" of each. */
const SERVERS_OWN = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/** Whether an RPC that ended like this has failed, for the side that the item is of. */
export function isRpcFailure(item: Item): boolean {
  const code = String(valueIn(item, "rpc.status_code") ?? "OK").toLowerCase();
  return item.id.includes(".server") ? SERVERS_OWN.has(code) : code !== "ok";
}

/** Whether an answer of this status is a failure of the server. */
const isHttpFailure = (item: Item): boolean =>
  Number(valueIn(item, "http.response.status_code") ?? 500) >= 500;

/** What failed has an `error.type`. A span says itself whether it has; a metric's point only in its codes. */
const errorType: Condition = (item) => {
  if (item.status !== undefined) return iff(item.status === "ERROR");
  if (item.id.includes(".rpc.")) return iff(isRpcFailure(item));
  if (item.id.includes(".http.")) return iff(isHttpFailure(item));
  return "may";
};

/** Both stand together: one without the other says nothing. */
const beside =
  (other: string): Condition =>
  (item) =>
    iff(valueIn(item, other) !== undefined);

const waitsInQueue = (item: Item): boolean => valueIn(item, "baton.wait.kind") === "job";

export const CONDITIONS: ReadonlyMap<string, Condition> = new Map<string, Condition>([
  ["error.type", errorType],
  // An answer that was never sent has none.
  ["http.response.status_code", (item) => ifOnly(valueIn(item, "error.type") === undefined)],
  // Where nothing matched there is no route.
  ["http.route", (item) => ifOnly(valueIn(item, "http.response.status_code") !== 404)],
  ["http.request.method_original", (item) => iff(valueIn(item, "http.request.method") === "_OTHER")],
  ["url.query", may],
  // Only for what is not HTTP.
  ["network.protocol.name", may],
  ["server.address", must],
  ["server.port", beside("server.address")],
  ["rpc.method", must],
  ["rpc.method_original", (item) => iff(!isMetric(item) && valueIn(item, "rpc.method") === "_OTHER")],
  // Connect has no code for a good end.
  [
    "rpc.status_code",
    (item) => ifOnly(valueIn(item, "rpc.system.name") === "grpc" || item.status === "ERROR"),
  ],
  ["messaging.operation.type", must],
  ["messaging.destination.name", destinationName],
  ["messaging.destination.template", destinationTemplate],
  ["messaging.consumer.group.name", (item) => consumers(item)],
  ["messaging.destination.subscription.name", (item) => consumers(item)],
  // Where it is a batch the row requires it.
  ["messaging.batch.message_count", () => "must not"],
  ["baton.job.name", jobName],
  ["db.namespace", (item) => ifOnly(valueIn(item, "db.system.name") === "postgresql")],
  ["db.operation.name", may],
  ["db.collection.name", may],
  ["db.response.status_code", may],
  // A request that was sent straight to a service has none, nor has a batch of several requests.
  ["correlation.id", ({ id }) => ifOnly(id === "span.baton.edge")],
  ["baton.scenario.run", may],
  ["baton.fault.point", beside("baton.fault.kind")],
  ["baton.fault.kind", beside("baton.fault.point")],
  ["baton.edge.refused", may],
  ["baton.event.reason", may],
]);

/** Always on a span of one message; of a batch when all of its messages share it, which a span does not tell. */
function destinationName(item: Item): Verdict {
  if (item.id === "metric.baton.message.wait") return iff(waitsInQueue(item));
  if (isMetric(item)) return ifOnly(isJob(item));
  const count = valueIn(item, "messaging.batch.message_count");
  return ifOnly(count === undefined || count === 1 || isJob(item));
}

/** An event's subject has a lane in it; a queue has no template. */
function destinationTemplate(item: Item): Verdict {
  if (item.id === "metric.baton.message.wait") return iff(!waitsInQueue(item));
  if (item.id === "metric.baton.dead_letters") return beside("messaging.destination.subscription.name")(item);
  return iff(isEvent(item));
}

/** A queue is no consumer group, and has no subscription. */
function consumers(item: Item): Verdict {
  if (item.id !== "metric.baton.dead_letters") return iff(isEvent(item) && isConsuming(item));
  return iff(valueIn(item, "messaging.destination.template") !== undefined);
}

/** A flow's jobs are of several names. */
function jobName(item: Item): Verdict {
  if (item.id === "metric.baton.message.wait") return iff(waitsInQueue(item));
  if (!isJob(item)) return "must not";
  return ifOnly(isConsuming(item));
}
