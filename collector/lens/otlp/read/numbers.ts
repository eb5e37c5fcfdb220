/** Whole numbers in one growing array, which another thread can be handed without a copy. */

const FIRST = 1024;

export class Numbers {
  /** May be longer than what was written. */
  list: Int32Array<ArrayBuffer>;
  length = 0;

  constructor(first = FIRST) {
    this.list = new Int32Array(first);
  }

  /** Makes room for `count` more, and returns the place of the first of them. They hold whatever stood there. */
  add(count: number): number {
    const at = this.length;
    this.length = at + count;
    if (this.length > this.list.length) {
      const wider = new Int32Array(Math.max(this.list.length * 2, this.length));
      wider.set(this.list);
      this.list = wider;
    }
    return at;
  }

  push(number: number): void {
    const at = this.add(1);
    this.list[at] = number;
  }
}
