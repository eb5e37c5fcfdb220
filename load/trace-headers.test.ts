import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RANDOM_BYTES, traceHeaders } from "./trace-headers.ts";

const propagator = new CompositePropagator({
  propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
});
const getter = {
  get: (carrier: Readonly<Record<string, string>>, key: string) => carrier[key],
  keys: (carrier: Readonly<Record<string, string>>) => Object.keys(carrier),
};

test("OpenTelemetry's own propagators read the headers, for all ids and faults", () => {
  const bytes = fc
    .uint8Array({ minLength: RANDOM_BYTES, maxLength: RANDOM_BYTES })
    .filter((all) => all.slice(0, 16).some((byte) => byte > 0) && all.slice(16).some((byte) => byte > 0));
  const faults = fc.array(fc.stringMatching(/^[a-z]{1,8}\.[a-z]{1,8}:[a-z]{1,8}(\([0-9a-z ,;=%]{0,6}\))?$/), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(bytes, faults, (random, asked) => {
      const sent = traceHeaders(random, { correlationId: "c-1", faults: asked, run: "k6-1" });
      const read = propagator.extract(ROOT_CONTEXT, sent.headers, getter);
      expect(trace.getSpanContext(read)).toMatchObject({
        traceId: sent.traceId,
        traceFlags: 1,
        isRemote: true,
      });
      const baggage = propagation.getBaggage(read);
      expect(baggage?.getEntry("fault")?.value).toBe(asked.length > 0 ? asked.join("|") : undefined);
      expect(baggage?.getEntry("scenario.run")?.value).toBe("k6-1");
    }),
  );
  context.disable();
});

test("the ids are the random bytes, two digits for each byte", () => {
  const random = Uint8Array.from({ length: RANDOM_BYTES }, (_, n) => n);
  const { traceId, headers } = traceHeaders(random, { correlationId: "c-1", faults: [], run: "r" });
  expect(traceId).toBe("000102030405060708090a0b0c0d0e0f");
  expect(headers).toEqual({
    traceparent: "00-000102030405060708090a0b0c0d0e0f-1011121314151617-01",
    baggage: "scenario.run=r",
    "x-correlation-id": "c-1",
  });
});
