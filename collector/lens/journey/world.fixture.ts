import * as fc from "fast-check";
import { BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import { type Attributes, keyOf, type Span, type SpanKey } from "./model.ts";
import { acked, atMs, id, linkTo, message, span } from "./spans.fixture.ts";

/**
 * Random systems as the playground's hops would leave them: several journeys in the three ways of handing the
 * context on, with calls, messages, retries, and batches over the messages of all journeys.
 */
export interface World {
  readonly spans: readonly Span[];
  /** For each journey, by the key of its root: the spans that are its own. */
  readonly own: ReadonlyMap<SpanKey, ReadonlySet<SpanKey>>;
  /** Batch spans over several journeys, and the roots of the journeys that show them. */
  readonly shared: ReadonlyMap<SpanKey, ReadonlySet<SpanKey>>;
  /** Consumer spans of each message. */
  readonly consumers: ReadonlyMap<string, readonly SpanKey[]>;
}

const modes = ["parent+link", "parent", "link"] as const;
type Mode = (typeof modes)[number];

interface Step {
  readonly does: "work" | "call" | "message";
  readonly service: string;
  readonly attempts: number;
  readonly batched: boolean;
  /** Milliseconds after its parent's start; 0 makes ties. */
  readonly after: number;
  readonly next: readonly Step[];
}

interface Plan {
  readonly mode: Mode;
  readonly correlated: boolean;
  readonly start: number;
  readonly steps: readonly Step[];
}

/** At most `depth` steps one after another; each sets off up to two. */
const step = (depth: number): fc.Arbitrary<Step> =>
  fc.record({
    does: fc.constantFrom("work", "call", "message"),
    service: fc.constantFrom("orders", "inventory", "shipping", "analytics"),
    attempts: fc.integer({ min: 1, max: 3 }),
    batched: fc.boolean(),
    after: fc.integer({ min: 0, max: 3 }),
    next: depth > 1 ? fc.array(step(depth - 1), { maxLength: 2 }) : fc.constant([]),
  });

const plan: fc.Arbitrary<Plan> = fc.record({
  mode: fc.constantFrom(...modes),
  correlated: fc.boolean(),
  start: fc.integer({ min: 0, max: 5 }),
  steps: fc.array(step(4), { minLength: 1, maxLength: 3 }),
});

/** Worlds of one to three journeys. */
export const world: fc.Arbitrary<World> = fc
  .tuple(fc.array(plan, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 3 }))
  .map(([plans, batchSize]) => build(plans, batchSize));

/** What is known while a journey is being made. */
interface Making {
  readonly mode: Mode;
  readonly root: SpanKey;
  readonly attributes: Attributes;
}

interface Sent {
  readonly making: Making;
  readonly create: Span;
  readonly messageId: string;
  readonly step: Step;
}

function build(plans: readonly Plan[], batchSize: number): World {
  const builder = new Builder();
  for (const [i, { mode, correlated, start, steps }] of plans.entries())
    builder.journey(i, mode, correlated, start, steps);
  builder.drain(batchSize);
  return builder;
}

class Builder implements World {
  readonly spans: Span[] = [];
  readonly own = new Map<SpanKey, Set<SpanKey>>();
  readonly shared = new Map<SpanKey, Set<SpanKey>>();
  readonly consumers = new Map<string, SpanKey[]>();
  #sent: Sent[] = [];
  #count = 0;

  journey(index: number, mode: Mode, correlated: boolean, start: number, steps: readonly Step[]): void {
    const attributes: Attributes = correlated ? { [BATON.correlationId]: `c${index}` } : {};
    const trace = id(this.#word("t"), 32);
    const root = this.#span(
      undefined,
      { traceId: trace, service: "gateway", kind: "SERVER", attributes },
      atMs(start),
    );
    const making: Making = { mode, root: keyOf(root), attributes };
    this.own.set(making.root, new Set([making.root]));
    for (const one of steps) this.#step(one, root, making);
  }

  /** Hands out everything that was sent, alone or in batches over all journeys, until nothing is left. */
  drain(batchSize: number): void {
    while (this.#sent.length > 0) {
      const round = this.#sent;
      this.#sent = [];
      for (const one of round) if (!one.step.batched) this.#process(one, undefined);
      const batched = round.filter((one) => one.step.batched);
      for (let i = 0; i < batched.length; i += batchSize) this.#batch(batched.slice(i, i + batchSize));
    }
  }

  #step(one: Step, parent: Span, making: Making): void {
    const start = parent.startNs + BigInt(one.after) * 1_000_000n;
    const make = (under: Span, service: string, kind: Span["kind"], attributes: Attributes = {}) => {
      const made = this.#span(
        under,
        { service, kind, attributes: { ...making.attributes, ...attributes } },
        start,
      );
      this.own.get(making.root)?.add(keyOf(made));
      return made;
    };
    if (one.does === "message") {
      const messageId = this.#word("m");
      const create = make(parent, parent.service, "PRODUCER", message(messageId));
      this.#sent.push({ making, create, messageId, step: one });
      return;
    }
    const last =
      one.does === "work"
        ? make(parent, parent.service, "INTERNAL")
        : make(make(parent, parent.service, "CLIENT"), one.service, "SERVER");
    for (const following of one.next) this.#step(following, last, making);
  }

  #batch(messages: readonly Sent[]): void {
    const last = messages.reduce((most, m) => (m.create.startNs > most ? m.create.startNs : most), 0n);
    const links = messages.map((m) => linkTo(m.create));
    const traceId = id(this.#word("t"), 32);
    const receive = this.#span(undefined, { traceId, service: "analytics", kind: "CLIENT", links }, last);
    const roots = new Set(messages.map((m) => m.making.root));
    const [only] = roots;
    if (roots.size === 1 && only) this.own.get(only)?.add(keyOf(receive));
    else this.shared.set(keyOf(receive), roots);
    for (const one of messages) this.#process(one, receive);
  }

  #process({ making, create, messageId, step: one }: Sent, receive: Span | undefined): void {
    const linked = receive !== undefined || making.mode !== "parent";
    const parent = receive ?? (making.mode === "link" ? undefined : create);
    let previous: Span | undefined;
    for (let attempt = 1; attempt <= one.attempts; attempt++) {
      const failed = attempt < one.attempts;
      const links = [
        ...(linked ? [linkTo(create)] : []),
        ...(previous ? [linkTo(previous, LINK.previousAttempt)] : []),
      ];
      const outcome = { [BATON.attempt]: attempt, ...(failed ? { [BATON.outcome]: "retry" } : {}) };
      const traceId = parent?.traceId ?? id(this.#word("t"), 32);
      const attributes = { ...acked(messageId), ...outcome, ...making.attributes };
      const start = create.startNs + BigInt(one.after + attempt) * 1_000_000n;
      const status = failed ? "ERROR" : "UNSET";
      previous = this.#span(
        parent,
        { traceId, service: one.service, kind: "CONSUMER", links, attributes, status },
        start,
      );
      this.own.get(making.root)?.add(keyOf(previous));
      this.consumers.set(messageId, [...(this.consumers.get(messageId) ?? []), keyOf(previous)]);
    }
    if (previous) for (const following of one.next) this.#step(following, previous, making);
  }

  #span(parent: Span | undefined, words: Partial<Span>, startNs: bigint): Span {
    const made: Span = {
      ...span({ at: `x/${this.#word("s")}` }),
      ...(parent ? { traceId: parent.traceId } : {}),
      ...words,
      parentSpanId: parent?.spanId ?? "",
      startNs,
      endNs: startNs + 1_000_000n,
    };
    this.spans.push(made);
    return made;
  }

  #word(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count}`;
  }
}
