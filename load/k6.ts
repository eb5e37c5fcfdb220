/**
 * Runs scenarios in k6: `npm run load` starts it, and so may anyone: `k6 run -e BATON_SCENARIO=mix load/k6.ts`. It makes the
 * headers of tracing itself, so that a check that fails names its trace. Reads of the environment:
 *
 * - `BATON_SCENARIO`: a scenario's name, or `mix` (the default); `BATON_PROFILE`: see `profiles.ts`, `smoke` by default
 * - `BATON_GATEWAY_URL`, `BATON_LENS_URL`: where they are; `BATON_JAEGER_URL`: for links, none without it
 * - `BATON_FAULT`: a fault more for every request, to see a promise broken; `BATON_RUN`: the run's id, made when missing
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

/** k6's own, which its types leave out. */
declare const console: { log(text: string): void; error(text: string): void };

const ROUTE = "POST /api/v1/checkouts";
/** Above the gateway's own deadline, so that it is the gateway who says that it took too long. */
const TIMEOUT = "20s";
/** Each virtual user tells so many failures whole; the summary counts all. */
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
  // The route, not the address, or every id would be a series of its own; and no tag that is always the same.
  systemTags: ["scenario", "name", "method", "status", "error_code", "expected_response", "check"],
  discardResponseBodies: false,
  userAgent: "baton-load",
};

const hex = (bytes: number): string =>
  Array.from(new Uint8Array(randomBytes(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Runs once, before the others: gives the run its id, and ends it at once when there is no shop. */
export function setup(): { run: string } {
  const ready = http.get(`${gateway}/readyz`, { tags: { name: "GET /readyz" }, timeout: "5s" });
  if (ready.status !== 200) {
    const why = ready.status === 0 ? ready.error : `${ready.status} ${ready.body}`;
    exec.test.abort(`the gateway at ${gateway} is not ready: ${why}`);
  }
  return { run: setting("BATON_RUN", `k6-${hex(4)}`) };
}

let failuresTold = 0;

/** One checkout of the scenario whose turn it is. An error in here ends the run: k6 itself would go on and call it passed. */
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
      // A refusal that was promised is no failed request.
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

/** Whether the answer carries the ids of the request, so that whoever has one of them finds the rest. */
function judgeIds(body: Record<string, unknown>, correlationId: string): Finding[] {
  const findings: Finding[] = [];
  const { correlationId: answered, traceId } = body;
  if (answered !== correlationId)
    findings.push({ what: "correlation id", expected: correlationId, found: String(answered ?? "none") });
  if (typeof traceId !== "string" || !/^[0-9a-f]{32}$/.test(traceId))
    findings.push({ what: "trace id", expected: "one", found: String(traceId ?? "none") });
  return findings;
}

/** Checks the answer, and tells which checkout it was. */
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
  // One check, so that its rate is that of the checkouts; what was wrong is told below.
  const passed = check(response, { "the checkout is as promised": () => findings.length === 0 });
  // An edge that restarts traces (BATON_EDGE_TRACE=restart) answers with its own.
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

/** k6's own summary is longer than a screen; this one says what was promised and what came. */
export function handleSummary(data: SummaryData): { stdout: string } {
  return {
    stdout: `\n${summaryText(
      data,
      running.map(({ name }) => name),
    )}\n`,
  };
}
