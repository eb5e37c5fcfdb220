/** Reads a request's body within bounds: of one request, before and after unpacking, and of all at once. */
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { malformed, OtlpError } from "../otlp/error.ts";

const unpack = promisify(gunzip);

/** How many of the longest requests may be held at the same moment, by all senders together. */
const REQUESTS_AT_ONCE = 8;

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

/** One for all receivers, so that their senders share the bound on what is held at once. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #withinMs: number;
  #held = 0;

  /** `maxBytes`: of one body, compressed or not. `withinMs`: from its first byte to its last. */
  constructor(maxBytes: number, withinMs = WITHIN_MS) {
    this.#maxBytes = maxBytes;
    this.#withinMs = withinMs;
  }

  /**
   * Hands the unpacked body to `use` and resolves to what that resolves to; the body counts as held until then. Throws
   * an OtlpError: `too_large`, `busy`, `slow`, or `malformed` for a broken gzip stream or a sender that went away.
   */
  async read<T>(source: Readable, options: ReadOptions, use: (body: Buffer) => T | Promise<T>): Promise<T> {
    let held = 0;
    const hold = (bytes: number): void => {
      held += bytes;
      this.#held += bytes;
      if (this.#held <= this.#maxBytes * REQUESTS_AT_ONCE) return;
      throw new OtlpError("busy", "too many requests at once");
    };
    try {
      if (options.declaredBytes > this.#maxBytes) throw this.#tooLarge();
      const { bytes, gzip } = options.open(await this.#collect(source, hold));
      if (!gzip) return await use(bytes);
      const body = await this.#unpack(bytes);
      hold(body.length);
      return await use(body);
    } finally {
      this.#held -= held;
    }
  }

  async #collect(source: Readable, hold: (bytes: number) => void): Promise<Buffer> {
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

  async #unpack(packed: Buffer): Promise<Buffer> {
    try {
      return await unpack(packed, { maxOutputLength: this.#maxBytes });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ERR_BUFFER_TOO_LARGE") throw this.#tooLarge();
      throw malformed("the body is not valid gzip", error);
    }
  }

  #tooLarge(): OtlpError {
    return new OtlpError("too_large", `the body is longer than ${this.#maxBytes} bytes`);
  }
}
