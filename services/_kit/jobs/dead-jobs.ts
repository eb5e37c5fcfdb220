/**
 * Jobs that have failed for good: they become dead letters, and a redrive adds them to their queue again.
 *
 * A failed job stays in Redis until it is marked as dead-lettered, and it is marked after the stream has it. If the
 * worker ends in between, the next sweep finds the job. (Publishing before the job fails would lose nothing either, but
 * cannot cover the jobs that BullMQ fails by itself because they stalled too often.)
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
import { ATTR } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import { spanContextOf } from "../telemetry/propagation.ts";
import { readEnvelope } from "./envelope.ts";
import { jobOptions, PREFIX } from "./queue.ts";
import type { Envelope } from "./tracing.ts";

/** A failed job, with the jobs that waited for it and failed with it. */
const FailedJob = z.object({
  id: z.string(),
  name: z.string(),
  data: z.unknown(),
  get parent() {
    return FailedJob.optional();
  },
});
type FailedJob = z.output<typeof FailedJob>;

const PAGE = 500;
/** A flow is a few jobs deep. The limit is for data that others have written to Redis. */
const MAX_DEPTH = 20;
/** BullMQ's text for a job that stalled too often. */
const STALLED = "job stalled more than allowable limit";

export interface DeadJobsOptions {
  readonly queue: Queue;
  readonly redis: Redis;
  /** Keeps the dead letters, and brings redriven jobs back. */
  readonly broker: Broker;
  readonly log: Logger;
}

/** The owner of a queue's dead letters. */
export const jobsOf = (queue: string): string => `job.${token(queue)}`;

/** Reason and detail of a failure as one text, which is what BullMQ keeps. */
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
  /** The key of the marks: ids of failed jobs that are dead letters already. */
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

  /** Dead-letters a job that has failed for good, and marks it. If this fails, a sweep finds the job. */
  async bury(job: Job): Promise<void> {
    // A job that fails with its child is no dead letter of its own: the child is redriven.
    const blamed = await job.getDependenciesCount({ failed: true });
    if (!blamed.failed) await this.#publish(job);
    await this.#redis.zadd(this.#marks, Date.now(), job.id ?? "");
  }

  async #publish(job: Job): Promise<void> {
    const { name } = this.#queue;
    const envelope = envelopeOf(job.data);
    const { reason, detail } = failureOf(job.failedReason ?? "");
    await bury(this.#broker, {
      id: this.#letterOf(job.id ?? ""),
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
      data: Buffer.from(JSON.stringify(await this.#failedJob(job))),
    });
  }

  async #failedJob(job: Job, depth = 0): Promise<FailedJob> {
    const { parent } = job;
    const isOurs = parent?.queueKey === `${PREFIX}:${this.#queue.name}` && depth < MAX_DEPTH;
    const above = isOurs && parent.id ? await Job.fromId(this.#queue, parent.id) : undefined;
    return {
      id: job.id ?? "",
      name: job.name,
      data: job.data,
      parent: above && (await this.#failedJob(above, depth + 1)),
    };
  }

  /** Dead-letters every failed job without a mark: its worker had ended, or the broker was away. */
  async sweep(): Promise<void> {
    // Throws when the broker is away: then there is no use in trying each job.
    await this.#broker.deadLetters();
    for (let from = 0; ; from += PAGE) {
      const ids = await this.#queue.getRanges(["failed"], from, from + PAGE - 1, true);
      if (ids.length === 0) break;
      const marks = await this.#redis.zmscore(this.#marks, ...ids);
      for (const id of ids.filter((_, i) => marks[i] === null)) {
        const job = await Job.fromId(this.#queue, id);
        if (!job) continue;
        // A job that cannot be buried must not hold up those behind it.
        await this.bury(job).catch((err) =>
          this.#log.warn({ err, [ATTR.messageId]: id }, "could not be dead-lettered"),
        );
      }
    }
    // Marks of jobs that are gone are deleted.
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

  /** Adds a redriven job again, with the jobs of its flow that waited for it. */
  async #again({ headers, data }: ReceivedMessage): Promise<void> {
    const letter = headers[REDRIVE_OF] ?? "";
    const failed = await this.#find(data, letter);
    if (!failed) {
      this.#log.error({ [ATTR.messageId]: this.#idIn(letter) }, "a redriven job was not found");
      return;
    }
    const times = redrivenOf(headers) || 1;
    const last = spanContextOf(headers[LAST_ATTEMPT] ?? "");
    let flow = this.#node(failed, times, last);
    for (let { parent } = failed; parent; { parent } = parent) {
      flow = { ...this.#node(parent, times), children: [flow] };
    }
    await this.#flows.add(flow);
  }

  async #find(data: Uint8Array, letter: string): Promise<FailedJob | undefined> {
    if (data.byteLength > 0) return FailedJob.safeParse(JSON.parse(Buffer.from(data).toString())).data;
    // It was too large for a message.
    const job = await Job.fromId(this.#queue, this.#idIn(letter));
    return job && this.#failedJob(job);
  }

  /** The job's id in the id of its dead letter. */
  #idIn(letter: string): string {
    return letter.slice(this.#letterOf("").length);
  }

  #letterOf(id: string): string {
    return `job:${this.#queue.name}:${id}`;
  }

  #node(failed: FailedJob, times: number, last?: Envelope["previous"]): FlowJob {
    const envelope = envelopeOf(failed.data);
    const first = envelope?.redriven?.id ?? failed.id;
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
    // A job without an envelope is added unchanged, and fails again.
    return {
      name: failed.name,
      queueName: this.#queue.name,
      data: data ?? failed.data,
      opts: jobOptions({ id }),
    };
  }
}
