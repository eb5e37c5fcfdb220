/** The parts of a service for events: its broker, the relay of its outbox, its consumers, and their gauges. */
import type { Database } from "../database/postgres.ts";
import { type BatchOptions, subscribeInBatches } from "../events/batch.ts";
import type { Broker, Source } from "../events/broker.ts";
import { eventsOf, subscribe, together } from "../events/consumer.ts";
import type { Handle } from "../events/event.ts";
import { watchConsumers, watchOutbox } from "../events/gauges.ts";
import { lanesOf, subscribeInOrder } from "../events/ordered.ts";
import type { RunningConsumer } from "../events/receiver.ts";
import { startRelay } from "../events/relay.ts";
import type { AsyncMode } from "../telemetry/propagation.ts";
import { openBroker } from "./broker.ts";
import type { Declared, Group } from "./declared.ts";
import type { Life } from "./main.ts";

const BATCH: BatchOptions = { maxMessages: 64, lingerMs: 20 };

/** All that a group receives events from. */
function sourcesOf({ name: group, hears }: Group): Source[] {
  const ways = Object.entries(hears);
  const types = ways.filter(([, way]) => way !== "ordered").map(([type]) => eventsOf({ group, type }));
  return ways.some(([, way]) => way === "ordered") ? [...types, ...lanesOf(group)] : types;
}

/**
 * Makes the groups that must exist before the first event is sent. On a broker without history a group misses the
 * events that were sent before the group existed. A service that sends therefore makes all `groups`: its declaration
 * does not say which events it sends.
 */
export const ensureFor = (
  { outbox }: Pick<Declared, "outbox">,
  groups: readonly Group[],
  broker: Pick<Broker, "can" | "ensure">,
): Promise<void> => broker.ensure(outbox && !broker.can.history ? groups.flatMap(sourcesOf) : []);

/** Connects to the broker, ensures its streams, and registers the release. */
export async function openEvents(
  declared: Declared,
  groups: readonly Group[],
  { url, replicas }: { readonly url: string; readonly replicas: number },
  { log, releaser }: Life,
): Promise<Broker> {
  const broker = await openBroker({ url, name: declared.name, replicas, log });
  releaser.add("broker", broker, (b) => b.close());
  await ensureFor(declared, groups, broker);
  return broker;
}

/** Starts the relay of the outbox in `db`, and the gauges of its backlog. */
export async function openOutbox(
  db: Database,
  broker: Broker,
  mode: AsyncMode,
  { log, releaser }: Life,
): Promise<void> {
  releaser.add("relay", await startRelay(db, broker, mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
}

/** Consumes each type of event in its declared way, and starts the gauges of the consumers' backlog. */
export async function hearEvents(
  { name: group, hears }: Declared,
  handlers: Readonly<Record<string, Handle>>,
  options: { readonly broker: Broker; readonly db: Database; readonly mode: AsyncMode },
  { log, releaser }: Life,
): Promise<void> {
  const own = { ...options, log };
  const of = (way: string) => Object.entries(handlers).filter(([type]) => hears[type] === way);
  const ordered = { group, handlers: Object.fromEntries(of("ordered")) };
  const isOrdered = Object.keys(ordered.handlers).length > 0;
  const starting: Promise<RunningConsumer>[] = [
    ...of("single").map(([type, handle]) => subscribe({ group, type, handle }, own)),
    ...of("batches").map(([type, handle]) => subscribeInBatches({ group, type, handle }, BATCH, own)),
    ...(isOrdered ? [subscribeInOrder(ordered, own)] : []),
  ];
  releaser.add("consumers", together(await Promise.all(starting)), (c) => c.stop());
  const watched = [
    ...[...of("single"), ...of("batches")].map(([type]) => ({ group, type })),
    ...(isOrdered ? [ordered] : []),
  ];
  releaser.add("consumer gauges", watchConsumers(options.broker, watched), (end) => end());
}
