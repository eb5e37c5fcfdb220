/** What is scored: the telemetry of one service, and the traces that it takes part in with all of their spans. */
import type {
  Attributes,
  Emitted,
  EmittedLog,
  EmittedMetric,
  EmittedSpan,
  Origin,
} from "../judge/emitted.ts";

export interface Trace {
  readonly id: string;
  readonly spans: readonly EmittedSpan[];
  readonly spanIds: ReadonlySet<string>;
}

export interface Service {
  readonly name: string;
  readonly spans: readonly EmittedSpan[];
  readonly metrics: readonly EmittedMetric[];
  readonly logs: readonly EmittedLog[];
  readonly resources: readonly Attributes[];
  readonly traces: ReadonlyMap<string, Trace>;
}

const nameOf = ({ resource }: Origin): string => String(resource.get("service.name")?.value ?? "");

/** Traces in which a process was killed: one that was taken up again later links to them. Its open spans are lost. */
const brokenTraces = (spans: readonly EmittedSpan[]): Set<string> =>
  new Set(spans.filter(({ name }) => name.startsWith("resume ")).flatMap(({ linkedTraces }) => linkedTraces));

/** The services of a run. Traces in which a process was killed on purpose are left out, with all of their spans. */
export function servicesOf({ spans: all, metrics, logs }: Emitted): Service[] {
  const broken = brokenTraces(all);
  const spans = all.filter(({ traceId }) => !broken.has(traceId));
  const traces = new Map<string, Trace>();
  for (const [id, of] of Map.groupBy(spans, ({ traceId }) => traceId))
    traces.set(id, { id, spans: of, spanIds: new Set(of.map(({ spanId }) => spanId)) });
  const names = new Set([...spans, ...metrics, ...logs].map(({ origin }) => nameOf(origin)));
  return [...names].toSorted().map((name): Service => {
    const own = <T extends { readonly origin: Origin }>(items: readonly T[]): T[] =>
      items.filter(({ origin }) => nameOf(origin) === name);
    const mine = { spans: own(spans), metrics: own(metrics), logs: own(logs) };
    const origins = [...mine.spans, ...mine.metrics, ...mine.logs].map(({ origin }) => origin);
    const resources = new Map(origins.map(({ resource }) => [JSON.stringify([...resource]), resource]));
    const takesPart = new Set(mine.spans.map(({ traceId }) => traceId));
    return {
      name,
      ...mine,
      resources: [...resources.values()],
      traces: new Map([...traces].filter(([id]) => takesPart.has(id))),
    };
  });
}
