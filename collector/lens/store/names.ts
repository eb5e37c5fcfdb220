/** Numbers for names, each as long as somebody holds it: a row of a table has no room for a text. */
export class Names {
  readonly #names: string[] = [];
  readonly #holders: number[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];

  /** The name's number, with one more holder. */
  hold(name: string): number {
    const known = this.#numbers.get(name);
    const number = known ?? this.#free.pop() ?? this.#names.length;
    if (known === undefined) {
      this.#numbers.set(name, number);
      this.#names[number] = name;
      this.#holders[number] = 0;
    }
    this.#holders[number] = (this.#holders[number] ?? 0) + 1;
    return number;
  }

  /** Counts one holder less; the number is free with the last. Does nothing for -1. */
  release(number: number): void {
    if (number < 0) return;
    const holders = (this.#holders[number] ?? 1) - 1;
    this.#holders[number] = holders;
    if (holders > 0) return;
    this.#numbers.delete(this.of(number));
    this.#free.push(number);
  }

  /** The name of a number that somebody holds; empty for any other. */
  of(number: number): string {
    return this.#names[number] ?? "";
  }
}
