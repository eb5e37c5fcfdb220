import { type Buried, deadLetters } from "./dead-letters.ts";
import type { Nats } from "./nats/jetstream.ts";

/** The dead letters that a test is about, oldest first: others have theirs in the same stream. */
export async function lettersWhere(nats: Nats, isWanted: (letter: Buried) => boolean): Promise<Buried[]> {
  const found: Buried[] = [];
  for await (const letter of deadLetters(nats)) if (isWanted(letter)) found.push(letter);
  return found;
}
