/**
 * How a service is declared in `topology.ts`: what is said of it, and what follows from that. Imports nothing at run time,
 * so that the topology can be read before any package is there.
 */
import type { EventType, HeardBy, SentBy } from "./_contracts/events.ts";

/**
 * In which way a service takes a type of event. `single`: several at a time, each by itself. `ordered`: those of one user
 * one after the other, as they were appended. `batches`: many at once, one after the other.
 */
export type Way = "single" | "ordered" | "batches";

/** V8's flags and a container's limit, in MB. */
export interface Memory {
  /** V8's old space. */
  readonly heapMb: number;
  /** One half of V8's young space; V8's own preset unless given. */
  readonly youngMb?: number;
  /** What a container may take in all. Beside the heap there are code, buffers and libraries. */
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

/** A Node process of ours. */
export interface Part {
  readonly name: string;
  /** What a newcomer reads in `npm run status`. */
  readonly does: string;
  /** Entry file, from the project's root. */
  readonly entry: string;
  /** TCP port before `BATON_PORT_OFFSET`; its HTTP/1.1 side answers `ready`. */
  readonly port: number;
  /** Path that answers 200 when the part can do its work. */
  readonly ready: string;
}

/** A service as it was declared, with what follows from that. */
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

/** What any service may say of itself. */
interface Always<S extends Settings> {
  /** Before `BATON_PORT_OFFSET`. */
  readonly port: number;
  /** In a few words, for `npm run status` and the tables of the documents. */
  readonly does: string;
  /** The public edge: the correlation id is decided here, and foreign baggage ends here. */
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
  /** Folders that it writes files to: the variable that says where, and the folder's name. */
  readonly folders?: Readonly<Record<`BATON_${string}_DIR`, string>>;
  /** Where it differs from other services. */
  readonly memory?: Memory;
}

/** The way for each event that the table sends to `N`; an event too few or too many does not compile. */
type Hears<N extends string> = [HeardBy<N>] extends [never]
  ? { readonly hears?: Readonly<Record<string, "no row of _contracts/events.ts is `to` this service">> }
  : { readonly hears: { readonly [T in HeardBy<N>]: Way } };

/** Whether it appends events to an outbox: exactly when the table has it send some. */
type Outbox<N extends string> = [SentBy<N>] extends [never]
  ? { readonly outbox?: "no row of _contracts/events.ts is `from` this service" }
  : { readonly outbox: true };

/** All services together are to fit a small machine: with half of this young space, collecting garbage takes more CPU. */
const SMALL: Memory = { youngMb: 2, heapMb: 96, limitMb: 136 };

/** Declares the service `name`; answers it with all that follows from what was said. */
export function service<const N extends string, const S extends Settings = Record<never, Setting>>(
  name: N,
  declared: Always<S> & Hears<N> & Outbox<N>,
) {
  const { port, does, edge = false, database = false, follows = false, memory = SMALL } = declared;
  const { calls = [], worksOff = [], addsTo = [], folders = {} } = declared;
  const hears = (declared.hears ?? {}) as { readonly [T in HeardBy<N>]: Way };
  const outbox = declared.outbox === true;
  const queues = worksOff.length > 0 || addsTo.length > 0;
  // A job that is given up goes to the dead letters, which are a stream.
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

/** The variable that says where the service `name` listens. */
export const urlVariable = (name: string): string => `BATON_${name.toUpperCase()}_URL`;

/** V8's flags for `memory`. */
export const heapFlags = ({ youngMb, heapMb }: Omit<Memory, "limitMb">): string[] => [
  ...(youngMb === undefined ? [] : [`--max-semi-space-size=${youngMb}`]),
  `--max-old-space-size=${heapMb}`,
];
