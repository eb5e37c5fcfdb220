/** A server and a foreign client, for the tests of RPC. */
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import * as grpc from "@grpc/grpc-js";
import { expect } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
// Any contract would do: these tests are about the kit.
import { OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import type { Listening } from "../http/listen.ts";
import { type RpcServerOptions, serveRpc } from "./server.ts";

/** Serves OrderService with `handlers`, on a free port. */
export function serveOrders(
  handlers: Partial<ServiceImpl<typeof OrderService>>,
  options: Partial<RpcServerOptions> = {},
): Promise<Listening> {
  return serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [OrderService],
    routes: (router) => {
      router.service(OrderService, handlers);
    },
    ready: async () => {},
    ...options,
  });
}

/** Waits until what `look` answers is as expected. */
export const poll = <T>(look: () => T) => expect.poll(look);

type Options = grpc.CallOptions & { readonly metadata?: Record<string, string> };

/** A client of gRPC's reference implementation for Node, which shares no code with Connect. */
export function grpcJs(url: string) {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  const path = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;
  const encode = (schema: DescMessage) => (message: Message) => Buffer.from(toBinary(schema, message));
  const decode =
    <O extends DescMessage>(schema: O) =>
    (bytes: Buffer) =>
      fromBinary(schema, bytes);
  const metadata = (entries: Record<string, string> = {}) => {
    const made = new grpc.Metadata();
    for (const [key, value] of Object.entries(entries)) made.set(key, value);
    return made;
  };
  return {
    unary: <I extends DescMessage, O extends DescMessage>(
      method: DescMethodUnary<I, O>,
      input: MessageInitShape<I>,
      options: Options = {},
    ) =>
      new Promise<MessageShape<O>>((resolve, reject) => {
        client.makeUnaryRequest(
          path(method),
          encode(method.input),
          decode(method.output),
          create(method.input, input),
          metadata(options.metadata),
          options,
          (error, answer) => (error || answer === undefined ? reject(error) : resolve(answer)),
        );
      }),
    serverStream: <I extends DescMessage, O extends DescMessage>(
      method: DescMethodServerStreaming<I, O>,
      input: MessageInitShape<I>,
      options: Options = {},
    ): grpc.ClientReadableStream<MessageShape<O>> =>
      client.makeServerStreamRequest(
        path(method),
        encode(method.input),
        decode(method.output),
        create(method.input, input),
        metadata(options.metadata),
        options,
      ),
    bidiStream: <I extends DescMessage, O extends DescMessage>(
      method: DescMethod & { input: I; output: O },
    ): grpc.ClientDuplexStream<MessageShape<I>, MessageShape<O>> =>
      client.makeBidiStreamRequest(path(method), encode(method.input), decode(method.output)),
    close: () => client.close(),
  };
}
