/**
 * How many items senders were told to be taken, in a file that outlives the process: what the store lacks of them when
 * it is opened again was lost, and can be said. Written without waiting for the disk: it is for the death of a process.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import path from "node:path";

const BYTES = 8;

export class Answered {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(BYTES);
  #total: number;

  /** `dir`: the store's folder. */
  constructor(dir: string) {
    this.#file = openSync(path.join(dir, "lens.answered"), "a+");
    closeSync(this.#file);
    this.#file = openSync(path.join(dir, "lens.answered"), "r+");
    const read = readSync(this.#file, this.#bytes, 0, BYTES, 0);
    this.#total = read === BYTES ? this.#bytes.readDoubleLE() : 0;
  }

  /** Items so far. */
  get total(): number {
    return this.#total;
  }

  /** Notes that so many were taken by now. */
  set total(total: number) {
    this.#total = total;
    this.#bytes.writeDoubleLE(total);
    writeSync(this.#file, this.#bytes, 0, BYTES, 0);
  }

  close(): void {
    ftruncateSync(this.#file, BYTES);
    closeSync(this.#file);
  }
}
