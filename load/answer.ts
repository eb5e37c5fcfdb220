/** Compares an answer of the public API with its scenario's promise. Pure, because k6 and the tests both use it. */
import type { Expectation } from "./scenario.ts";

/** A difference from what was promised. */
export interface Finding {
  /** What was checked, such as `status` or `hop`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** The parts of an answer that are checked. */
export interface Answered {
  /** 0 when there was no answer. */
  readonly httpStatus: number;
  /** The order's state; empty when the answer has none. */
  readonly orderStatus: string;
}

/** A finding as one line. */
export const findingText = ({ what, expected, found }: Finding): string =>
  `${what}: expected ${expected}, found ${found}`;

/** The order's state in an answer's body: `status` of an order, `orderStatus` of a problem (RFC 9457), else empty. */
export function orderStatusOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  const { status, orderStatus } = body as Readonly<Record<string, unknown>>;
  if (typeof orderStatus === "string") return orderStatus;
  return typeof status === "string" ? status : "";
}

/** A finding for each difference between an answer and the promise; empty when there is none. */
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
