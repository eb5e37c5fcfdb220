/**
 * Which failures are made good by a later attempt at the same task. Tries may be siblings, may nest each below the one
 * before, and may lie in other traces; the same word is not yet the same task.
 */
import { ATTR, BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { Failure } from "./failure.ts";
import type { JourneySpan, Span, SpanKey } from "./model.ts";
import { messageIdOf, wordOf } from "./names.ts";
import { byStart } from "./order.ts";
import { numberOf, textOf } from "./read.ts";
import { isDone } from "./settle.ts";
import { endOf, isUnfinished } from "./times.ts";

/** What two attempts at one call have in common, beside their name. */
const TARGET = [
  ATTR.httpMethod,
  "url.full",
  ATTR.urlPath,
  "url.template",
  ATTR.serverAddress,
  ATTR.serverPort,
  "service.peer.name",
  ATTR.rpcSystem,
  "rpc.service",
  ATTR.rpcMethod,
  ATTR.dbSystem,
  "db.namespace",
  "db.collection.name",
  "db.operation.name",
  "db.query.text",
  ATTR.messagingSystem,
  ATTR.destination,
] as const;
/** One of these says which thing it is that is done; the others only where. */
const WHAT: ReadonlySet<string> = new Set([
  "url.full",
  ATTR.urlPath,
  "url.template",
  ATTR.rpcMethod,
  "db.query.text",
  "db.collection.name",
  ATTR.destination,
]);
/** A name that is a verb or a command alone, as `GET`, `HTTP POST` or `evalsha`, says nothing of what is done. */
const VERB = /^(?:HTTP )?[A-Z]+$/;
const COMMAND = /^(?:\w+[.-])?(?:connect|get|set|del|eval|evalsha|script|request|fetch|query|execute)$/i;
const isBare = (name: string): boolean => VERB.test(name) || COMMAND.test(name);
/** Redis' way to say that a script must be sent whole; the caller does so at once. */
const UNKNOWN_SCRIPT = /\bNOSCRIPT\b/;
const SCRIPT = /^(?:redis[- :.])?(?:eval|evalsha|script)\b/i;

/**
 * Keys of what never counts as a cause: what `isExcused` says, attempts that later succeeded, and all that lies below
 * them but the later attempts themselves. `spans`: in tree order.
 */
export function excusedOf(
  spans: readonly JourneySpan[],
  failures: ReadonlyMap<SpanKey, Failure>,
  isExcused: (span: Span) => boolean,
): ReadonlySet<SpanKey> {
  const tasks = tasksOf(spans, failures);
  const lastSuccess = new Map<string, Span>();
  for (const { key, span } of spans) {
    const task = tasks.get(key);
    if (task === undefined || failures.has(key) || !hasSucceeded(span)) continue;
    const known = lastSuccess.get(task);
    if (!known || isLater(span, known)) lastSuccess.set(task, span);
  }
  /** What is excused, by the task that was made good; empty for other reasons. */
  const excused = new Map<SpanKey, string>();
  for (const { key, span, under } of spans) {
    const task = tasks.get(key) ?? "";
    const success = failures.has(key) ? lastSuccess.get(task) : undefined;
    const above = under === null ? undefined : excused.get(under);
    if (success && isRetry(success, span)) excused.set(key, task);
    else if (isExcused(span)) excused.set(key, "");
    else if (above !== undefined && (above === "" || above !== task)) excused.set(key, above);
  }
  return new Set(excused.keys());
}

/** By key of the span: what it tries to do, the same for each attempt. Only of what may be tried again. */
function tasksOf(
  spans: readonly JourneySpan[],
  failures: ReadonlyMap<SpanKey, Failure>,
): ReadonlyMap<SpanKey, string> {
  const tasks = new Map<SpanKey, string>();
  const byKey = new Map(spans.map((one) => [one.key, one]));
  /** The consumer above, where only sending lies between. */
  const consumerAbove = new Map<SpanKey, JourneySpan | undefined>();
  for (const placed of spans) {
    const { key, span, under } = placed;
    const over = under === null ? undefined : byKey.get(under);
    const isSending = over?.span.kind === "PRODUCER" || over?.span.kind === "CLIENT";
    const before =
      over?.span.kind === "CONSUMER" ? over : isSending ? consumerAbove.get(over.key) : undefined;
    consumerAbove.set(key, before);
    const task =
      span.kind === "CONSUMER"
        ? deliveryOf(placed, over, before, tasks)
        : callOf(placed, over, failures.get(key));
    if (task !== "") tasks.set(key, task);
  }
  return tasks;
}

/** A message's or job's handling: by its id; without one by the run that it nests below, or by what sent it. */
function deliveryOf(
  { key, span }: JourneySpan,
  over: JourneySpan | undefined,
  before: JourneySpan | undefined,
  tasks: ReadonlyMap<SpanKey, string>,
): string {
  const id = messageIdOf(span);
  if (id !== "") return JSON.stringify(["message", span.service, span.name, id]);
  if (before && before.span.name === span.name && before.span.service === span.service)
    return tasks.get(before.key) ?? "";
  const sender = over?.span.kind === "PRODUCER" ? over.key : key;
  return JSON.stringify(["run", span.service, span.name, sender]);
}

function callOf(placed: JourneySpan, over: JourneySpan | undefined, failure: Failure | undefined): string {
  const { span, under } = placed;
  // Some clients repeat a call silently: then there are two answers below one call.
  if (span.kind === "SERVER")
    return over?.span.kind === "CLIENT" ? JSON.stringify(["answer", span.service, span.name, under]) : "";
  if (span.kind !== "CLIENT") return "";
  const target = TARGET.map((name) => wordOf(span.attributes, name));
  const system = wordOf(span.attributes, ATTR.dbSystem);
  const isScript = SCRIPT.test(span.name) && (failure === undefined || UNKNOWN_SCRIPT.test(textsOf(failure)));
  if (isScript) return JSON.stringify(["script", span.service, system, under]);
  const saysWhat = TARGET.some((name, at) => WHAT.has(name) && target[at] !== "");
  return saysWhat || !isBare(span.name)
    ? JSON.stringify(["call", span.service, span.name, under, target])
    : "";
}

const textsOf = ({ errorType, message }: Failure): string => `${errorType} ${message}`;

function hasSucceeded(span: Span): boolean {
  if (isUnfinished(span)) return false;
  const outcome = textOf(span.attributes, BATON.outcome);
  return span.kind !== "CONSUMER" || (isDone(span) && outcome !== "dead-letter");
}

/** By attempt number where both have one, since clocks differ between machines; otherwise by start. */
function isLater(span: Span, than: Span): boolean {
  const a = numberOf(span.attributes, BATON.attempt);
  const b = numberOf(than.attributes, BATON.attempt);
  return a !== null && b !== null && a !== b ? a > b : byStart(span, than) > 0;
}

/** A call is tried again after it failed; what runs beside it is another. */
function isRetry(success: Span, failed: Span): boolean {
  if (!isLater(success, failed)) return false;
  return failed.kind !== "CLIENT" || isUnfinished(failed) || success.startNs >= endOf(failed);
}
