/**
 * Sends spans to lens at a given rate, in its own process: `node sender.ts <SendPlan as JSON>`, started by send.ts. It
 * reports its progress and its outcome to its parent.
 */
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { SendPlan, Sent } from "./send.ts";
import { RequestTemplate, USUAL } from "./spans.ts";

/** Spans. */
const PROGRESS_EVERY = 10_000;

interface Answer {
  readonly status: number;
  readonly retryAfterMs: number;
}

const plan = JSON.parse(process.argv[2] ?? "") as SendPlan;
const agent = new Agent({ keepAlive: true, maxSockets: plan.connections });
const shape = { ...USUAL, ...plan.shape };
const { spansPerRequest, requestsPerGroup } = shape;
const requests = Math.ceil(plan.spans / spansPerRequest / requestsPerGroup) * requestsPerGroup;
const progressEvery = Math.ceil(PROGRESS_EVERY / spansPerRequest);
const everyMs = (spansPerRequest / plan.perSecond) * 1e3;
const sent: { -readonly [K in keyof Sent]: Sent[K] } = {
  spans: 0,
  resent: 0,
  broken: 0,
  tookMs: 0,
  lastGroup: plan.firstGroup,
};
const unanswered = new Set<number>();

function post(body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
    const posting = request(`${plan.url}/v1/traces`, { method: "POST", agent, headers }, (response) => {
      response.on("error", reject);
      response.on("end", () => {
        const seconds = Number(response.headers["retry-after"] ?? 1);
        resolve({ status: response.statusCode ?? 0, retryAfterMs: seconds * 1e3 });
      });
      response.resume();
    });
    posting.on("error", reject);
    posting.end(body);
  });
}

/** Sends one request until it is accepted, as OTLP asks of a client. */
async function deliver(body: Buffer): Promise<void> {
  for (;;) {
    const answer = await post(body).catch(() => null);
    if (answer?.status === 200) break;
    if (answer && answer.status !== 429 && answer.status !== 503)
      throw new Error(`lens answered ${answer.status}`);
    // A broken connection may have delivered the request. lens then has the spans, and counts these as repeated.
    if (answer) sent.resent += 1;
    else sent.broken += 1;
    await delay(answer?.retryAfterMs ?? 100);
  }
  sent.spans += spansPerRequest;
}

let next = 0;
const beganMs = performance.now();

/**
 * One of the connections: takes the next request when it is due. It has its own templates, because others are being
 * sent.
 */
async function connection(): Promise<void> {
  const templates = Array.from(
    { length: requestsPerGroup },
    (_, service) => new RequestTemplate(service, shape),
  );
  while (next < requests) {
    const number = next++;
    unanswered.add(number);
    const dueMs = beganMs + number * everyMs - performance.now();
    if (dueMs > 1) await delay(dueMs);
    const template = templates[number % requestsPerGroup];
    if (!template) throw new Error("no template");
    await deliver(template.fill(plan.firstGroup + Math.floor(number / requestsPerGroup), Date.now()));
    unanswered.delete(number);
    if (number % progressEvery === 0) process.send?.({ group: wholeGroup() });
  }
}

/** The last group up to which everything was accepted. */
const wholeGroup = (): number =>
  plan.firstGroup + Math.floor(Math.min(next, ...unanswered) / requestsPerGroup) - 1;

await Promise.all(Array.from({ length: plan.connections }, connection));
sent.tookMs = performance.now() - beganMs;
sent.lastGroup = wholeGroup();
agent.destroy();
process.send?.({ sent }, () => process.disconnect());
