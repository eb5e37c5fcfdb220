/**
 * Server-sent events (WHATWG HTML, 9.2): answers that stay open and get an event now and then. The number of streams is
 * bounded, and so is the buffer for a client that does not read.
 *
 * They are written to Node's response itself, not as a web stream. This way it is known when the headers have gone out,
 * which is when the SERVER span ends, and how much is buffered.
 */
import type { ServerResponse } from "node:http";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { AppError } from "../process/errors.ts";
import { GAUGE } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import { readGauges } from "../telemetry/reading.ts";
import { endServerSpan, ids } from "./tracing.ts";

export interface ServerEvent {
  /** A client that reconnects sends it as `Last-Event-ID`. */
  readonly id: string;
  readonly event: string;
  readonly data: object;
}

export interface EventStreamOptions {
  readonly log: Logger;
  /** The most streams at a time; more are refused. */
  readonly maxOpen: number;
  /** How often something is sent, so that proxies keep the connection open. 15 s by default. */
  readonly heartbeatMs?: number;
  /** How long a client waits before it reconnects. 2 s by default. */
  readonly retryMs?: number;
  /** A client with more than this unsent is cut; it can resume. 64 KiB by default. */
  readonly maxUnsentBytes?: number;
}

/**
 * Makes the events of a stream. It is called before the answer begins, so that its error is an ordinary problem.
 * Resolves to undefined when nothing will ever come: the client is told not to reconnect. `signal` aborts when the
 * stream is over, for any reason; the events must end then.
 */
export type Source = (signal: AbortSignal) => Promise<AsyncIterable<ServerEvent> | undefined>;

interface Stream {
  readonly response: ServerResponse;
  readonly abort: AbortController;
}

/** All open streams of a process. */
export class EventStreams {
  readonly #options: Required<EventStreamOptions>;
  readonly #open = new Set<Stream>();
  readonly #unwatch: () => void;
  #closed = false;

  constructor(options: EventStreamOptions) {
    this.#options = { heartbeatMs: 15_000, retryMs: 2_000, maxUnsentBytes: 64 * 1024, ...options };
    this.#unwatch = readGauges({
      gauges: [GAUGE.sseOpen],
      read: async () => [{ name: GAUGE.sseOpen, value: this.#open.size }],
    });
  }

  /** Answers with a stream of `source`. Fails with `unavailable` when too many are open, and when `source` throws. */
  async answer(c: Context, source: Source): Promise<Response> {
    if (this.#closed || this.#open.size >= this.#options.maxOpen) {
      throw new AppError("unavailable", "no more event streams can be opened now", {
        reason: "too_many_streams",
      });
    }
    const { outgoing: response } = c.env as HttpBindings;
    const abort = new AbortController();
    const stream: Stream = { response, abort };
    this.#open.add(stream);
    const over = () => {
      this.#open.delete(stream);
      abort.abort();
    };
    response.once("close", over);
    try {
      const events = await source(abort.signal);
      if (events === undefined || c.req.method === "HEAD") {
        over();
        return events === undefined
          ? c.body(null, 204)
          : c.body(null, 200, { "content-type": "text/event-stream" });
      }
      this.#begin(response);
      void this.#send(stream, events);
      return RESPONSE_ALREADY_SENT;
    } catch (thrown) {
      over();
      throw thrown;
    }
  }

  /** Ends all streams at once. Their clients are told when to reconnect. */
  close(): void {
    this.#closed = true;
    this.#unwatch();
    for (const { response, abort } of this.#open) {
      if (response.headersSent) response.end(this.#retry());
      abort.abort();
    }
  }

  #retry(): string {
    return `retry: ${this.#options.retryMs}\n\n`;
  }

  #begin(response: ServerResponse): void {
    const { correlationId } = ids();
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      // For proxies that would buffer the events.
      "x-accel-buffering": "no",
      vary: "Accept",
      // The next request must not reuse a connection that ends with this process.
      connection: "close",
      ...(correlationId === undefined ? {} : { "x-correlation-id": correlationId }),
    });
    response.write(this.#retry());
    endServerSpan(response);
  }

  async #send({ response, abort }: Stream, events: AsyncIterable<ServerEvent>): Promise<void> {
    const write = (text: string) => {
      response.write(text);
      // A client that does not read would take memory. When it reconnects, it gets what it missed.
      if (response.writableLength > this.#options.maxUnsentBytes) response.destroy();
    };
    const heartbeat = setInterval(() => write(":\n\n"), this.#options.heartbeatMs);
    try {
      for await (const { id, event, data } of events) {
        if (abort.signal.aborted) break;
        write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      }
    } catch (err) {
      if (!abort.signal.aborted) this.#options.log.error({ err }, "an event stream broke off");
    } finally {
      clearInterval(heartbeat);
      response.end();
    }
  }
}
