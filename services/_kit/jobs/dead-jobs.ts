/**
 * Jobs that have failed for good: into the dead letters, and from there once more into their queue.
 *
 * A failed job stays in Redis until it is marked as dead-lettered, and it is marked after the stream has it. Whatever ends
 * in between is found by the next sweep. (Publishing before the job fails would lose nothing either, but cannot cover
 * what BullMQ fails by itself: jobs that stalled too often.)
 */

import type { FlowJob } from "bullmq";
import { FlowProducer, Job, type Queue } from "bullmq";
import type { Redis } from "ioredis";
import * as z from "zod";
import type { Broker, ReceivedMessage } from "../events/broker.ts";
import { bury, LAST_ATTEMPT, REDRIVE_OF, redrivenOf, token } from "../events/letters/dead-letters.ts";
import { withoutFaults } from "../events/letters/redrive.ts";
import { takeBack } from "../events/letters/take-back.ts";
import type { RunningConsumer } from "../events/receiver.ts";
import type { Logger } from "../telemetry/log.ts";
import { spanContextOf } from "../telemetry/propagation.ts";
import { readEnvelope } from "./envelope.ts";
import { jobOptions, PREFIX } from "./queue.ts";
import type { Envelope } from "./tracing.ts";

/** A job, and the jobs that waited for it and failed with it: all that is lost when it is given up. */
const Remains = z.object({
  id: z.string(),
  name: z.string(),
  data: z.unknown(),
  get parent() {
    return Remains.optional();
  },
});
type Remains = z.output<typeof Remains>;

const PAGE = 500;
/** A flow is a few jobs deep; a bound for what a stranger makes of it. */
const MAX_DEPTH = 20;
/** BullMQ's own words for a job whose worker was lost too often. */
const STALLED = "job stalled more than allowable limit";

export interface DeadJobsOptions {
  readonly queue: Queue;
  readonly redis: Redis;
  /** Where jobs that are given up go, and come back from. */
  readonly broker: Broker;
  readonly log: Logger;
}

/** How the dead letters of a queue are called. */
export const jobsOf = (queue: string): string => `job.${token(queue)}`;

/** Reason and detail of a failure as BullMQ keeps it: one text. */
export const failureText = (reason: string, detail: string): string => `${reason}: ${detail}`;

function failureOf(text: string): { reason: string; detail: string } {
  if (text === STALLED) return { reason: "stalled", detail: text };
  const [, reason, detail] = /^([a-z_]{1,60}): (.*)$/s.exec(text) ?? [];
  return reason !== undefined ? { reason, detail: detail ?? "" } : { reason: "failed", detail: text };
}

function envelopeOf(data: unknown): Envelope | undefined {
  try {
    return readEnvelope(data);
  } catch {
    return undefined;
  }
}

export class DeadJobs {
  readonly #queue: Queue;
  readonly #redis: Redis;
  readonly #broker: Broker;
  readonly #log: Logger;
  readonly #flows: FlowProducer;
  /** Ids of failed jobs that are dead letters, too. */
  readonly #marks: string;

  constructor({ queue, redis, broker, log }: DeadJobsOptions) {
    this.#queue = queue;
    this.#redis = redis;
    this.#broker = broker;
    this.#log = log;
    this.#flows = new FlowProducer({ connection: redis, prefix: PREFIX });
    this.#flows.on("error", () => {});
    this.#marks = queue.toKey("dead-lettered");
  }

  /** Dead-letters a job that has failed for good, and marks it. When that does not work, a sweep finds it. */
  async bury(job: Job): Promise<void> {
    // Its child is the one to blame, and to redrive; this one fails with it.
    const blamed = await job.getDependenciesCount({ failed: true });
    if (!blamed.failed) await this.#publish(job);
    await this.#redis.zadd(this.#marks, Date.now(), job.id ?? "");
  }

  async #publish(job: Job): Promise<void> {
    const { name } = this.#queue;
    const envelope = envelopeOf(job.data);
    const { reason, detail } = failureOf(job.failedReason ?? "");
    await bury(this.#broker, {
      id: `job:${name}:${job.id}`,
      consumer: jobsOf(name),
      group: name,
      type: job.name,
      reason,
      detail,
      attempts: job.attemptsMade,
      lastAttempt: envelope?.previous && { ...envelope.previous, isRemote: true },
      redriven: envelope?.redriven?.times ?? 0,
      head: {
        eventId: token(envelope?.redriven?.id ?? job.id ?? ""),
        carrier: envelope?.carrier ?? {},
        createdMs: envelope?.createdMs,
        sentMs: undefined,
      },
      data: Buffer.from(JSON.stringify(await this.#remainsOf(job))),
    });
  }

  async #remainsOf(job: Job, depth = 0): Promise<Remains> {
    const { parent } = job;
    const isOurs = parent?.queueKey === `${PREFIX}:${this.#queue.name}` && depth < MAX_DEPTH;
    const above = isOurs && parent.id ? await Job.fromId(this.#queue, parent.id) : undefined;
    return {
      id: job.id ?? "",
      name: job.name,
      data: job.data,
      parent: above && (await this.#remainsOf(above, depth + 1)),
    };
  }

  /** Dead-letters every failed job that is not marked: its worker ended, or the broker was away. */
  async sweep(): Promise<void> {
    // Throws when it is away: then there is no use in trying each.
    await this.#broker.deadLetters();
    for (let from = 0; ; from += PAGE) {
      const ids = await this.#queue.getRanges(["failed"], from, from + PAGE - 1, true);
      if (ids.length === 0) break;
      const marks = await this.#redis.zmscore(this.#marks, ...ids);
      for (const id of ids.filter((_, i) => marks[i] === null)) {
        const job = await Job.fromId(this.#queue, id);
        if (!job) continue;
        // One that cannot be buried must not keep those behind it from it.
        await this.bury(job).catch((err) => this.#log.warn({ err, job: id }, "could not be dead-lettered"));
      }
    }
    // Marks are kept as long as their jobs.
    const weights = ["WEIGHTS", 1, 0] as const;
    await this.#redis.zinterstore(this.#marks, 2, this.#marks, this.#queue.toKey("failed"), ...weights);
  }

  /** Adds redriven jobs to the queue again until stopped. */
  async takeBack(): Promise<RunningConsumer> {
    const owner = jobsOf(this.#queue.name);
    const taking = await takeBack(this.#broker, owner, this.#log, (message) => this.#again(message));
    return {
      stop: async () => {
        await taking.stop();
        await this.#flows.close();
      },
    };
  }

  /** Below what is left of its flow: the jobs that waited for it come back with it. */
  async #again({ headers, data }: ReceivedMessage): Promise<void> {
    const letter = headers[REDRIVE_OF] ?? "";
    const remains = await this.#find(data, letter);
    if (!remains) {
      this.#log.error({ letter }, "a redriven job is nowhere to be found");
      return;
    }
    const times = redrivenOf(headers) || 1;
    const last = spanContextOf(headers[LAST_ATTEMPT] ?? "");
    let flow = this.#node(remains, times, last);
    for (let { parent } = remains; parent; { parent } = parent) {
      flow = { ...this.#node(parent, times), children: [flow] };
    }
    await this.#flows.add(flow);
  }

  async #find(data: Uint8Array, letter: string): Promise<Remains | undefined> {
    if (data.byteLength > 0) return Remains.safeParse(JSON.parse(Buffer.from(data).toString())).data;
    // It was too large for a message.
    const job = await Job.fromId(this.#queue, letter.slice(`job:${this.#queue.name}:`.length));
    return job && this.#remainsOf(job);
  }

  #node(remains: Remains, times: number, last?: Envelope["previous"]): FlowJob {
    const envelope = envelopeOf(remains.data);
    const first = envelope?.redriven?.id ?? remains.id;
    const id = `${first}-redrive-${times}`;
    const data = envelope && {
      carrier: withoutFaults(envelope.carrier),
      createdMs: envelope.createdMs,
      ...(last
        ? { previous: { traceId: last.traceId, spanId: last.spanId, traceFlags: last.traceFlags } }
        : {}),
      redriven: { times, id: first },
      payload: envelope.payload,
    };
    // What has no envelope comes back as it was, and fails as it did.
    return {
      name: remains.name,
      queueName: this.#queue.name,
      data: data ?? remains.data,
      opts: jobOptions({ id }),
    };
  }
}
