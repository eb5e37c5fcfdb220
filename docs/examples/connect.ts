/** A context in a call by Connect: an interceptor at each end. No instrumentation looks into HTTP/2. */
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
// Yours: what `buf generate` made of your .proto file.
import { Health } from "../../services/_kit/rpc/gen/grpc/health/v1/health_pb.js";

const tracer = trace.getTracer("your-app");
const setter = { set: (to: Headers, key: string, value: string) => to.set(key, value) };
const getter = {
  keys: (from: Headers) => [...from.keys()],
  get: (from: Headers, key: string) => from.get(key) ?? undefined,
};

const tracing =
  (kind: SpanKind): Interceptor =>
  (next) =>
  (request) => {
    const isServer = kind === SpanKind.SERVER;
    const parent = isServer ? propagation.extract(ROOT_CONTEXT, request.header, getter) : context.active();
    const name = `${request.service.typeName}/${request.method.name}`;
    return tracer.startActiveSpan(name, { kind }, parent, async (span) => {
      try {
        if (!isServer) propagation.inject(context.active(), request.header, setter);
        return await next(request);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  };

const server = createServer(
  connectNodeAdapter({
    interceptors: [tracing(SpanKind.SERVER)],
    routes: (router) => router.service(Health, { check: () => ({ status: 1 }) }),
  }),
);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const sessionManager = new Http2SessionManager(baseUrl);
const interceptors = [tracing(SpanKind.CLIENT)];
const client = createClient(Health, createGrpcTransport({ baseUrl, sessionManager, interceptors }));
console.log("it serves:", (await client.check({})).status === 1);
sessionManager.abort();
server.close();
