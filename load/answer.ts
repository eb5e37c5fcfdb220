/** Judges an answer of the public API by what its scenario promises. Pure: k6 asks it as the tests do. */
import type { Expectation } from "./scenario.ts";

/** Something that is not as promised. */
export interface Finding {
  /** What was looked at, such as `status` or `hop`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** What is looked at in an answer. */
export interface Answered {
  /** 0 when nobody answered. */
  readonly httpStatus: number;
  /** The order's state; empty when the answer says none. */
  readonly orderStatus: string;
}

/** A finding as one line. */
export const findingText = ({ what, expected, found }: Finding): string =>
  `${what}: expected ${expected}, found ${found}`;

/** What an answer's body says of the order: `status` when it went well, `orderStatus` in a problem (RFC 9457). */
export function orderStatusOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  const { status, orderStatus } = body as Readonly<Record<string, unknown>>;
  if (typeof orderStatus === "string") return orderStatus;
  return typeof status === "string" ? status : "";
}

/** All that is wrong with an answer; nothing when it is as promised. */
export function judgeAnswer(
  answer: Answered,
  expect: Pick<Expectation, "httpStatus" | "answeredStatus">,
): Finding[] {
  const findings: Finding[] = [];
  if (answer.httpStatus !== expect.httpStatus) {
    const found = answer.httpStatus === 0 ? "no answer" : String(answer.httpStatus);
    findings.push({ what: "status", expected: String(expect.httpStatus), found });
  }
  if (answer.orderStatus !== expect.answeredStatus) {
    const found = answer.orderStatus || "none";
    findings.push({ what: "order in the answer", expected: expect.answeredStatus, found });
  }
  return findings;
}
