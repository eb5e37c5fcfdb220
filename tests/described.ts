/**
 * Checks that the table of hops describes the spans of the shop. A span that is neither in the table nor made by a
 * library in the list here is an unproven hop: the test that ends its playground fails and names it.
 */
import type { Span, SpanKind } from "../collector/lens/journey/model.ts";
import { HOPS } from "../load/hops.ts";
import { hopId } from "../load/shapes.ts";
import { ATTR } from "../services/_kit/telemetry/conventions.ts";

/** Spans that instrumentations make by themselves. They are no hops, because they pass no context on. */
const LIBRARIES: readonly { readonly scope: string; readonly kind: SpanKind; readonly why: string }[] = [
  { scope: "pg", kind: "CLIENT", why: "a query to the service's own database" },
  { scope: "ioredis", kind: "CLIENT", why: "a queue's command, below the span that adds the job" },
  { scope: "dns", kind: "CLIENT", why: "a look-up for a connection; with BATON_INSTRUMENTATION=auto" },
  { scope: "net", kind: "INTERNAL", why: "the opening of a connection; with BATON_INSTRUMENTATION=auto" },
];

/** Whether a library of the list made this span. */
export const isLibrary = ({ scope, kind }: Pick<Span, "scope" | "kind">): boolean =>
  LIBRARIES.some((one) => scope === `@opentelemetry/instrumentation-${one.scope}` && kind === one.kind);

/** A call of an unknown method is named after its protocol. No context is handed over in it. */
const isUnknownMethod = (name: string, kind: SpanKind): boolean =>
  kind === "SERVER" && ["grpc", "connectrpc"].includes(name);

/** The API is served in two versions and at addresses without a version; all are the same hop. */
const atFirstVersion = (name: string): string => name.replace(/ \/api\/(?:v2\/)?(?!v1\/)/, " /api/v1/");

const rows: ReadonlySet<string> = new Set(HOPS.map(hopId));
/** Whether the table has a row for this span. */
export const isRow = (service: string, name: string, kind: SpanKind): boolean =>
  rows.has(`${service}|${atFirstVersion(name)}|${kind}`);

/** The paths of the public API that the table has a row for, with any method. */
const routes: ReadonlySet<string> = new Set(
  HOPS.filter(({ service, kind }) => service === "gateway" && kind === "SERVER").map(({ name }) =>
    name.replace(/^[A-Z]+ ?/, ""),
  ),
);
/** A request with a method that its path does not take, or that no path takes, is refused: no context goes on. */
const isRefusedMethod = (service: string, name: string, kind: SpanKind): boolean =>
  service === "gateway" &&
  kind === "SERVER" &&
  /^[A-Z]+( |$)/.test(name) &&
  routes.has(atFirstVersion(name).replace(/^[A-Z]+ ?/, ""));

async function ask(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`lens answered ${response.status} for ${url}`);
  return response;
}

interface Found {
  readonly result: {
    readonly resourceSpans: readonly {
      readonly resource?: {
        readonly attributes?: readonly {
          readonly key: string;
          readonly value: { readonly stringValue?: string };
        }[];
      };
      readonly scopeSpans: readonly {
        readonly scope?: { readonly name?: string };
        readonly spans: readonly { readonly name: string }[];
      }[];
    }[];
  };
}

/** The scopes that make the spans of a name in a service. Reads whole traces, so that one query answers many names. */
class Scopes {
  readonly #lens: string;
  readonly #known = new Map<string, Set<string>>();

  constructor(lens: string) {
    this.#lens = lens;
  }

  async of(service: string, name: string): Promise<string[]> {
    const query = new URLSearchParams({
      "query.service_name": service,
      "query.operation_name": name,
      "query.start_time_min": new Date(0).toISOString(),
      "query.start_time_max": new Date(Date.now() + 3_600_000).toISOString(),
      "query.num_traces": "5",
    });
    for (;;) {
      const known = this.#known.get(`${service}|${name}`);
      if (known) return [...known];
      const response = await ask(`${this.#lens}/api/v3/traces?${query}`);
      this.#read((await response.json()) as Found);
      const cursor = response.headers.get("lens-cursor");
      // A search that timed out before it found anything continues where it stopped.
      if (cursor === null) return [...(this.#known.get(`${service}|${name}`) ?? [])];
      query.set("cursor", cursor);
    }
  }

  #read({ result }: Found): void {
    for (const { resource, scopeSpans } of result.resourceSpans) {
      const service = resource?.attributes?.find(({ key }) => key === ATTR.serviceName)?.value.stringValue;
      for (const { scope, spans } of scopeSpans) {
        for (const { name } of spans) {
          const key = `${service}|${name}`;
          this.#known.set(key, (this.#known.get(key) ?? new Set()).add(scope?.name ?? ""));
        }
      }
    }
  }
}

/** One line for each span in the lens at `url` that the table does not describe. */
export async function undescribed(url: string): Promise<string[]> {
  const lines: string[] = [];
  const scopes = new Scopes(url);
  const { services } = (await (await ask(`${url}/api/v3/services`)).json()) as { services: string[] };
  for (const service of services) {
    const answer = await ask(`${url}/api/v3/operations?service=${encodeURIComponent(service)}`);
    const { operations } = (await answer.json()) as { operations: { name: string; spanKind: string }[] };
    for (const { name, spanKind } of operations) {
      const kind = spanKind.toUpperCase() as SpanKind;
      if (isRow(service, name, kind) || isUnknownMethod(name, kind) || isRefusedMethod(service, name, kind))
        continue;
      const made = await scopes.of(service, name);
      if (made.length > 0 && made.every((scope) => isLibrary({ scope, kind }))) continue;
      lines.push(
        `load/hops.ts: no row describes the span "${service}|${name}|${kind}" (${made.join(", ")}) that the shop ` +
          "emitted: add its row, or its library and the reason to tests/described.ts",
      );
    }
  }
  return lines;
}
