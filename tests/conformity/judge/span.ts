/** The rules on spans: which row of the registry it is, its kind, its name, its status, its links and attributes. */
import type { Registry, SpanRow } from "../../../telemetry/rows.ts";
import { judgeAttributes } from "./attributes.ts";
import { isRpcFailure } from "./conditions.ts";
import type { EmittedSpan } from "./emitted.ts";
import { type Finding, type Item, type Violation, valueIn, violationsOf } from "./violation.ts";

export function judgeSpan(span: EmittedSpan, registry: Registry): Violation[] {
  const row = rowOf(span, registry.spans);
  if (row === undefined) {
    const says = `${span.kind} "${span.name}" is like no row`;
    return violationsOf("span", span.origin, span.name, [{ rule: "unknown span", says }]);
  }
  const item: Item = { id: row.id, attributes: span.attributes, status: span.status };
  const found: Finding[] = [
    ...judgeKind(span, row),
    ...judgeName(span, row),
    ...judgeStatus(item, span),
    ...judgeAttributes(item, registry, row.attributes, registry.any.span),
    ...span.links.flatMap((attributes) =>
      judgeAttributes({ id: "link", attributes }, registry, registry.any.link),
    ),
    ...span.events.map(
      ({ name }): Finding => ({ rule: "unknown event", says: `the span has an event "${name}"` }),
    ),
  ];
  return violationsOf("span", span.origin, row.id, found);
}

/** The row that a span's attributes speak for most; of several like it, the one of its kind, then of its name. */
export function rowOf(span: EmittedSpan, rows: readonly SpanRow[]): SpanRow | undefined {
  const fitting = rows.flatMap((row) => {
    const fits = fitOf(span, row);
    return fits === undefined ? [] : [{ row, fits }];
  });
  return fitting.toSorted((a, b) => b.fits - a.fits)[0]?.row;
}

/** How well a span fits a row; undefined when it does not. An attribute that is missing is told by its own rule. */
function fitOf(span: EmittedSpan, row: SpanRow): number | undefined {
  const wanted = Object.entries(row.match);
  const isNamed = namesOf(span, row).includes(span.name);
  if (wanted.length === 0) return isNamed ? 0 : undefined;
  let equal = 0;
  for (const [name, value] of wanted) {
    const found = span.attributes.get(name)?.value;
    if (found === undefined) continue;
    if (value !== "*" && found !== value) return undefined;
    equal += 1;
  }
  if (equal === 0) return undefined;
  return equal * 4 + (row.kind === span.kind ? 2 : 0) + (isNamed ? 1 : 0);
}

const namesOf = (span: EmittedSpan, { names }: SpanRow): string[] =>
  names.map((name) =>
    name.replaceAll(/\{([^}]+)\}/g, (_, key: string) => String(span.attributes.get(key)?.value)),
  );

function judgeKind({ kind }: EmittedSpan, row: SpanRow): Finding[] {
  return kind === row.kind ? [] : [{ rule: "wrong kind", says: `${kind} is not ${row.kind}` }];
}

function judgeName(span: EmittedSpan, row: SpanRow): Finding[] {
  const names = namesOf(span, row);
  if (names.includes(span.name)) return [];
  return [{ rule: "wrong name", says: `"${span.name}" is not ${row.names.join(" or ")}` }];
}

/** What status such a span must have, by the page "Recording errors" and that of each protocol. */
function judgeStatus(item: Item, { status }: EmittedSpan): Finding[] {
  const wrong = (says: string): Finding[] => [{ rule: "wrong status", says: `${status}, but ${says}` }];
  if (status === "OK") return wrong("a good end is left unset: OK is for the application to say");
  const failed = hasFailed(item);
  if (failed === undefined || failed === (status === "ERROR")) return [];
  return wrong(failed ? "it failed" : "it is no failure of this side");
}

/** Whether what its attributes say is a failure; undefined when they do not say. */
function hasFailed(item: Item): boolean | undefined {
  const httpStatus = valueIn(item, "http.response.status_code");
  if (httpStatus !== undefined) return Number(httpStatus) >= 500;
  if (valueIn(item, "rpc.system.name") !== undefined) return isRpcFailure(item);
  const outcome = valueIn(item, "baton.delivery.outcome");
  return outcome === undefined ? undefined : outcome !== "ack";
}
