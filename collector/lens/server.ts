/** Lens put together: a thread that receives, which is this one, one that writes, and one that answers. */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { MessageChannel } from "node:worker_threads";
import { type Logger, pino } from "pino";
import { BATON } from "../../services/_kit/telemetry/conventions.ts";
import type { LensConfig } from "./config.ts";
import { Counts } from "./counts.ts";
import { Forwarder } from "./forward/forward.ts";
import { HEADERS_MS, type Listening, listen, urlOf } from "./listen.ts";
import { Hasher } from "./otlp/hasher.ts";
import { IndexKeys } from "./otlp/read/index-keys.ts";
import { BodyReader } from "./receive/body.ts";
import { otlpGrpcServer } from "./receive/grpc.ts";
import { otlpHttpServer } from "./receive/http.ts";
import { Intake } from "./receive/intake.ts";
import { QueryLink } from "./threads/query-link.ts";
import { WriterLink } from "./threads/writer-link.ts";

export interface Lens {
  /** The page and the query API. */
  readonly url: string;
  readonly otlpHttpUrl: string;
  readonly otlpGrpcUrl: string;
  /** Rejects when one of the threads ends by itself: lens is of no use then. */
  readonly failed: Promise<never>;
  /** Stops within 2 s, with all safe that was answered; within 4 s when something is to be sent on. */
  stop(): Promise<void>;
}

/** Requests that are running when lens stops get this long. */
const GRACE_MS = 1000;
/** And what still waits to be sent on, this long. */
const FORWARD_GRACE_MS = 2000;

/** What has been started: doors are shut first and all at once, then the rest ends, the last that began first. */
class Started {
  readonly #doors: (() => Promise<void>)[] = [];
  readonly #rest: (() => Promise<void>)[] = [];

  door(shut: () => Promise<void>): void {
    this.#doors.push(shut);
  }

  add(end: () => Promise<void>): void {
    this.#rest.push(end);
  }

  async end(): Promise<void> {
    await Promise.all(this.#doors.splice(0).map((shut) => shut()));
    for (const end of this.#rest.splice(0).reverse()) await end();
  }
}

/**
 * Starts lens and resolves when it listens on all three ports. Rejects with an Error that names the port when one is
 * taken, and then listens on none. `log`: says nothing unless it is given. `headersMs`: how long a client may be
 * silent.
 */
export async function startLens(
  config: LensConfig,
  log: Logger = pino({ enabled: false }),
  headersMs = HEADERS_MS,
): Promise<Lens> {
  const started = new Started();
  try {
    return await start(config, log, headersMs, started);
  } catch (error) {
    await started.end();
    throw error;
  }
}

async function start(config: LensConfig, log: Logger, headersMs: number, started: Started): Promise<Lens> {
  const { host, edges, linkReason, consumers } = config;
  const counts = new Counts();
  const index = [...new Set([BATON.correlationId, ...config.index])];
  const dir = config.dataDir ?? (await temporaryFolder(started));
  const questions = new MessageChannel();
  const limits = { limitBytes: config.storeBytes, maxAgeMs: config.maxAgeMs };
  const shared = { dir, ...limits, index, edges, counts: counts.memory };
  const writer = await WriterLink.start({ ...shared, questions: questions.port1 }, log);
  started.add(() => writer.close());
  const forwarder = config.forward && new Forwarder({ ...config.forward, counts, log, env: process.env });
  if (forwarder) started.add(() => forwarder.stop(FORWARD_GRACE_MS));
  const intake = new Intake({
    counts,
    keys: new IndexKeys(new Hasher(writer.seed), index),
    store: (batch) => writer.take(batch),
    ...(forwarder && { onTaken: (taken) => forwarder.offer(taken) }),
  });
  const bodies = new BodyReader(config.maxRequestBytes);
  const open = async (...args: Parameters<typeof listen>): Promise<Listening> => {
    const server = await listen(...args);
    started.door(() => server.stop(GRACE_MS));
    return server;
  };
  const receiving = { intake, bodies, origins: new Set(config.otlpOrigins), log, headersMs };
  const http = otlpHttpServer(receiving);
  const grpc = otlpGrpcServer(receiving);
  const otlpHttpUrl = urlOf(await open(http, host, config.otlpHttpPort, "OTLP/HTTP"));
  const otlpGrpcUrl = urlOf(await open(grpc, host, config.otlpGrpcPort, "OTLP/gRPC"));
  // The page comes last: its /healthz says that the whole of lens is there.
  const query = await QueryLink.start(
    {
      ...{
        ...shared,
        consumers,
        linkReason,
        hosts: config.hosts,
        host,
        port: config.port,
        headersMs,
        otlpHttpUrl,
        otlpGrpcUrl,
      },
      isForwarding: forwarder !== null,
      questions: questions.port2,
    },
    log,
  );
  started.door(() => query.close(GRACE_MS));
  const failed = Promise.race([writer.failed, query.failed]);
  failed.catch(() => {});
  return { url: query.url, otlpHttpUrl, otlpGrpcUrl, failed, stop: () => started.end() };
}

/** A folder for a store that goes when lens ends. */
async function temporaryFolder(started: Started): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "baton-lens-"));
  started.add(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
