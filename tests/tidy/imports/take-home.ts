/**
 * A reader can take home the modules that trace a library (make its spans and carry its context): copy them into an
 * application of their own. These modules, with everything that they import, need OpenTelemetry's API, the three
 * modules of `SHARED`, their library and Node, but nothing else of the kit. docs/your-app.md points at them.
 */
import { isProduct, type Repository } from "../repository/repository.ts";
import type { Source } from "../repository/source.ts";
import type { Violation } from "../repository/violation.ts";

const KIT = "services/_kit/";
const LISTED = "tests/tidy/imports/take-home.ts";
/** The names, the one module that decides propagation, and the module that starts and ends spans. */
const SHARED = ["telemetry/conventions.ts", "telemetry/propagation.ts", "telemetry/span.ts"];
const API = ["@opentelemetry/api", "@opentelemetry/core"];

/** By module: its library, and the other modules of this list that are copied with it. */
export const TAKE_HOME: Readonly<Record<string, { library: readonly string[]; with?: readonly string[] }>> = {
  "http/edge.ts": { library: [] },
  "http/tracing.ts": { library: ["hono", "hono/route"] },
  "rpc/tracing.ts": { library: ["@connectrpc/connect"] },
  "events/head.ts": { library: [] },
  "events/tracing.ts": { library: [], with: ["telemetry/destination.ts"] },
  "events/nats/headers.ts": { library: ["@nats-io/nats-core"] },
  "jobs/tracing.ts": { library: ["bullmq"], with: ["events/tracing.ts", "telemetry/destination.ts"] },
};

/** The exports that start a span or move a context, by module. */
const HANDS_OVER: Readonly<Record<string, readonly string[]>> = {
  [`${KIT}telemetry/span.ts`]: ["startSpan", "inSpan"],
  [`${KIT}telemetry/propagation.ts`]: ["inject", "extract", "place"],
  "@opentelemetry/api": ["propagation"],
};
const ROOMS = /^services\/_kit\/(http|rpc|events|jobs)\//;

/** `file` and everything that it imports, directly or indirectly. Imports of packages are not followed. */
export function closureOf(sources: readonly Source[], file: string): Source[] {
  const files = new Map(sources.map((source) => [source.file, source]));
  const reached = new Map<string, Source>();
  const visit = (one: string): void => {
    const source = files.get(one);
    if (!source || reached.has(one)) return;
    reached.set(one, source);
    for (const { target } of source.imports) visit(target);
  };
  visit(file);
  return [...reached.values()];
}

/** Each import that keeps a module from being copied, and each start of a span or move of a context outside of them. */
export function takenHome({ files, sources }: Repository, modules = TAKE_HOME): Violation[] {
  const homes = new Set(Object.keys(modules).map((module) => `${KIT}${module}`));
  const strange = Object.entries(modules).flatMap(([module, { library, with: others = [] }]) => {
    const ours = [module, ...SHARED, ...others].map((one) => `${KIT}${one}`);
    const isAllowed = (target: string): boolean =>
      target.startsWith("node:") || [...ours, ...API, ...library].includes(target);
    return closureOf(sources, `${KIT}${module}`).flatMap(({ file, imports }) =>
      imports
        .filter(({ target }) => !isAllowed(target))
        .map(({ target, line }) => ({
          file,
          line,
          what: `${KIT}${module} must be possible to copy, but needs ${target}`,
          remedy: `pass it in from the file that wires the module, or list it for the module in ${LISTED}`,
        })),
    );
  });
  const scattered = sources
    .filter((source) => ROOMS.test(source.file) && isProduct(source) && !homes.has(source.file))
    .flatMap(({ file, imports }) =>
      imports.flatMap(({ target, names, line }) =>
        names
          .filter((name) => HANDS_OVER[target]?.includes(name))
          .map((name) => ({
            file,
            line,
            what: `imports ${name} of ${target}, which only the modules to copy may do`,
            remedy: "start the span or move the context in the tracing.ts of this folder, and call that",
          })),
      ),
    );
  const missing = [...homes]
    .filter((file) => !files.includes(file))
    .map((file) => ({
      file: LISTED,
      line: 1,
      what: `${file} does not exist`,
      remedy: "list the module that replaced it, and point docs/your-app.md at it",
    }));
  return [...strange, ...scattered, ...missing];
}
