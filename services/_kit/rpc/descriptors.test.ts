import { execFile } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { afterAll, describe, expect, test } from "vitest";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "./gen/grpc/reflection/v1/reflection_pb.js";
import { grpcJs, serveOrders } from "./serve.fixture.ts";

const server = await serveOrders({ getOrder: ({ orderId }) => ({ order: { orderId } }) });
const client = grpcJs(server.url);
afterAll(async () => {
  client.close();
  await server.close(0);
});

const SERVICES = [
  "baton.orders.v1.OrderService",
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
];

test("/descriptors.binpb describes each service of the port, with every file behind its imports", async () => {
  const answer = await fetch(`${server.url}/descriptors.binpb`);
  const set = fromBinary(FileDescriptorSetSchema, new Uint8Array(await answer.arrayBuffer()));
  const registry = createFileRegistry(set);
  for (const name of SERVICES) expect(registry.getService(name)?.typeName).toBe(name);
  const seen = new Set<string>();
  for (const file of set.file) {
    for (const imported of file.dependency)
      expect(seen, `${file.name} before its import`).toContain(imported);
    seen.add(file.name);
  }
  expect(seen).toContain("google/protobuf/timestamp.proto");
});

describe("reflection, asked by grpc-js", () => {
  type Asked = ServerReflectionRequest["messageRequest"];
  /** Sends one question after the other in one stream. Returns the answers in that order. */
  const ask = async (questions: Asked[]): Promise<ServerReflectionResponse["messageResponse"][]> => {
    const stream = client.bidiStream(ServerReflection.method.serverReflectionInfo);
    const answers = [];
    for (const messageRequest of questions) {
      stream.write({ $typeName: "grpc.reflection.v1.ServerReflectionRequest", host: "h", messageRequest });
      const [answer] = (await once(stream, "data")) as [ServerReflectionResponse];
      expect(answer.originalRequest?.messageRequest).toEqual(messageRequest);
      answers.push(answer.messageResponse);
    }
    stream.end();
    await once(stream.resume(), "end");
    return answers;
  };
  const filesOf = (answer: ServerReflectionResponse["messageResponse"] | undefined) =>
    answer?.case === "fileDescriptorResponse"
      ? answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)
      : answer;

  test("lists the services", async () => {
    const [answer] = await ask([{ case: "listServices", value: "" }]);
    expect(answer?.case === "listServicesResponse" && answer.value.service.map(({ name }) => name)).toEqual(
      SERVICES,
    );
  });

  test("answers the file of a service, of a method, of a message, and by its name, with what it imports", async () => {
    const file = "baton/orders/v1/orders.proto";
    const answers = await ask([
      { case: "fileContainingSymbol", value: "baton.orders.v1.OrderService" },
      { case: "fileContainingSymbol", value: "baton.orders.v1.OrderService.GetOrder" },
      { case: "fileContainingSymbol", value: "baton.orders.v1.Order" },
      { case: "fileByFilename", value: file },
    ]);
    for (const answer of answers) expect(filesOf(answer)).toEqual(["google/protobuf/timestamp.proto", file]);
  });

  test("answers an unknown name with an error, and goes on answering", async () => {
    const answers = await ask([
      { case: "fileContainingSymbol", value: "no.such.Thing" },
      { case: "fileContainingSymbol", value: "" },
      { case: "fileByFilename", value: "no.proto" },
      { case: "allExtensionNumbersOfType", value: "baton.orders.v1.Order" },
      { case: undefined },
      { case: "listServices", value: "" },
    ]);
    expect(answers.map((answer) => answer.case === "errorResponse" && answer.value.errorCode)).toEqual([
      5,
      5,
      5,
      5,
      3,
      false,
    ]);
  });
});

test("buf curl needs no .proto file", async () => {
  const buf = path.join(import.meta.dirname, "../../../node_modules/.bin/buf");
  const curl = async (...args: string[]) =>
    (await promisify(execFile)(buf, ["curl", "--http2-prior-knowledge", ...args])).stdout;
  expect((await curl("--list-services", server.url)).trim().split("\n").toSorted()).toEqual(SERVICES);
  const call = await curl("-d", '{"orderId":"o-1"}', `${server.url}/baton.orders.v1.OrderService/GetOrder`);
  expect(JSON.parse(call)).toEqual({ order: { orderId: "o-1" } });
});
