/**
 * Describes a server for tools without .proto files: the descriptors of all its services and of what they import, at
 * `/descriptors.binpb` (for `buf curl --schema`, `grpcurl -protoset`) and by grpc.reflection.v1.
 *
 * It is written here because Connect has no reflection for Node (connectrpc/connect-es, issue 507, open since 2023),
 * and @grpc/reflection is for grpc-js's server. @lambdalisue/connectrpc-grpcreflect is for Connect, but is below 1.0
 * and has a single maintainer. It would replace `answerTo` and `fileOf`; its descriptor set would still be made here.
 */
import type { ServerResponse } from "node:http";
import {
  create,
  createFileRegistry,
  type DescFile,
  type DescService,
  type FileRegistry,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { Health } from "./gen/grpc/health/v1/health_pb.js";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "./gen/grpc/reflection/v1/reflection_pb.js";

type Answer = MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"];

/** Registers the reflection of `services`, of health and of itself. Returns the encoded descriptor set. */
export function reflectionRoutes(router: ConnectRouter, services: readonly DescService[]): Uint8Array {
  const spoken = [...services, Health, ServerReflection];
  const files = withImports(spoken.map(({ file }) => file));
  const set = create(FileDescriptorSetSchema, { file: files.map(({ proto }) => proto) });
  const registry = createFileRegistry(set);
  const names = spoken.map(({ typeName }) => ({ name: typeName }));
  router.service(ServerReflection, {
    async *serverReflectionInfo(requests) {
      for await (const originalRequest of requests) {
        const messageResponse = answerTo(originalRequest.messageRequest, registry, names);
        yield { validHost: originalRequest.host, originalRequest, messageResponse };
      }
    },
  });
  return toBinary(FileDescriptorSetSchema, set);
}

/** Answers `/descriptors.binpb`. False when the path is another. */
export function answerDescriptors(path: string, response: ServerResponse, set: Uint8Array): boolean {
  if (path !== "/descriptors.binpb") return false;
  response.writeHead(200, { "content-type": "application/x-protobuf", "content-length": set.byteLength });
  response.end(set);
  return true;
}

function answerTo(
  asked: ServerReflectionRequest["messageRequest"],
  registry: FileRegistry,
  names: { name: string }[],
): Answer {
  switch (asked.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: names } };
    case "fileByFilename":
      return fileAnswer(registry.getFile(asked.value), asked.value);
    case "fileContainingSymbol":
      return fileAnswer(fileOf(registry, asked.value), asked.value);
    case undefined:
      return refusal(Code.InvalidArgument, "ask for services, a file or a symbol");
    default:
      return refusal(Code.NotFound, "nothing here has extensions");
  }
}

function fileAnswer(file: DescFile | undefined, name: string): Answer {
  if (file === undefined) return refusal(Code.NotFound, `there is no ${name} here`);
  const encoded = withImports([file]).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: encoded } };
}

const refusal = (errorCode: Code, errorMessage: string): Answer => ({
  case: "errorResponse",
  value: { errorCode, errorMessage },
});

/** The file that declares a type or service; for a method or a field, the file of its service or message. */
function fileOf(registry: FileRegistry, symbol: string): DescFile | undefined {
  const parent = symbol.slice(0, Math.max(0, symbol.lastIndexOf(".")));
  return (registry.get(symbol) ?? registry.get(parent))?.file;
}

/** The files and their imports, each once and behind its own imports: the order that descriptor sets must have. */
function withImports(files: readonly DescFile[], found = new Map<string, DescFile>()): DescFile[] {
  for (const file of files) {
    if (found.has(file.name)) continue;
    withImports(file.dependencies, found);
    found.set(file.name, file);
  }
  return [...found.values()];
}
