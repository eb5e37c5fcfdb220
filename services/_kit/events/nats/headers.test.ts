import { headers } from "@nats-io/nats-core";
import { propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { carrierOf } from "../../telemetry/propagation.ts";
import { entriesOf, natsGetter } from "./headers.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

beforeAll(() => {
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
});
afterAll(() => propagation.disable());

test.each([
  ["Traceparent", "Baggage"],
  ["traceparent", "baggage"],
  ["TRACEPARENT", "BAGGAGE"],
])(
  "a message with the headers %s and %s, as other clients write them, continues its trace",
  (parent, bag) => {
    const given = headers();
    given.set(parent, traceparent);
    given.set(bag, "correlation.id=abc");
    const ctx = propagation.extract(ROOT_CONTEXT, given, natsGetter);
    expect(trace.getSpanContext(ctx)).toMatchObject({ traceId, isRemote: true });
    expect(propagation.getBaggage(ctx)?.getEntry("correlation.id")?.value).toBe("abc");
    expect(carrierOf(entriesOf(given))).toEqual({ traceparent, baggage: "correlation.id=abc" });
  },
);
