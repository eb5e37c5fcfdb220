/**
 * Export requests with spans like those of our services, to be sent in any number. Each is encoded once. For every
 * sending only its ids and times are overwritten, which costs little compared with lens' work.
 */
import { encodeJson } from "../../../collector/lens/otlp/json/in.ts";
import { services } from "../../../services/topology.ts";

/** What the requests are like. */
export interface Shape {
  readonly spansPerRequest: number;
  /** Spans of one trace in one request; the trace continues in the requests of the other services of its group. */
  readonly spansPerTrace: number;
  /** Requests of a group, one of each service: together they hold whole traces. */
  readonly requestsPerGroup: number;
}

/** As batches of the SDK that are almost full. */
export const USUAL: Shape = { spansPerRequest: 500, spansPerTrace: 10, requestsPerGroup: services.length };

/** Traces of a request, and of the group that it belongs to. */
export const tracesIn = ({ spansPerRequest, spansPerTrace }: Shape): number =>
  spansPerRequest / spansPerTrace;

/** A placeholder in ids for the group's number; as text where an id is written in hex. */
const MARK = 0xba70be4c;
const MARK_TEXT = MARK.toString(16);
/** A time whose three lower bytes are zero. The upper five are overwritten, the lower three are a span's own. */
const TIME = 0x17_ba70_be00_0000n;
const TIME_BYTES = 5;
const TIME_SHIFT = 24n;

const hex = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, "0");

/** The trace `index` (below `tracesIn`) of the group `group`. */
export const traceIdOf = (group: number, index: number): string => traceId(hex(group, 4), index);
export const correlationIdOf = (group: number, index: number): string => correlationId(hex(group, 4), index);
export const orderIdOf = (group: number, index: number): string => orderId(hex(group, 4), index);

const traceId = (group: string, index: number): string => `${group}${hex(index, 12)}`;
const correlationId = (group: string, index: number): string =>
  `01990000-0000-7000-8000-${group}${hex(index, 2)}`;
const orderId = (group: string, index: number): string => `order-${group}-${hex(index, 2)}`;
const spanId = (service: number, trace: number, index: number): string =>
  `${MARK_TEXT}${hex(service, 1)}${hex(trace, 2)}${hex(index + 1, 1)}`;

const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
const int = (key: string, intValue: number): object => ({ key, value: { intValue } });

/** The parent: spans of the first service call the others, and within a service the spans form a tree. */
function parentOf(service: number, trace: number, index: number): string {
  if (index > 0) return spanId(service, trace, (index - 1) >> 1);
  return service === 0 ? "" : spanId(0, trace, service);
}

/** A SERVER span, or one of its database calls, with ten attributes. */
function span(service: number, trace: number, index: number): object {
  const isServer = index === 0;
  const start = TIME + BigInt(index * 90_000 + trace * 1_000);
  const name = services[service]?.name ?? "";
  return {
    traceId: traceId(MARK_TEXT, trace),
    spanId: spanId(service, trace, index),
    parentSpanId: parentOf(service, trace, index),
    name: isServer ? `POST /api/v1/${name}` : `INSERT ${name}.orders`,
    kind: isServer ? 2 : 3,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 80_000n),
    flags: 257,
    attributes: [
      text("correlation.id", correlationId(MARK_TEXT, trace)),
      isServer ? text("baton.order.id", orderId(MARK_TEXT, trace)) : text("db.system.name", "postgresql"),
      text("db.namespace", `${name}`),
      text("db.query.text", "INSERT INTO orders (id, status, total) VALUES ($1, $2, $3) RETURNING id"),
      text("server.address", "127.0.0.1"),
      int("server.port", 15_432),
      text("network.peer.address", "127.0.0.1"),
      int("network.peer.port", 40_000 + trace),
      text("db.operation.name", "INSERT"),
      int("db.response.returned_rows", index),
    ],
  };
}

const resource = (service: number): object => ({
  attributes: [
    text("service.name", services[service]?.name ?? ""),
    text("service.instance.id", `00000000-0000-4000-8000-00000000000${service}`),
    text("telemetry.sdk.language", "nodejs"),
    text("telemetry.sdk.name", "opentelemetry"),
    text("telemetry.sdk.version", "3.1.0"),
  ],
});

function offsetsOf(bytes: Buffer, mark: Buffer): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + mark.length)) found.push(at);
  return found;
}

/** The request of one service. It is filled with a group's number, and must be sent before it is filled again. */
export class RequestTemplate {
  readonly bytes: Buffer;
  readonly #ids: readonly number[];
  readonly #texts: readonly number[];
  readonly #times: readonly number[];

  /** `service`: below `requestsPerGroup`. */
  constructor(service: number, shape = USUAL) {
    const spans = Array.from({ length: tracesIn(shape) }, (_, trace) =>
      Array.from({ length: shape.spansPerTrace }, (_, index) => span(service, trace, index)),
    ).flat();
    const scopeSpans = [{ scope: { name: "@opentelemetry/instrumentation-pg", version: "0.77.0" }, spans }];
    this.bytes = encodeJson("TracesRequest", {
      resourceSpans: [{ resource: resource(service), scopeSpans }],
    });
    const binary = Buffer.alloc(4);
    binary.writeUInt32BE(MARK);
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(TIME);
    this.#ids = offsetsOf(this.bytes, binary);
    this.#texts = offsetsOf(this.bytes, Buffer.from(MARK_TEXT));
    this.#times = offsetsOf(this.bytes, time.subarray(8 - TIME_BYTES));
  }

  /** Fills in `group` (a whole number below 2^32) and the time `nowMs` since 1970. Returns the request. */
  fill(group: number, nowMs: number): Buffer {
    for (const at of this.#ids) this.bytes.writeUInt32BE(group, at);
    const name = hex(group, 4);
    for (const at of this.#texts) this.bytes.write(name, at, "latin1");
    const time = Number((BigInt(nowMs) * 1_000_000n) >> TIME_SHIFT);
    for (const at of this.#times) this.bytes.writeUIntLE(time, at, TIME_BYTES);
    return this.bytes;
  }
}
