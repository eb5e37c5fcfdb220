/** Reports progress. The runner uses only this interface, so that tests and programs may run it silently. */

export interface Reporter {
  /** One line that stays. */
  say(line: string): void;
  /** Begins something that may take long. The returned function ends it, and prints `outcome` if it is given. */
  begin(what: string): (outcome?: string) => void;
}

/** Prints nothing. */
export const silent: Reporter = { say: () => {}, begin: () => () => {} };

const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/** What is waited for, with the seconds so far: `orders 1.2 s, lens 0.3 s`. */
class Pending {
  readonly #since = new Map<symbol, { what: string; atMs: number }>();

  add(what: string): symbol {
    const id = Symbol(what);
    this.#since.set(id, { what, atMs: Date.now() });
    return id;
  }
  remove(id: symbol): void {
    this.#since.delete(id);
  }
  get size(): number {
    return this.#since.size;
  }
  toString(): string {
    return [...this.#since.values()].map(({ what, atMs }) => `${what} ${seconds(atMs)}`).join(", ");
  }
}

/** For a terminal: one line at the bottom, redrawn ten times a second, shows what is waited for and how long. */
function onTerminal(out: NodeJS.WriteStream): Reporter {
  const pending = new Pending();
  const erase = "\r\x1b[2K";
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    out.write(erase + `waiting for ${pending}`.slice(0, Math.max(20, (out.columns || 80) - 1)));
  };
  const say = (line: string): void => {
    out.write(`${timer ? erase : ""}${line}\n`);
    if (timer) draw();
  };
  return {
    say,
    begin(what) {
      const id = pending.add(what);
      timer ??= setInterval(draw, 100);
      return (outcome) => {
        pending.remove(id);
        if (pending.size === 0) {
          clearInterval(timer);
          timer = undefined;
          out.write(erase);
        }
        if (outcome !== undefined) say(outcome);
      };
    },
  };
}

/** For a file or a pipe: outcomes as lines, and every few seconds a line with what is still waited for. */
function onPlainStream(out: NodeJS.WritableStream): Reporter {
  const pending = new Pending();
  const stillEveryMs = 5_000;
  let timer: NodeJS.Timeout | undefined;
  const say = (line: string): void => {
    out.write(`${line}\n`);
  };
  return {
    say,
    begin(what) {
      const id = pending.add(what);
      timer ??= setInterval(() => say(`still waiting for ${pending}`), stillEveryMs);
      return (outcome) => {
        pending.remove(id);
        if (pending.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
        if (outcome !== undefined) say(outcome);
      };
    },
  };
}

/** A reporter that writes to `out`: live on a terminal, else plain lines. */
export function reporterOn(out: NodeJS.WriteStream): Reporter {
  return out.isTTY ? onTerminal(out) : onPlainStream(out);
}
