/** One start of a playground: what it has started so far, and how all of it is stopped. */
import path from "node:path";
import type { Part } from "../../services/declare.ts";
import { lens, services } from "../../services/topology.ts";
import type { Copy } from "../copy.ts";
import { movementOf } from "../movement.ts";
import { makeDatabases } from "../provide/databases.ts";
import { type Prepared, prepare, type Servers } from "../provide/provide.ts";
import type { StackPart } from "../stack/part.ts";
import type { StackPorts } from "../stack/ports.ts";
import type { Reporter } from "../terminal/report.ts";
import { startChild } from "./child.ts";
import { type Ports, portOf } from "./ports.ts";
import type { Claim } from "./state.ts";
import type { Child, ChildSpec } from "./supervise.ts";

export interface UpOptions {
  /** State folder, absolute: logs, data, mail, run.json. */
  readonly dir: string;
  readonly ports: Ports;
  /** For lens and the services; wins over everything that the playground sets itself. */
  readonly env?: Readonly<Record<string, string>>;
  /** Keeps data, logs and mail of the last run; otherwise everything begins empty. */
  readonly keep?: boolean;
  /** Also starts the full stack, on these ports. Telemetry then goes to the Collector, which sends it on. */
  readonly full?: StackPorts;
  /** The backend that gets a copy of all telemetry; none when null or left out. */
  readonly copy?: Copy | null;
  readonly report: Reporter;
  /** Ends the start; a playground that is up is ended by `stop`. */
  readonly signal?: AbortSignal;
}

/** One thing that runs. */
export interface RunningPart {
  readonly name: string;
  readonly port: number;
  /** Null for a given server. */
  readonly child: Child | null;
  /** Address that answers 200 when the part is ready; servers have none. */
  readonly ready?: string;
}

export const root = path.resolve(import.meta.dirname, "../..");
/** Everything is gone 5 s after a Ctrl-C: services have 3 s, then the Collector 1 s, then all the others 1 s. */
const SERVICE_STOP_MS = 3_000;
/** lens makes safe what it was sent. A bound: usually it takes less. */
const LENS_STOP_MS = 8_000;
/** Timeout of one readiness probe. Probes are repeated as long as the start is waited for. */
const PROBE_TIMEOUT_MS = 10_000;
/** So many characters are shown of the answer of a part that is not ready. */
const MOST_SAID = 300;
/** Services that have a database. */
export const usesPostgres = services.filter(({ database }) => database).map(({ name }) => name);

/** Address that answers 200 when `part` is ready. */
const readyUrl = (part: Part, ports: Ports): string =>
  `http://127.0.0.1:${portOf(part.name, ports)}${part.ready}`;

/** Resolves to true when `url` answers 200, else rejects with its status and text. */
async function answers(url: string, signal: AbortSignal): Promise<true> {
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]),
  });
  const said = (await response.text()).trim().slice(0, MOST_SAID);
  if (response.status !== 200) throw new Error(`it answers ${response.status}: ${said}`);
  return true;
}

const specOf = (
  part: Part,
  dir: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildSpec => ({
  name: part.name,
  command: process.execPath,
  args: [...flags, part.entry],
  env,
  cwd: root,
  logFile: path.join(dir, "logs", `${part.name}.log`),
  stopWithinMs: part === lens ? LENS_STOP_MS : SERVICE_STOP_MS,
});

/** Everything that has been started. It is stopped in the right order. */
export class Acquired {
  readonly services: RunningPart[] = [];
  readonly collector: RunningPart[] = [];
  /** Where telemetry ends up. */
  readonly lens: RunningPart[] = [];
  readonly backends: RunningPart[] = [];
  servers: Servers | null = null;
  #ending: Promise<void> | undefined;
  readonly #claim: Claim;
  readonly #report: Reporter;

  constructor(mine: Claim, report: Reporter) {
    this.#claim = mine;
    this.#report = report;
  }

  parts(): RunningPart[] {
    const place = ({ name }: RunningPart): number => services.findIndex((service) => service.name === name);
    return [
      ...(this.servers?.parts ?? []),
      ...this.lens,
      ...this.backends,
      ...this.collector,
      ...this.services.toSorted((a, b) => place(a) - place(b)),
    ];
  }

  /** Stops services first, which send their last spans; then the Collector, which forwards them; then the others. */
  end(): Promise<void> {
    this.#ending ??= this.#endInOrder();
    return this.#ending;
  }

  async #endInOrder(): Promise<void> {
    await this.#stopAll(this.services);
    await this.#stopAll(this.collector);
    await this.#stopAll([...this.lens, ...this.backends, ...(this.servers?.parts ?? [])]);
    await this.#claim.release();
  }

  async #stopAll(parts: readonly RunningPart[]): Promise<void> {
    const stop = async ({ name, child }: RunningPart): Promise<void> => {
      const done = this.#report.begin(`${name} to stop`);
      await child?.stop();
      done();
    };
    await Promise.all(parts.map(stop));
  }
}

/** One start of a playground. */
export class Starting {
  readonly options: UpOptions;
  readonly acquired: Acquired;
  readonly signal: AbortSignal;
  readonly #failed = new AbortController();
  /** Writes run.json again. */
  readonly #publish: (parts: readonly RunningPart[]) => void;

  constructor(options: UpOptions, acquired: Acquired, publish: (parts: readonly RunningPart[]) => void) {
    this.options = options;
    this.acquired = acquired;
    this.#publish = publish;
    this.signal = options.signal
      ? AbortSignal.any([options.signal, this.#failed.signal])
      : this.#failed.signal;
  }

  publish(): void {
    this.#publish(this.acquired.parts());
  }

  /** Waits for all of `work`. The first error aborts the others' waits, and is thrown at the end. */
  async all(work: readonly Promise<void>[]): Promise<void> {
    await Promise.allSettled(work.map((one) => one.catch((error) => this.#failed.abort(error))));
    this.signal.throwIfAborted();
  }

  /** Starts `part`, waits until it is ready and adds it to `to`. */
  async part(
    part: Part,
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
    to: RunningPart[],
    isHeld?: () => boolean,
  ): Promise<void> {
    const { dir, ports } = this.options;
    const ready = readyUrl(part, ports);
    const stackPart = { spec: specOf(part, dir, flags, env), port: portOf(part.name, ports), ready };
    await this.stackPart(stackPart, to, isHeld);
  }

  /** Starts `part`, waits until it is ready, adds it to `to`. While it `isHeld`, it is neither probed nor timed out. */
  async stackPart(
    { spec, port, ready }: StackPart,
    to: RunningPart[],
    isHeld: () => boolean = () => false,
  ): Promise<void> {
    const { report } = this.options;
    let done: (() => void) | undefined;
    const probe = (signal: AbortSignal): Promise<true> => {
      done ??= report.begin(spec.name);
      return answers(ready, signal);
    };
    const { child } = await startChild(spec, probe, {
      report: { ...report, begin: () => () => {} },
      signal: this.signal,
      isHeld,
      onEvent: () => this.publish(),
    }).finally(() => done?.());
    to.push({ name: spec.name, port, child, ready });
    this.publish();
  }

  /** Finds the servers' programs and addresses; no server runs yet. */
  async prepareServers(): Promise<Prepared> {
    const { dir, ports, keep = false, report } = this.options;
    const signal = this.signal;
    const onEvent = (): void => this.publish();
    const services = usesPostgres;
    return prepare({ root, dir, ports, env: process.env, keep, services, report, signal, onEvent });
  }

  async startServers(prepared: Prepared): Promise<void> {
    this.acquired.servers = await prepared.start();
    this.publish();
  }

  /** Makes each service's database, on the server at `url`. */
  async makeDatabases(url: string, passwordFor: (service: string) => string): Promise<void> {
    const { report } = this.options;
    const child = this.acquired.servers?.parts.find(({ name }) => name === "postgres")?.child;
    // The activity of a given server cannot be seen, so it counts as not moving.
    const hasMoved = child ? movementOf(child.pid, child.spec.logFile) : async () => false;
    const done = report.begin("a database for each service");
    await makeDatabases(url, usesPostgres, passwordFor, { signal: this.signal, hasMoved }).finally(done);
  }
}
