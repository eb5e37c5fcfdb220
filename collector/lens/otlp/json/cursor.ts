/**
 * Reads JSON text from its bytes, a piece at a time. JSON.parse would round numbers beyond 2^53, make a hundred bytes
 * of objects out of two of text, and hold the thread until the last of them.
 *
 * Source: RFC 8259
 */
import { malformed } from "../error.ts";
import { wordAt } from "../words.ts";

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [ZERO, NINE, MINUS] = [0x30, 0x39, 0x2d];
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** No number needs more; a longer one would only take long to look at. */
const LONGEST_NUMBER = 400;

export class JsonCursor {
  readonly bytes: Buffer;
  pos = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The next byte that is not white space; -1 at the end. It stays the next. */
  peek(): number {
    const { bytes } = this;
    for (; this.pos < bytes.length; this.pos++) {
      const byte = bytes[this.pos] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return -1;
  }

  /** Throws unless nothing but white space is left. */
  end(): void {
    if (this.peek() !== -1) throw wrong();
  }

  get isObject(): boolean {
    return this.peek() === OPEN;
  }

  get isList(): boolean {
    return this.peek() === OPEN_LIST;
  }

  get isString(): boolean {
    return this.peek() === QUOTE;
  }

  /** Passes over `null` when it is next, and says whether it was. */
  isNull(): boolean {
    if (this.peek() !== 0x6e) return false;
    this.#word("null");
    return true;
  }

  /** True before each member that is left of the object that has begun; passes over its end. */
  moreMembers(isFirst: boolean): boolean {
    return this.#more(isFirst, CLOSE);
  }

  /** True before each element that is left of the list that has begun; passes over its end. */
  moreElements(isFirst: boolean): boolean {
    return this.#more(isFirst, CLOSE_LIST);
  }

  /** Passes over the bracket that begins an object or a list. */
  begin(): void {
    this.pos++;
  }

  /** The name of the next member; the value is next. Names come again and again, and are made once. */
  name(): string {
    if (this.peek() !== QUOTE) throw wrong();
    const start = this.pos + 1;
    const isPlain = this.#string();
    const name = isPlain ? wordAt(this.bytes, start, this.pos - 1) : this.#decoded(start);
    if (this.peek() !== COLON) throw wrong();
    this.pos++;
    return name;
  }

  /** The next string in UTF-8: a view where nothing in it is escaped. */
  string(): Buffer {
    const start = this.pos + 1;
    const isPlain = this.#string();
    return isPlain ? this.bytes.subarray(start, this.pos - 1) : Buffer.from(this.#decoded(start), "utf8");
  }

  /** The next number as it is written. */
  number(): string {
    const { bytes, pos: start } = this;
    for (; this.pos < bytes.length; this.pos++) {
      const byte = bytes[this.pos] as number;
      const isOne = (byte >= ZERO && byte <= NINE) || byte === MINUS || byte === 0x2b || byte === 0x2e;
      if (!isOne && byte !== 0x65 && byte !== 0x45) break;
    }
    if (this.pos === start || this.pos - start > LONGEST_NUMBER) throw wrong();
    const text = bytes.toString("latin1", start, this.pos);
    if (!NUMBER.test(text)) throw wrong();
    return text;
  }

  /** The next value, which is true or false; null when it is anything else, and stays the next. */
  boolean(): boolean | null {
    const byte = this.peek();
    if (byte !== 0x74 && byte !== 0x66) return null;
    this.#word(byte === 0x74 ? "true" : "false");
    return byte === 0x74;
  }

  /** Passes over the next value, however deep it is. */
  skip(): void {
    /** The brackets that end what is open. */
    const open: number[] = [];
    do {
      const byte = this.peek();
      let isFirst = byte === OPEN || byte === OPEN_LIST;
      if (isFirst) {
        this.pos++;
        open.push(byte === OPEN ? CLOSE : CLOSE_LIST);
      } else this.#scalar(byte);
      // What was passed over may have been the last in what holds it, and that in turn.
      for (let close = open.at(-1); close !== undefined; close = open.at(-1)) {
        if (this.#more(isFirst, close)) {
          if (close === CLOSE) this.name();
          break;
        }
        open.pop();
        isFirst = false;
      }
    } while (open.length > 0);
  }

  #more(isFirst: boolean, close: number): boolean {
    const byte = this.peek();
    if (byte === close) {
      this.pos++;
      return false;
    }
    if (isFirst) return true;
    if (byte !== COMMA) throw wrong();
    this.pos++;
    if (this.peek() === close) throw wrong();
    return true;
  }

  #scalar(byte: number): void {
    if (byte === QUOTE) this.#string();
    else if (byte === 0x6e) this.#word("null");
    else if (byte === 0x74) this.#word("true");
    else if (byte === 0x66) this.#word("false");
    else this.number();
  }

  /** Passes over a string. True when nothing in it is escaped. */
  #string(): boolean {
    const { bytes } = this;
    let isPlain = true;
    for (let at = this.pos + 1; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        this.pos = at + 1;
        return isPlain;
      }
      if (byte < 0x20) throw wrong();
      if (byte !== BACKSLASH) continue;
      isPlain = false;
      at++;
    }
    throw wrong();
  }

  /** The string that was passed over last, and begins behind the quote at `start`. */
  #decoded(start: number): string {
    try {
      return JSON.parse(this.bytes.toString("utf8", start - 1, this.pos));
    } catch (cause) {
      throw wrong(cause);
    }
  }

  #word(word: string): void {
    if (this.bytes.toString("latin1", this.pos, this.pos + word.length) !== word) throw wrong();
    this.pos += word.length;
  }
}

const wrong = (cause?: unknown) => malformed("the body is not JSON", cause);
