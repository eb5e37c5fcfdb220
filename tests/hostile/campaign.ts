/**
 * Sends hostile requests to the edge and to an internal port of a whole shop, a part of them at a time, and looks what
 * has become of it: every answer, every process, the memory, the log files, and the journeys in lens.
 */
import { parseTraceParent } from "@opentelemetry/core";
import fc from "fast-check";
import { portOf } from "../../playground/runner/ports.ts";
import { rawClient } from "../../services/_kit/rpc/door.fixture.ts";
import { chance } from "../crash/seeded.ts";
import type { TestPlayground } from "../playground.ts";
import { orderIdIn } from "./calls.ts";
import { type Declared, hasPinged, judgeBytes, judgeCall, judgeFrames, type Verdict } from "./judge.ts";
import { type Accepted, missingOf } from "./lookup.ts";
import { type Bytes, type Call, DOORS, HOSTILE, type Hostile, KINDS } from "./requests.ts";
import { answerIn, talk } from "./talk.ts";

/** Each kind at each door, so many times in a part. */
const EACH = 50;
export const PART = EACH * KINDS.length * DOORS.length;
/** Connections at a time. */
const AT_ONCE = 16;

export interface Tally {
  sent: number;
  accepted: number;
  readonly statuses: Map<string, number>;
}

/** What has been sent so far, and what came of it. */
export class Campaign {
  readonly #playground: TestPlayground;
  readonly #declared: Declared;
  readonly #seed: number;
  readonly #calls: ReturnType<typeof rawClient>;
  readonly #claims = new Map<string, number>();
  readonly #accepted: Accepted[] = [];
  readonly tallies = new Map<string, Tally>();
  readonly faults: string[] = [];
  /** Accepted checkouts: found in lens, and set aside by reason. */
  readonly found = { found: 0, sharedTrace: 0, unsampled: 0 };
  #parts = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(playground: TestPlayground, declared: Declared, seed: number) {
    this.#playground = playground;
    this.#declared = declared;
    this.#seed = seed;
    this.#calls = rawClient(`http://127.0.0.1:${portOf("orders", playground.ports)}`);
  }

  close(): void {
    this.#calls.close();
  }

  /** Sends one part, in a seeded order. */
  async part(): Promise<void> {
    const seed = this.#seed + this.#parts++;
    const made = DOORS.flatMap((door) =>
      KINDS.flatMap((kind, i) =>
        fc.sample(HOSTILE[door][kind], { seed: seed * KINDS.length + i, numRuns: EACH }),
      ),
    );
    const all = chance(seed).shuffled(made);
    const frames = all.filter(({ form }) => form === "frames");
    // Some of them hold their connection for half a minute: the next part does not wait for that.
    this.#tail = Promise.all([this.#tail, this.#send(frames, seed)]);
    await this.#send(
      all.filter(({ form }) => form !== "frames"),
      seed,
    );
  }

  /** Resolves when nothing of what was sent waits for its answer. */
  async answered(): Promise<void> {
    await this.#tail;
  }

  async #send(some: readonly Hostile[], seed: number): Promise<void> {
    const open = [...some];
    const sender = async (): Promise<void> => {
      for (let one = open.pop(); one; one = open.pop()) await this.#one(one, seed);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
  }

  /** Looks in lens for every checkout that was accepted since the last call. */
  async look(): Promise<void> {
    const all = this.#accepted.splice(0);
    const isShared = ({ claimed }: Accepted): boolean =>
      claimed !== undefined && (this.#claims.get(claimed) ?? 0) > 1;
    const shared = all.filter(isShared);
    const unsampled = all.filter((one) => !isShared(one) && one.isUnsampled);
    const rest = all.filter((one) => !isShared(one) && !one.isUnsampled);
    const missing = await missingOf(this.#playground.urls.lens, rest);
    this.found.found += rest.length - missing.length;
    this.found.sharedTrace += shared.length;
    this.found.unsampled += unsampled.length;
    this.faults.push(
      ...missing.map(({ id, orderId }) => `lens has no journey ${id} of the accepted order ${orderId}`),
    );
  }

  async #one(sent: Hostile, seed: number): Promise<void> {
    const key = `${sent.door}, ${sent.kind}`;
    const tally = this.tallies.get(key) ?? { sent: 0, accepted: 0, statuses: new Map<string, number>() };
    this.tallies.set(key, tally);
    tally.sent++;
    const { status, fault, accepted } = await this.#ask(sent);
    tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    if (fault) this.faults.push(`${key}, seed ${seed}: ${fault}; sent ${brief(sent)}`);
    const claimed = claimOf(sent)?.traceId;
    if (claimed) this.#claims.set(claimed, (this.#claims.get(claimed) ?? 0) + 1);
    if (!accepted) return;
    tally.accepted++;
    const isUnsampled = sent.door === "internal" && ((claimOf(sent)?.traceFlags ?? 1) & 1) === 0;
    this.#accepted.push({ ...accepted, claimed, isUnsampled });
  }

  async #ask(sent: Hostile): Promise<Verdict & { accepted?: Pick<Accepted, "id" | "orderId"> }> {
    const port = portOf(sent.door === "edge" ? "gateway" : "orders", this.#playground.ports);
    if (sent.form === "frames")
      return judgeFrames(await talk(port, sent.bytes, { isDone: hasPinged, isPart: true }));
    if (sent.form === "call") {
      const got = await this.#calls.send(sent.call);
      const verdict = judgeCall(sent, got);
      const isPlaced = sent.status === 200 && got.status === 200 && (got.code ?? "0") === "0";
      return isPlaced ? { ...verdict, accepted: placedBy(sent, got.body) } : verdict;
    }
    const heard = await talk(port, sent.bytes, {
      isDone: (bytes) => answerIn(bytes)?.isWhole === true,
      isPart: sent.isBroken === true,
    });
    const verdict = judgeBytes(sent, heard, this.#declared);
    if (verdict.status === "200" && sent.path.endsWith("/Checkout")) {
      const orderId = orderIdIn(answerIn(heard.bytes)?.body ?? "", "application/json") ?? "";
      return { ...verdict, accepted: { id: orderId, orderId } };
    }
    if (verdict.status !== "201" || !sent.path.endsWith("/checkouts")) return verdict;
    const body = JSON.parse(answerIn(heard.bytes)?.body ?? "") as { correlationId: string; orderId: string };
    return { ...verdict, accepted: { id: body.correlationId, orderId: body.orderId } };
  }
}

function placedBy({ call }: Call, body: string): Pick<Accepted, "id" | "orderId"> {
  const orderId = orderIdIn(body, call.headers["content-type"] ?? "") ?? "";
  const correlation = /^correlation\.id=(hostile-[a-f0-9-]+)$/.exec(call.headers.baggage ?? "")?.[1];
  return { id: correlation ?? orderId, orderId };
}

/** The header with this name in a request; undefined without one. */
function headerOf(sent: Hostile, name: string): string | undefined {
  if (sent.form === "call") return sent.call.headers[name];
  if (sent.form === "frames") return undefined;
  return new RegExp(`^${name}: (.*)$`, "im").exec(sent.bytes.toString("latin1"))?.[1]?.trim();
}

/** The trace that a request says it continues. */
function claimOf(sent: Hostile): ReturnType<typeof parseTraceParent> {
  return parseTraceParent(headerOf(sent, "traceparent") ?? "");
}

/** For the report of a fault: the start of it. */
function brief(sent: Hostile): string {
  const text = (bytes: Buffer): string => JSON.stringify(bytes.subarray(0, 400).toString("latin1"));
  if (sent.form !== "call") return text((sent as Exclude<Hostile, Call> as Bytes).bytes);
  const { version, verb, path, headers, body } = sent.call;
  return `HTTP/${version} ${verb} ${path} ${JSON.stringify(headers).slice(0, 400)} ${text(body)}`;
}
