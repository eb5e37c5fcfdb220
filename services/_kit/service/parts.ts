/**
 * Opens all that a service declares: its settings, database, broker, outbox, consumers, queues, gauges and probes. A
 * part that is declared and not used, or used and not declared, fails the start with one line that says what to change.
 */
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import * as z from "zod";
import type { Database } from "../database/postgres.ts";
import { attemptsSchema } from "../events/attempts.ts";
import type { Broker } from "../events/broker.ts";
import type { Handle } from "../events/event.ts";
import { inboxSchema } from "../events/inbox.ts";
import { outboxSchema } from "../events/outbox.ts";
import type { JobQueue, NewJob } from "../jobs/queue.ts";
import { brokerAt, listening, readConfig, streaming, wholeNumbers } from "../process/config.ts";
import { readTelemetrySettings } from "../sdk/settings.ts";
import { type FaultAt, faultAt, noFault } from "../telemetry/faults.ts";
import type { AsyncMode } from "../telemetry/propagation.ts";
import { type Declared, type Group, hearsEvents, queuesOf, undeclared, usesBroker } from "./declared.ts";
import type { JobHandlers, Jobs } from "./job-parts.ts";
import type { Life } from "./main.ts";

export interface RpcDoor {
  readonly services: readonly DescService[];
  readonly routes: (router: ConnectRouter) => void;
}

/** The parts of a service. Using one that it does not declare throws. */
export interface Parts<D extends Declared> {
  readonly host: string;
  readonly port: number;
  /** Web origins whose pages may call (`BATON_CORS_ORIGINS`). */
  readonly corsOrigins: readonly string[];
  readonly settings: { readonly [N in keyof D["settings"]]: number };
  /** The path of the folder that the declaration names by this variable. */
  folder(variable: string): string;
  readonly mode: AsyncMode;
  /** Whether faults are on (`BATON_FAULTS=1`). */
  readonly faults: boolean;
  /** Asks for a fault of the request; finds none where faults are off. */
  readonly fault: FaultAt;
  readonly db: Database;
  readonly broker: Broker;
  /** `J`: the jobs that may be added. Without it nothing can be added. */
  queue<J extends NewJob = never>(name: D["addsTo"][number] | D["worksOff"][number]): JobQueue<J>;
  /** Starts to consume each type in its declared way. `handlers`: one for each type that it hears. */
  hear(handlers: Readonly<Record<string, Handle>>): Promise<void>;
  /** Starts to work a queue off. `perSecond`: the rate limit in jobs, over all replicas. */
  workOff(
    queue: D["worksOff"][number],
    handlers: JobHandlers,
    options?: { readonly perSecond?: number },
  ): Promise<void>;
  /** To be called last: starts the gRPC server, which answers the probes as well. */
  serveRpc(door: RpcDoor): Promise<void>;
  /** To be called last, for a service without another server: answers the probes. */
  serveProbes(): Promise<void>;
}

export interface OpenOptions {
  /** The service's own SQL, beside what its declaration needs. */
  readonly schemas?: readonly URL[];
}

/** Reads the environment and opens all declared parts. Rejects with a ConfigError that names each wrong variable. */
export type OpenParts<D extends Declared> = (
  life: Life,
  env: NodeJS.ProcessEnv,
  options?: OpenOptions,
) => Promise<Parts<D>>;

const addressesOf = (declared: Declared) => ({
  ...(declared.database ? { BATON_POSTGRES_URL: z.url() } : {}),
  ...(usesBroker(declared) ? streaming() : {}),
  ...(queuesOf(declared).length > 0 ? { BATON_REDIS_URL: z.url() } : {}),
});

/**
 * Loads only the code that `declared` needs: a service without queues does not pay for BullMQ. To be awaited when the
 * service's module is loaded, which is before its servers are there.
 */
export async function partsOf<D extends Declared>(
  declared: D,
  groups: readonly Group[],
): Promise<OpenParts<D>> {
  const [database, events, jobs] = await Promise.all([
    declared.database ? import("../database/postgres.ts") : undefined,
    usesBroker(declared) ? import("./event-parts.ts") : undefined,
    queuesOf(declared).length > 0 ? import("./job-parts.ts") : undefined,
    usesBroker(declared) ? import("./broker.ts").then(({ preloadBrokers }) => preloadBrokers()) : undefined,
  ]);
  return async (life, env, { schemas = [] } = {}) => {
    const { log, releaser, signal } = life;
    const settings = readConfig(z.object(wholeNumbers(declared.settings)), env);
    const folders = readConfig(
      z.object(Object.fromEntries(Object.keys(declared.folders).map((name) => [name, z.string().min(1)]))),
      env,
    );
    const at = readConfig(z.object({ ...listening(declared.port), ...addressesOf(declared) }), env);
    const { asyncMode: mode, faults, edge } = readTelemetrySettings(env);
    if (edge?.trace === "restart")
      log.info(
        "traces of callers are not continued: a request begins a trace that links to theirs (BATON_EDGE_TRACE)",
      );
    const own = [
      ...schemas,
      ...(hearsEvents(declared) ? [inboxSchema, attemptsSchema] : []),
      ...(declared.outbox ? [outboxSchema] : []),
    ];
    const db = await database?.openDatabase(String(at.BATON_POSTGRES_URL), own, log, { signal });
    if (db) releaser.add("database", db, (d) => d.close());
    const broker = await events?.openEvents(declared, groups, brokerAt(at), life);
    const opened = jobs?.openJobs(String(at.BATON_REDIS_URL), queuesOf(declared), life);
    if (declared.outbox)
      await events?.openOutbox(need(declared, "database", db), need(declared, "broker", broker), mode, life);
    return new Wiring(declared, life, {
      host: at.BATON_HOST,
      port: at.BATON_PORT,
      corsOrigins: at.BATON_CORS_ORIGINS,
      settings: settings as Parts<D>["settings"],
      folders,
      mode,
      faults,
      fault: faults ? faultAt : noFault,
      database: db,
      events: broker,
      jobs: opened,
    });
  };
}

function need<T>(declared: Declared, what: string, part: T | undefined): T {
  if (part === undefined) throw undeclared(declared, `asks for its ${what}, and declares none`);
  return part;
}

interface Opened<D extends Declared>
  extends Pick<Parts<D>, "host" | "port" | "corsOrigins" | "settings" | "mode" | "faults" | "fault"> {
  readonly folders: Readonly<Record<string, string>>;
  readonly database: Database | undefined;
  readonly events: Broker | undefined;
  readonly jobs: Jobs | undefined;
}

class Wiring<D extends Declared> implements Parts<D> {
  readonly host: string;
  readonly port: number;
  readonly corsOrigins: readonly string[];
  readonly settings: Parts<D>["settings"];
  readonly mode: AsyncMode;
  readonly faults: boolean;
  readonly fault: FaultAt;
  readonly #declared: D;
  readonly #life: Life;
  readonly #opened: Opened<D>;
  /** The calls that the declaration requires and that were not made yet. */
  readonly #left: Set<string>;

  constructor(declared: D, life: Life, opened: Opened<D>) {
    this.#declared = declared;
    this.#life = life;
    this.#opened = opened;
    this.#left = new Set([
      ...(hearsEvents(declared) ? ["hear"] : []),
      ...declared.worksOff.map((queue) => `workOff ${queue}`),
    ]);
    ({ host: this.host, port: this.port, corsOrigins: this.corsOrigins, settings: this.settings } = opened);
    ({ mode: this.mode, faults: this.faults, fault: this.fault } = opened);
  }

  get db(): Database {
    return need(this.#declared, "database", this.#opened.database);
  }

  get broker(): Broker {
    return need(this.#declared, "broker", this.#opened.events);
  }

  folder(variable: string): string {
    return need(this.#declared, `folder ${variable}`, this.#opened.folders[variable]);
  }

  queue<J extends NewJob = never>(name: string): JobQueue<J> {
    return need(this.#declared, `queue ${name}`, this.#opened.jobs?.queues.get(name)) as JobQueue<J>;
  }

  async hear(handlers: Readonly<Record<string, Handle>>): Promise<void> {
    const heard = Object.keys(this.#declared.hears).toSorted().join(", ");
    const given = Object.keys(handlers).toSorted().join(", ");
    if (heard !== given) throw undeclared(this.#declared, `hears ${heard}, and has handlers of ${given}`);
    const { hearEvents } = await import("./event-parts.ts");
    const own = { broker: this.broker, db: this.db, mode: this.mode };
    await hearEvents(this.#declared, handlers, own, this.#life);
    this.#left.delete("hear");
  }

  async workOff(queue: string, handlers: JobHandlers, options: { perSecond?: number } = {}): Promise<void> {
    if (!this.#declared.worksOff.includes(queue))
      throw undeclared(this.#declared, `works off ${queue}, and does not declare it`);
    const jobs = need(this.#declared, "queues", this.#opened.jobs);
    await jobs.workOff(queue, handlers, { broker: this.broker, mode: this.mode, ...options });
    this.#left.delete(`workOff ${queue}`);
  }

  async serveRpc(door: RpcDoor): Promise<void> {
    this.#check();
    const { serveRpc } = await import("../rpc/server.ts");
    const { log, releaser } = this.#life;
    const { host, port, corsOrigins } = this;
    const at = { host, port, corsOrigins, log, ready: () => this.#ready() };
    releaser.add("server", await serveRpc({ ...at, ...door }), (s) => s.close());
  }

  async serveProbes(): Promise<void> {
    this.#check();
    const { serveProbes } = await import("./probes.ts");
    const server = await serveProbes(this.host, this.port, () => this.#ready());
    this.#life.releaser.add("server", server, (s) => s.close());
  }

  #check(): void {
    const [left] = this.#left;
    if (left !== undefined)
      throw undeclared(this.#declared, `does not use all that it declares (there is no call of ${left})`);
  }

  async #ready(): Promise<void> {
    const { database, events, jobs } = this.#opened;
    await Promise.all([
      database?.query("SELECT 1"),
      events?.ready(),
      ...[...(jobs?.queues.values() ?? [])].map((queue) => queue.ready()),
    ]);
  }
}
