import { complete } from "../../collector/lens/journey/complete.ts";
import type { Hop, Journey, WaitKind } from "../../collector/lens/journey/model.ts";
import { lastingOf } from "../../collector/lens/journey/times.ts";
import { ATTR } from "../../services/_kit/telemetry/conventions.ts";
import { counted, duration } from "./format.ts";
import { type Cell, cell, INK, type Line, lineWidth } from "./ink.ts";
import { clip, padEnd, plain } from "./text.ts";

/** So many promised hops, or messages in flight, are named; the rest is counted. */
const namedAtMost = 6;

/** Said in the short form, too: the id to ask for more with, and all that is not as it should be. */
const ALWAYS: ReadonlySet<string> = new Set(["trace", "in flight", "missing", "", "orphans", "dropped"]);

/**
 * What a reader wants to know before the tree: how it ended and when, the ids, how much there is, where time
 * was spent waiting, and what is missing. Lines of at most `width` columns.
 */
export function headerOf(
  journey: Journey,
  hops: readonly Hop[] | undefined,
  width: number,
  brief = false,
): readonly Line[] {
  const rest = Math.max(1, width - 15);
  const fields = fieldsOf(journey, hops).filter(([name]) => !brief || ALWAYS.has(name));
  const lines = fields.map(
    ([name, value, sgr]): Line => [cell(`  ${padEnd(name, 12)} `, INK.dim), cell(clip(value, rest), sgr)],
  );
  return [titleOf(journey, hops, width), ...lines];
}

function titleOf(journey: Journey, hops: readonly Hop[] | undefined, width: number): Line {
  const root = journey.spans[0]?.span;
  const status = root?.attributes[ATTR.httpStatus];
  const answer = typeof status === "number" ? ` → ${status}` : "";
  const name = journey.rootMissing ? "the root has not arrived" : plain(root?.name ?? "");
  const took = root && !journey.rootMissing ? ` in ${duration(lastingOf(root))}` : "";
  const state = stateOf(journey, hops);
  const failed = journey.cause !== null;
  const ended = journey.settled ? cell("✓ ", INK.good) : cell("◌ ", INK.wait);
  const mark = failed ? cell("✗ ", INK.failedBold) : ended;
  const end: Cell = cell(`${state.word} after ${duration(journey.endNs - journey.startNs)}`, state.sgr);
  const room = Math.max(1, width - lineWidth([mark, end]) - 2);
  const title = clip(`${name}${answer}${took}`, room);
  return [mark, cell(padEnd(title, room + 2), INK.bold), end];
}

function stateOf(
  journey: Journey,
  hops: readonly Hop[] | undefined,
): { readonly word: string; readonly sgr: string } {
  if (hops && complete(journey, hops).complete) return { word: "complete", sgr: INK.good };
  if (journey.inFlight.length > 0) return { word: "in flight", sgr: INK.wait };
  if (hops || !journey.settled) return { word: "incomplete", sgr: INK.failed };
  return { word: "settled", sgr: INK.good };
}

type Field = readonly [name: string, value: string, sgr: string];

function fieldsOf(journey: Journey, hops: readonly Hop[] | undefined): readonly Field[] {
  const own = journey.spans.filter((s) => !s.shared);
  const services = new Set(own.map(({ span }) => span.service));
  const others = journey.traceIds.length - 1;
  const traces = others > 0 ? ` and ${counted(others, "more trace")} by link` : "";
  const missing = hops ? complete(journey, hops).missing : [];
  const dropped = own.filter((s) => s.edge === "correlation").length;
  const fields: Field[] = [
    ["order", journey.orderIds.map(plain).join(", "), INK.none],
    ["correlation", plain(journey.correlationId), INK.none],
    ["trace", plain(journey.id) + traces, INK.none],
    ["spans", `${own.length.toLocaleString("en")} in ${counted(services.size, "service")}`, INK.none],
    ["waited", waitsIn(journey), INK.wait],
    ["in flight", named(journey.inFlight, "message"), INK.wait],
    ...missingFields(missing),
    [
      "orphans",
      journey.orphans.length > 0 ? `${counted(journey.orphans.length, "parent")} missing` : "",
      INK.failed,
    ],
    [
      "dropped",
      dropped > 0 ? `${counted(dropped, "consumer")} found only by correlation id` : "",
      INK.failed,
    ],
    ["unfinished", journey.unfinished.length > 0 ? counted(journey.unfinished.length, "span") : "", INK.wait],
    ["clocks", skewsIn(journey), INK.wait],
    ["left out", leftOutIn(journey), INK.wait],
    ["caller", journey.external ? "sent its own trace, which continues here" : "", INK.none],
  ];
  return fields.filter(([, value]) => value !== "");
}

/** One line a hop, so that none is cut. */
function missingFields(missing: readonly Hop[]): readonly Field[] {
  const lines = missing
    .slice(0, namedAtMost)
    .map((h) => `${plain(h.service)} "${plain(h.name)}" (${plain(h.kind)})`);
  if (missing.length > namedAtMost) lines.push(`and ${missing.length - namedAtMost} more`);
  return lines.map((line, i) => [i === 0 ? "missing" : "", line, INK.failed]);
}

function waitsIn(journey: Journey): string {
  const kinds: readonly WaitKind[] = ["outbox", "stream", "job", "message"];
  const sums = kinds.map((kind) => {
    const waits = journey.waits.filter((wait) => wait.kind === kind);
    const sum = waits.reduce((total, { startNs, endNs }) => total + (endNs - startNs), 0n);
    const about = waits.some(({ estimated }) => estimated) ? "≈ " : "";
    return waits.length > 0 ? `${kind} ${about}${duration(sum)} (${waits.length}×)` : "";
  });
  return sums.filter((sum) => sum !== "").join(" · ");
}

/** `payments 5.00 s behind`, for each process whose clock does not fit. */
function skewsIn({ skews }: Journey): string {
  const one = ({ service, behindMs }: Journey["skews"][number]): string => {
    const by = duration(BigInt(Math.round(Math.abs(behindMs) * 1e6)));
    return `${plain(service)} ${by} ${behindMs > 0 ? "behind" : "ahead"}`;
  };
  return skews.slice(0, namedAtMost).map(one).join(", ") + (skews.length > 0 ? " (estimated)" : "");
}

/** What a journey is too large to show. */
function leftOutIn({ leftOut }: Journey): string {
  const { bound, spans, traces, before } = leftOut;
  if (bound === "") return "";
  const parts = [
    spans > 0 ? counted(spans, "span") : "",
    traces > 0 ? `at least ${counted(traces, "trace")}` : "",
    before ? "what came before" : "",
  ];
  return `${parts.filter((part) => part !== "").join(", ")}: the bound of ${bound} was met`;
}

function named(names: readonly string[], noun: string): string {
  if (names.length === 0) return "";
  const more = names.length > namedAtMost ? ` and ${names.length - namedAtMost} more` : "";
  return `${counted(names.length, noun)}: ${names.slice(0, namedAtMost).map(plain).join(", ")}${more}`;
}
