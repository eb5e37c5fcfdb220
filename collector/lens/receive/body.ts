/** Reads a request's body within bounds: of one request, before and after unpacking, and of all at once. */
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { malformed, OtlpError } from "../otlp/error.ts";

/** Unpacks gzip. Rejects with an error of the code ERR_BUFFER_TOO_LARGE when that gives more than `maxOutputLength`. */
export type Unpack = (packed: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** How many of the longest requests may be held at the same moment, by all senders together. */
export const REQUESTS_AT_ONCE = 4;

/** A sender that trickles its body must not hold memory for ever, however steadily it trickles. */
const WITHIN_MS = 30_000;

/** A body as it came over the wire, to be unpacked or not. */
export interface Packed {
  readonly bytes: Buffer;
  readonly gzip: boolean;
}

export interface ReadOptions {
  /** What the sender said about the body's length, in bytes; NaN or 0 when it said nothing. */
  readonly declaredBytes: number;
  /** Finds the payload in what came: takes a frame off, says whether it is compressed. */
  readonly open: (received: Buffer) => Packed;
}

/** Counts so many bytes more as held by a request. Throws an OtlpError `busy` when all together would hold too many. */
export type Hold = (bytes: number) => void;

/** One for all receivers, so that their senders share the bound on what is held at once. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #withinMs: number;
  readonly #unpacking: Unpack;
  #held = 0;

  /** `maxBytes`: of one body, compressed or not. `withinMs`: from its first byte to its last. */
  constructor(maxBytes: number, withinMs = WITHIN_MS, unpack: Unpack = promisify(gunzip)) {
    this.#maxBytes = maxBytes;
    this.#withinMs = withinMs;
    this.#unpacking = unpack;
  }

  /**
   * Hands the unpacked body to `use` and resolves to what that resolves to; the body counts as held until then, and so
   * does what `use` holds beside it. Throws an OtlpError: `too_large`, `busy`, `slow`, or `malformed` for a broken gzip
   * stream or a sender that went away.
   */
  async read<T>(
    source: Readable,
    options: ReadOptions,
    use: (body: Buffer, hold: Hold) => T | Promise<T>,
  ): Promise<T> {
    let held = 0;
    const hold = (bytes: number): void => {
      if (this.#held + bytes > this.#maxBytes * REQUESTS_AT_ONCE)
        throw new OtlpError("busy", "too many requests at once");
      held += bytes;
      this.#held += bytes;
    };
    try {
      if (options.declaredBytes > this.#maxBytes) throw this.#tooLarge();
      const { bytes, gzip } = options.open(await this.#collect(source, hold));
      return await use(gzip ? await this.#unpack(bytes, hold) : bytes, hold);
    } finally {
      this.#held -= held;
    }
  }

  async #collect(source: Readable, hold: Hold): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new OtlpError("slow", `the body did not come within ${this.#withinMs} ms`)),
      this.#withinMs,
    );
    // Not destroyed when we stop early: the answer still has to go out on this connection.
    const coming = source.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    try {
      for (let next = await Promise.race([coming.next(), late]); !next.done; ) {
        length += next.value.length;
        if (length > this.#maxBytes) throw this.#tooLarge();
        hold(next.value.length);
        chunks.push(next.value);
        next = await Promise.race([coming.next(), late]);
      }
    } catch (error) {
      throw error instanceof OtlpError ? error : malformed("the body ended early", error);
    } finally {
      clearTimeout(timer);
    }
    return Buffer.concat(chunks, length);
  }

  /**
   * What a body unpacks to counts before it is unpacked: by its own word, and when that was too little, as the longest.
   */
  async #unpack(packed: Buffer, hold: Hold): Promise<Buffer> {
    const said = Math.min(packed.length < 4 ? 0 : packed.readUInt32LE(packed.length - 4), this.#maxBytes);
    hold(said);
    try {
      return await this.#unpacking(packed, { maxOutputLength: Math.max(1, said) });
    } catch (error) {
      if (!isTooLong(error)) throw malformed("the body is not valid gzip", error);
    }
    // A stream may have several members, of which only the last says how long it is.
    hold(this.#maxBytes - said);
    try {
      return await this.#unpacking(packed, { maxOutputLength: this.#maxBytes });
    } catch (error) {
      throw isTooLong(error) ? this.#tooLarge() : malformed("the body is not valid gzip", error);
    }
  }

  #tooLarge(): OtlpError {
    return new OtlpError("too_large", `the body is longer than ${this.#maxBytes} bytes`);
  }
}

const isTooLong = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
