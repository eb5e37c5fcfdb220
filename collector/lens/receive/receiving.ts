/** What the two doors of OTLP have in common. */
import type { Logger } from "pino";
import type { BodyReader } from "./body.ts";
import type { Intake } from "./intake.ts";

export interface Receiving {
  readonly intake: Intake;
  readonly bodies: BodyReader;
  /** Origins whose pages may send telemetry, beside those of this machine. */
  readonly origins: ReadonlySet<string>;
  readonly log: Logger;
  /** How long a client may take for the headers of its request. */
  readonly headersMs: number;
}
