/**
 * grpc.health.v1: whether a server, or one service of it, can be called. For load balancers, orchestrators and
 * `grpc_health_probe`; `/readyz` answers the same over HTTP.
 *
 * Written here because Connect has no such service for Node (connectrpc/connect-es, issue 797, open since 2023), and
 * the package grpc-health-check is for grpc-js's server.
 */
import { setTimeout as after } from "node:timers/promises";
import type { DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { AppError } from "../process/errors.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "./gen/grpc/health/v1/health_pb.js";

export interface HealthOptions {
  readonly services: readonly DescService[];
  /** Resolves when calls can be served. */
  readonly ready: () => Promise<void>;
  /** Aborts when the server stops. From then on it is NOT_SERVING, and watches end. */
  readonly closing: AbortSignal;
  /** How often a watch checks; 1 s by default. */
  readonly everyMs?: number | undefined;
}

export function healthRoutes(
  router: ConnectRouter,
  { services, ready, closing, everyMs = 1_000 }: HealthOptions,
): void {
  const known = new Set(["", ...services.map(({ typeName }) => typeName)]);
  // All watches share one call of `ready` at a time.
  let looking: Promise<Status> | undefined;
  const look = async (): Promise<Status> => {
    if (closing.aborted) return Status.NOT_SERVING;
    looking ??= ready()
      .then(
        () => Status.SERVING,
        () => Status.NOT_SERVING,
      )
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  router.service(Health, {
    check: async ({ service }) => {
      if (!known.has(service)) throw new AppError("not_found", `there is no service ${service} here`);
      return { status: await look() };
    },
    async *watch({ service }, { signal }) {
      const until = AbortSignal.any([signal, closing]);
      let told: Status | undefined;
      while (!signal.aborted) {
        // By the protocol an unknown service may become known, so the watch stays open, though none does so here.
        const status = known.has(service) ? await look() : Status.SERVICE_UNKNOWN;
        if (status !== told) yield { status };
        told = status;
        if (closing.aborted) return;
        await after(everyMs, undefined, { signal: until, ref: false }).catch(() => {});
      }
    },
  });
}
