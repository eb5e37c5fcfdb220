/** Makes the spans of one checkout, like those of the playground. */
import type { Attributes, Span, SpanLink } from "../../collector/lens/journey/model.ts";
import { linkTo, span } from "../../collector/lens/journey/spans.fixture.ts";
import { ATTR, BATON } from "../../services/_kit/telemetry/conventions.ts";

/** Where consumers' spans are: in the trace of their message, or each in its own trace. */
export type Mode = "parent+link" | "link";

const correlationId = "0199a9c2-7d11-7e5a-9a55-0d6f8a1c2b3d";
export const orderId = "0199a9c2-7d2f-7c31-8f0e-5b1f5f6f7a10";

interface More {
  readonly attributes?: Attributes;
  readonly links?: readonly SpanLink[];
  readonly error?: readonly [type: string, message: string];
}

/** Collects the spans of one checkout; `start` and `end` are milliseconds after it began. */
export class Checkout {
  readonly spans: Span[] = [];
  readonly #mode: Mode;

  constructor(mode: Mode) {
    this.#mode = mode;
  }

  add(
    under: Span | null,
    service: string,
    kind: Span["kind"],
    name: string,
    time: readonly [number, number],
    more: More = {},
  ): Span {
    const [start, end] = time;
    const n = this.spans.length + 1;
    const made = {
      ...span({ at: `trace-${n}/span-${n}`, service, kind, name, start, end, links: more.links ?? [] }),
      ...(under ? { traceId: under.traceId, parentSpanId: under.spanId } : {}),
      attributes: {
        [BATON.correlationId]: correlationId,
        ...(more.error ? { [ATTR.errorType]: more.error[0] } : {}),
        ...more.attributes,
      },
      ...(more.error ? { status: "ERROR" as const, statusMessage: more.error[1] } : {}),
    };
    this.spans.push(made);
    return made;
  }

  rpc(
    under: Span,
    from: string,
    to: string,
    name: string,
    [start, end]: readonly [number, number],
    more: More = {},
  ): Span {
    const client = this.add(under, from, "CLIENT", name, [start, end], more);
    return this.add(client, to, "SERVER", name, [start + 0.6, end - 0.4], more);
  }

  pg(under: Span, service: string, start: number, ...statements: readonly string[]): void {
    for (const [i, statement] of statements.entries()) {
      const attributes = { "db.system.name": "postgresql", "db.namespace": service };
      this.add(under, service, "CLIENT", statement, [start + i, start + i + 0.7], { attributes });
    }
  }

  /** The `create` and the relay's `send` span of an event that waits in the outbox until `sent`. */
  event(under: Span, service: string, name: string, created: number, sent: number): Span {
    const id = { [ATTR.messageId]: `${name}-1`, [BATON.orderId]: orderId };
    const create = this.add(under, service, "PRODUCER", `create ${name}`, [created, created + 0.2], {
      attributes: id,
    });
    const attributes = { ...id, [BATON.waitOutbox]: (sent - created) / 1e3 };
    this.add(create, service, "CLIENT", `send ${name}`, [sent, sent + 1.4], {
      attributes,
      links: [linkTo(create)],
    });
    return create;
  }

  process(
    create: Span,
    service: string,
    name: string,
    time: readonly [number, number],
    attributes: Attributes,
    more: More = {},
  ): Span {
    const id = { [ATTR.messageId]: create.attributes[ATTR.messageId] ?? "", [BATON.outcome]: "ack" };
    const links = [linkTo(create), ...(more.links ?? [])];
    const under = this.#mode === "link" ? null : create;
    return this.add(under, service, "CONSUMER", name, time, {
      ...more,
      links,
      attributes: { ...id, ...attributes },
    });
  }
}
