/** The playground that the case files of one test file share, because a start takes longer than most of them. */
import { startPlayground, type TestPlayground } from "./playground.ts";

let one: Promise<TestPlayground> | undefined;

/** Starts it at the first call; later calls of the same test file get the same one. The test file removes it. */
export const onePlayground = (): Promise<TestPlayground> => {
  one ??= startPlayground();
  return one;
};
