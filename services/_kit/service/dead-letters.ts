/** The dead letters of a broker by its address, for a command line that knows nothing else of it. */
import { type DeadLetterOffice, officeOf } from "../events/letters/redrive.ts";
import { makeLogger } from "../telemetry/log.ts";
import { openBroker } from "./broker.ts";

/** Rejects when no broker answers at `url`, or no service has made a place for dead letters there yet. */
export async function openDeadLetters(url: string): Promise<DeadLetterOffice> {
  const name = "redrive";
  return officeOf(await openBroker({ url, name, log: makeLogger(name, "silent"), lateMs: 0 }));
}
