/** The public edge with Hono: one correlation id for each request, and no baggage but one's own. */
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { Hono } from "hono";
import { routePath } from "hono/route";

const tracer = trace.getTracer("your-app");
const app = new Hono();

app.use(async (c, next) => {
  // The caller's trace goes on. Its baggage does not: what is in there would be on every span and in every call.
  const caller = propagation.extract(ROOT_CONTEXT, c.req.header());
  const asked = c.req.header("x-correlation-id") ?? "";
  const correlationId = /^[\w.-]{1,128}$/.test(asked) ? asked : randomUUID();
  const baggage = propagation.createBaggage({ "correlation.id": { value: correlationId } });
  const ctx = propagation.setBaggage(caller, baggage);

  const attributes = { "correlation.id": correlationId };
  await tracer.startActiveSpan(c.req.method, { kind: SpanKind.SERVER, attributes }, ctx, async (span) => {
    try {
      c.header("X-Correlation-ID", correlationId);
      await next();
    } finally {
      // Only now is it known; the path itself would give a name to each order.
      span.updateName(`${c.req.method} ${routePath(c, -1)}`);
      span.setAttribute("http.response.status_code", c.res.status);
      span.end();
    }
  });
});

app.get("/orders/:id", (c) => {
  const entries = propagation.getBaggage(context.active())?.getAllEntries() ?? [];
  return c.json({ order: c.req.param("id"), goesOn: entries.map(([key]) => key) });
});

const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
await new Promise((resolve) => server.once("listening", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders/7`;
const headers = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "x-correlation-id": "<script>",
  baggage: "admin=true",
};
const answer = await fetch(url, { headers });
console.log(answer.headers.get("x-correlation-id"), await answer.json());
server.close();
