/**
 * Runs scenarios in k6. `npm run load` starts it; `k6 run -e BATON_SCENARIO=mix load/k6.ts` works as well. It makes the
 * tracing headers itself, so that a failed check can name its trace. Variables:
 *
 * - `BATON_SCENARIO`: a scenario's name, or `mix` (the default); `BATON_PROFILE`: see `profiles.ts`, `smoke` by default
 * - `BATON_GATEWAY_URL`, `BATON_LENS_URL`: where they are; `BATON_JAEGER_URL`: for links, none without it
 * - `BATON_FAULT`: one more fault for every request, to see a broken promise; `BATON_RUN`: the run's id, else random
 */
import { check } from "k6";
import { randomBytes } from "k6/crypto";
import exec from "k6/execution";
import http, { type RefinedResponse, type ResponseType } from "k6/http";
import type { Options } from "k6/options";
import { type Finding, findingText, judgeAnswer, orderStatusOf } from "./answer.ts";
import { failureText, type Links } from "./failure.ts";
import { chosen, MIX, planOf } from "./plan.ts";
import { profiles } from "./profiles.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios as all } from "./scenarios/index.ts";
import { type SummaryData, summaryText } from "./summary.ts";
import { RANDOM_BYTES, traceHeaders } from "./trace-headers.ts";

/** k6 has it, but its types leave it out. */
declare const console: { log(text: string): void; error(text: string): void };

const ROUTE = "POST /api/v1/checkouts";
/** Longer than the gateway's own deadline, so that the gateway reports the timeout. */
const TIMEOUT = "20s";
/** How many failures each virtual user prints in full; the summary counts all. */
const MOST_FAILURES = 3;

const setting = (name: string, preset: string): string => __ENV[name] || preset;
const gateway = setting("BATON_GATEWAY_URL", "http://127.0.0.1:8080");
const links: Links = {
  lens: setting("BATON_LENS_URL", "http://127.0.0.1:4000"),
  jaeger: setting("BATON_JAEGER_URL", ""),
};
const extraFault = setting("BATON_FAULT", "");
const wanted = setting("BATON_SCENARIO", MIX);
const profileName = setting("BATON_PROFILE", "smoke");

const running = chosen(wanted, all);
const profile = profiles.find(({ name }) => name === profileName);
if (running.length === 0) {
  const names = [...all.map(({ name }) => name), MIX].join(", ");
  throw new Error(`BATON_SCENARIO: there is no scenario "${wanted}"; there are ${names}`);
}
if (profile === undefined) {
  const names = profiles.map(({ name }) => name).join(", ");
  throw new Error(`BATON_PROFILE: there is no profile "${profileName}"; there are ${names}`);
}
const { tellsEach } = profile;

export const options: Options = {
  ...planOf(running, profile),
  summaryTrendStats: ["med", "p(95)", "p(99)", "max"],
  // `name` is the route: by address, every id would make a series of its own. Tags that never change are left out.
  systemTags: ["scenario", "name", "method", "status", "error_code", "expected_response", "check"],
  discardResponseBodies: false,
  userAgent: "baton-load",
};

const hex = (bytes: number): string =>
  Array.from(new Uint8Array(randomBytes(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Runs once, first: gives the run its id, and aborts it when the gateway is not ready. */
export function setup(): { run: string } {
  const ready = http.get(`${gateway}/readyz`, { tags: { name: "GET /readyz" }, timeout: "5s" });
  if (ready.status !== 200) {
    const why = ready.status === 0 ? ready.error : `${ready.status} ${ready.body}`;
    exec.test.abort(`the gateway at ${gateway} is not ready: ${why}`);
  }
  return { run: setting("BATON_RUN", `k6-${hex(4)}`) };
}

let failuresTold = 0;

/** One checkout of k6's current scenario. An error in here aborts the run: k6 itself would go on and report a pass. */
export default function iteration(data: { run: string }): void {
  try {
    checkout(data);
  } catch (thrown) {
    exec.test.abort(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  }
}

function checkout({ run }: { run: string }): void {
  const scenario = running.find(({ name }) => name === exec.scenario.name);
  if (scenario === undefined) throw new Error(`k6 runs "${exec.scenario.name}", which is not planned`);
  const { request, faults, expect } = scenario;
  const number = exec.scenario.iterationInTest;
  const correlationId = `${run}-${scenario.name}-${number}`;
  const sent = traceHeaders(new Uint8Array(randomBytes(RANDOM_BYTES)), {
    correlationId,
    faults: extraFault ? [...faults, extraFault] : faults,
    run,
  });
  const response = http.post(
    `${gateway}/api/v1/checkouts`,
    JSON.stringify({
      userId: `${run}-${number}`,
      items: request.items,
      payment: { token: request.token },
    }),
    {
      headers: { ...sent.headers, "content-type": "application/json" },
      tags: { name: ROUTE },
      timeout: TIMEOUT,
      // A promised refusal does not count as a failed request.
      responseCallback: http.expectedStatuses(expect.httpStatus),
    },
  );
  judge(scenario, response, { ...sent, correlationId });
}

function bodyOf(response: RefinedResponse<ResponseType | undefined>): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(String(response.body));
    return typeof body === "object" && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

/** Checks the ids in the answer: the request's correlation id, and a trace id. */
function judgeIds(body: Record<string, unknown>, correlationId: string): Finding[] {
  const findings: Finding[] = [];
  const { correlationId: answered, traceId } = body;
  if (answered !== correlationId)
    findings.push({ what: "correlation id", expected: correlationId, found: String(answered ?? "none") });
  if (typeof traceId !== "string" || !/^[0-9a-f]{32}$/.test(traceId))
    findings.push({ what: "trace id", expected: "one", found: String(traceId ?? "none") });
  return findings;
}

/** Checks the answer and prints the result with its trace id. */
function judge(
  scenario: Scenario,
  response: RefinedResponse<ResponseType | undefined>,
  sent: { readonly traceId: string; readonly correlationId: string },
): void {
  const body = bodyOf(response);
  const answer = { httpStatus: response.status, orderStatus: orderStatusOf(body) };
  const answered = response.status > 0;
  const findings = judgeAnswer(answer, scenario.expect);
  if (answered) findings.push(...judgeIds(body, sent.correlationId));
  // A single check, so that its rate is the rate of checkouts. The findings are printed below.
  const passed = check(response, { "the checkout is as promised": () => findings.length === 0 });
  // An edge that restarts traces (BATON_EDGE_TRACE=restart) answers with its own trace id.
  const ids = { ...sent, ...(typeof body.traceId === "string" && { traceId: body.traceId }) };
  if (passed && tellsEach) {
    const took = `${response.timings.duration.toFixed(0)} ms`;
    console.log(
      `✓ ${scenario.name} ${answer.httpStatus} ${answer.orderStatus} in ${took}  trace ${ids.traceId}`,
    );
  }
  if (passed || failuresTold >= MOST_FAILURES) return;
  failuresTold++;
  const why = findings.map(findingText);
  console.error(failureText(scenario.name, answered ? why : [...why, response.error], ids, links));
  if (failuresTold === MOST_FAILURES) console.error("Further failures of this user are only counted.");
}

/** Replaces k6's own summary, which is longer than a screen, by a table of promises and results. */
export function handleSummary(data: SummaryData): { stdout: string } {
  return {
    stdout: `\n${summaryText(
      data,
      running.map(({ name }) => name),
    )}\n`,
  };
}
