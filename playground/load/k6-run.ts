/** The arguments and the environment of k6. Pure; `commands/load.ts` starts it. */
import path from "node:path";
import type { K6 } from "./k6-program.ts";

/** One run of k6. */
export interface LoadRun {
  readonly scenario: string;
  readonly profile: string;
  /** One more fault for every request; empty for none. */
  readonly fault: string;
  readonly gateway: string;
  readonly lens: string;
  /** Empty when there is none. */
  readonly jaeger: string;
  /** `host:port` of the Collector's OTLP/gRPC; empty when none runs. */
  readonly collector: string;
  /** Port of k6's own page; 0 for none. */
  readonly pagePort: number;
}

export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  /** In addition to the caller's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What `load/k6.ts` and k6 itself read. */
export function k6Environment(load: LoadRun): Readonly<Record<string, string>> {
  return {
    BATON_SCENARIO: load.scenario,
    BATON_PROFILE: load.profile,
    BATON_FAULT: load.fault,
    BATON_GATEWAY_URL: load.gateway,
    BATON_LENS_URL: load.lens,
    BATON_JAEGER_URL: load.jaeger,
    K6_NO_USAGE_REPORT: "true",
    // It would look for extensions on the internet.
    K6_AUTO_EXTENSION_RESOLUTION: "false",
    ...(load.collector && {
      K6_OTEL_GRPC_EXPORTER_ENDPOINT: load.collector,
      K6_OTEL_GRPC_EXPORTER_INSECURE: "true",
      K6_OTEL_METRIC_PREFIX: "k6_",
      K6_OTEL_EXPORT_INTERVAL: "1s",
    }),
    ...(load.pagePort > 0 && {
      K6_WEB_DASHBOARD: "true",
      K6_WEB_DASHBOARD_HOST: "127.0.0.1",
      K6_WEB_DASHBOARD_PORT: String(load.pagePort),
      K6_WEB_DASHBOARD_PERIOD: "1s",
    }),
  };
}

/** The host as a container sees it where the two do not share a network: Docker's own name for it. */
const HOST = "host.docker.internal";
const toHost = (address: string): string => address.replace(/\b(127\.0\.0\.1|localhost)\b/, HOST);

/**
 * The command line that runs `load` with `k6`. `root`: the project's folder. `withProgress`: there is a terminal.
 * `platform`: on Linux a container can share the host's network, where the playground listens on 127.0.0.1.
 */
export function invocation(
  k6: K6,
  load: LoadRun,
  root: string,
  withProgress: boolean,
  platform: NodeJS.Platform = process.platform,
): Invocation {
  const args = [
    "run",
    // Failures are printed as plain lines, not as fields of log records.
    ...["--log-format", "raw"],
    ...(withProgress ? [] : ["--quiet"]),
    ...(load.collector ? ["--out", "opentelemetry"] : []),
  ];
  if (k6.kind === "program") {
    return { command: k6.file, args: [...args, path.join(root, "load", "k6.ts")], env: k6Environment(load) };
  }
  const shared = platform === "linux";
  const within = shared
    ? load
    : // Addresses that are only printed stay. No page: its port would have to be published.
      { ...load, gateway: toHost(load.gateway), collector: toHost(load.collector), pagePort: 0 };
  const env = k6Environment(within);
  const network = shared ? ["--network", "host"] : ["--add-host", `${HOST}:host-gateway`];
  const mounted = ["--volume", `${path.join(root, "load")}:/load:ro`];
  const passed = Object.keys(env).flatMap((name) => ["--env", name]);
  return {
    command: "docker",
    args: ["run", "--rm", ...network, ...mounted, ...passed, k6.image, ...args, "/load/k6.ts"],
    env,
  };
}
