/** Errors for the user of the playground: one class with a closed set of codes. */

export type ProblemCode =
  | "usage"
  | "environment"
  | "topology"
  | "already_running"
  | "not_running"
  | "port_taken"
  | "server_missing"
  | "server_unfit"
  | "part_died"
  | "not_ready"
  | "refused"
  | "unknown_journey"
  | "unknown_letter"
  | "incomplete";

/** An error whose message is written for a person: it is printed without a stack. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;

  constructor(code: ProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `thrown` as an Error; any other value becomes the message of one. */
export function errorFrom(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The code of a system error such as `ENOENT`, else an empty string. */
export function systemCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}
