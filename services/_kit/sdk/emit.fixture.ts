/**
 * A process of the kit for standard.test.ts: it makes one trace, one log record and one count, says what it injects and
 * what it takes from a caller's baggage, ends.
 */
import { context, logs, metrics, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { flushTelemetry } from "./flush.ts";

const three = { a: "1234567890", b: "1234567890", c: "1234567890" };
const elsewhere = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };

const tracer = trace.getTracer("emit");
const span = tracer.startSpan("work", { attributes: three });
for (const name of ["one", "two", "three"]) span.addEvent(name, three);
span.addLinks([1, 2, 3].map(() => ({ context: elsewhere, attributes: three })));
const ctx = propagation.setBaggage(
  trace.setSpan(context.active(), span),
  propagation.createBaggage({ "correlation.id": { value: "abc" } }),
);
for (let i = 0; i < 4; i++) tracer.startSpan(`child ${i}`, {}, ctx).end();
span.end();
logs.getLogger("emit").emit({ body: "said", attributes: three, context: ctx });
metrics.getMeter("emit").createCounter("counted").add(1);

const carrier: Record<string, string> = {};
propagation.inject(ctx, carrier);
process.stdout.write(`carrier ${JSON.stringify(carrier)}\n`);
// What comes of a caller's baggage, and goes on to the next service.
const passedOn: Record<string, string> = {};
const caller = { baggage: "correlation.id=abc,fault=tiny.work:kill,async=link,scenario.run=mine,foreign=x" };
propagation.inject(propagation.extract(ROOT_CONTEXT, caller), passedOn);
process.stdout.write(`passed on ${passedOn.baggage}\n`);
process.stdout.write(`names ${process.env.OTEL_SEMCONV_STABILITY_OPT_IN}\n`);
await flushTelemetry(20_000);
