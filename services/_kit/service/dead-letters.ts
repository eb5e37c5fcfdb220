/** The dead letters of the broker at an address, for the command line. */
import { type DeadLetterOffice, officeOf } from "../events/letters/redrive.ts";
import { makeLogger } from "../telemetry/log.ts";
import { openBroker } from "./broker.ts";

/** Rejects when no broker answers at `url`, or when no service has made the dead letters' place there yet. */
export async function openDeadLetters(url: string): Promise<DeadLetterOffice> {
  const name = "redrive";
  return officeOf(await openBroker({ url, name, log: makeLogger(name, "silent"), lateMs: 0 }));
}
