/** Jaeger as a local program, with its store in memory. */
import path from "node:path";
import { serverEnv } from "../provide/server.ts";
import type { StackPart } from "./part.ts";
import type { StackPorts } from "./ports.ts";

/** Jaeger, run from `file`. `root`: the project's folder; `dir`: the state folder. */
export function jaegerPart(file: string, root: string, dir: string, stack: StackPorts): StackPart {
  return {
    port: stack.jaeger,
    ready: `http://127.0.0.1:${stack.jaeger}/api/v3/services`,
    spec: {
      name: "jaeger",
      command: file,
      args: [`--config=${path.join(root, "collector", "jaeger.yaml")}`],
      env: {
        ...serverEnv(),
        JAEGER_LISTEN_HOST: "127.0.0.1",
        BATON_JAEGER_PORT: String(stack.jaeger),
        BATON_JAEGER_OTLP_PORT: String(stack.jaegerOtlp),
      },
      cwd: dir,
      logFile: path.join(dir, "logs", "jaeger.log"),
      stopWithinMs: 1_000,
    },
  };
}
