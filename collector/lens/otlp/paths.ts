/** The Export call of each signal: its path in gRPC, and its request. */
import type { Signal } from "../counts.ts";
import type { MessageName } from "./fields.ts";

export const PATH_OF: Readonly<Record<Signal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
};

export const MESSAGE_OF = {
  traces: "TracesRequest",
  logs: "LogsRequest",
  metrics: "MetricsRequest",
} as const satisfies Record<Signal, MessageName>;
