import type { Broker } from "../broker.ts";
import { type Buried, deadLetters } from "./dead-letters.ts";

/** The dead letters of one test, oldest first. Other tests have theirs in the same stream. */
export async function lettersWhere(broker: Broker, isWanted: (letter: Buried) => boolean): Promise<Buried[]> {
  const found: Buried[] = [];
  for await (const letter of deadLetters(broker)) if (isWanted(letter)) found.push(letter);
  return found;
}
