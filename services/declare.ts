/**
 * How a service is declared in `topology.ts`: what a declaration says, and what is derived from it. Imports nothing at
 * run time, so that the topology can be read before any package is installed.
 */
import type { EventType, HeardBy, SentBy } from "./_contracts/events.ts";

/**
 * How a service takes a type of event. `single`: several at a time, each by itself. `ordered`: the events of one user
 * one after the other, as they were appended. `batches`: many together, batch after batch.
 */
export type Way = "single" | "ordered" | "batches";

/** V8's flags and a container's limit, in MB. */
export interface Memory {
  /** V8's old space. */
  readonly heapMb: number;
  /** One half of V8's young space; V8's own preset unless given. */
  readonly youngMb?: number;
  /** The memory limit of a container. Beside the heap it has to hold code, buffers and libraries. */
  readonly limitMb: number;
}

/** A whole number that a user may set by an environment variable. */
export interface Setting {
  readonly least: number;
  readonly most: number;
  readonly preset: number;
}
type Settings = Readonly<Record<`BATON_${string}`, Setting>>;

type ServerName = "nats" | "redis" | "postgres";

/** A Node process of the shop. */
export interface Part {
  readonly name: string;
  /** What it does, in a few words, for `npm run status`. */
  readonly does: string;
  /** Entry file, from the project's root. */
  readonly entry: string;
  /** TCP port before `BATON_PORT_OFFSET`; its HTTP/1.1 side answers `ready`. */
  readonly port: number;
  /** Path that answers 200 when the part can do its work. */
  readonly ready: string;
}

/** A declared service, with what is derived from its declaration. */
export interface Service extends Part {
  readonly edge: boolean;
  readonly database: boolean;
  readonly outbox: boolean;
  readonly follows: boolean;
  readonly calls: readonly string[];
  readonly hears: Readonly<Partial<Record<EventType, Way>>>;
  readonly worksOff: readonly string[];
  readonly addsTo: readonly string[];
  readonly settings: Settings;
  readonly folders: Readonly<Record<string, string>>;
  readonly memory: Memory;
  /** Servers that it needs. */
  readonly servers: readonly ServerName[];
}

/** What the declaration of any service may say. */
interface Always<S extends Settings> {
  /** Before `BATON_PORT_OFFSET`. */
  readonly port: number;
  /** In a few words, for `npm run status` and the tables of the documents. */
  readonly does: string;
  /** It is the public edge, which decides the correlation id and drops foreign baggage. */
  readonly edge?: true;
  /** It has a Postgres database of its own, named after it. */
  readonly database?: true;
  /** Services that it calls. */
  readonly calls?: readonly string[];
  /** It follows the stream of events as they come, for its own clients: without a group, and without acknowledging. */
  readonly follows?: true;
  /** Queues that it works off: its own jobs, and the commands that others send to it. */
  readonly worksOff?: readonly string[];
  /** Queues that it adds to. */
  readonly addsTo?: readonly string[];
  /** Environment variables that a user may set for it. */
  readonly settings?: S;
  /** Folders that it writes files to: the variable with the path, and the folder's name. */
  readonly folders?: Readonly<Record<`BATON_${string}_DIR`, string>>;
  /** Memory, if it differs from that of the other services. */
  readonly memory?: Memory;
}

/** The way for each event that the table sends to `N`. A missing or an additional event does not compile. */
type Hears<N extends string> = [HeardBy<N>] extends [never]
  ? { readonly hears?: Readonly<Record<string, "no row of _contracts/events.ts is `to` this service">> }
  : { readonly hears: { readonly [T in HeardBy<N>]: Way } };

/** Whether it has an outbox: exactly when the table says that it sends events. */
type Outbox<N extends string> = [SentBy<N>] extends [never]
  ? { readonly outbox?: "no row of _contracts/events.ts is `from` this service" }
  : { readonly outbox: true };

/** All services together must fit a small machine. With half of this young space, garbage collection takes more CPU. */
const SMALL: Memory = { youngMb: 2, heapMb: 96, limitMb: 136 };

/** Declares the service `name`. Returns the declaration with all that is derived from it. */
export function service<const N extends string, const S extends Settings = Record<never, Setting>>(
  name: N,
  declared: Always<S> & Hears<N> & Outbox<N>,
) {
  const { port, does, edge = false, database = false, follows = false, memory = SMALL } = declared;
  const { calls = [], worksOff = [], addsTo = [], folders = {} } = declared;
  const hears = (declared.hears ?? {}) as { readonly [T in HeardBy<N>]: Way };
  const outbox = declared.outbox === true;
  const queues = worksOff.length > 0 || addsTo.length > 0;
  // A job that runs out of attempts goes to the dead letters, which are a stream.
  const streams = outbox || follows || Object.keys(hears).length > 0 || worksOff.length > 0;
  const servers: ServerName[] = [];
  if (streams) servers.push("nats");
  if (queues) servers.push("redis");
  if (database) servers.push("postgres");
  return {
    ...{ name, does, port, edge, database, outbox, follows, calls, hears, worksOff, addsTo, folders, memory },
    settings: (declared.settings ?? {}) as S,
    entry: `services/${name}/main.ts`,
    ready: "/readyz",
    servers,
  } satisfies Service & { name: N };
}

/** The variable with the address of the service `name`. */
export const urlVariable = (name: string): string => `BATON_${name.toUpperCase()}_URL`;

/** V8's flags for `memory`. */
export const heapFlags = ({ youngMb, heapMb }: Omit<Memory, "limitMb">): string[] => [
  ...(youngMb === undefined ? [] : [`--max-semi-space-size=${youngMb}`]),
  `--max-old-space-size=${heapMb}`,
];
