/** The Node processes: is one of them busy, blocked or leaking? */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { ATTR, LIBRARY, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { oneOf, perSecond, quantile } from "../expr.ts";
import { label, series, unitOf } from "../names.ts";
import { lines } from "../panel.ts";

const GC_TYPE = label(ATTR.gcType);
const METHOD = label(ATTR.rpcMethod);

/** Of each service, the replica with most. A replica's series add up. */
const ofLargest = (gauge: string): string => `max by (job) (sum by (job, instance) (${gauge}))`;

export const runtime = dashboard(
  {
    name: "runtime",
    title: "Baton: Node runtime",
    description: "Event loop, garbage collection and memory of every service process.",
  },
  {
    title: "Event loop",
    panels: [
      lines(
        {
          title: "Utilisation",
          description:
            "At 1 the process is always busy, and the next request waits for it. Add a replica before that.",
          unit: unitOf(LIBRARY.eventLoopUtilization),
        },
        { expr: oneOf(series(LIBRARY.eventLoopUtilization), "job"), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Delay",
          description:
            "How late timers run. A spike here together with slow spans of the whole service is a blocked loop.",
          unit: unitOf(LIBRARY.eventLoopDelayP99),
        },
        { expr: oneOf(series(LIBRARY.eventLoopDelayP99), "job"), legend: "{{job}} 99 of 100" },
        { expr: oneOf(series(LIBRARY.eventLoopDelayMax), "job"), legend: "{{job}} longest" },
      ),
      lines(
        {
          title: "Active",
          description: "Seconds of work per second, summed over replicas.",
          unit: units.PercentUnit,
        },
        {
          expr: perSecond(series(LIBRARY.eventLoopTime), "job", `${label(ATTR.eventLoopState)}="active"`),
          legend: "{{job}}",
        },
      ),
    ],
  },
  {
    title: "Memory",
    panels: [
      lines(
        {
          title: "Heap used",
          description: "All heap spaces. A line that only rises is a leak.",
          unit: unitOf(LIBRARY.heapUsed),
        },
        { expr: ofLargest(series(LIBRARY.heapUsed)), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Heap reserved",
          description: "It follows the heap used, and falls later. Much above it: what the last peak needed.",
          unit: unitOf(LIBRARY.heapSize),
        },
        {
          expr: ofLargest(series(LIBRARY.heapSize)),
          legend: "{{job}}",
        },
      ),
      lines(
        {
          title: "Garbage collection",
          description: "Share of time spent in it. Major ones stop everything.",
          unit: units.PercentUnit,
        },
        {
          expr: perSecond(`${series(LIBRARY.gcDuration)}_sum`, `job, ${GC_TYPE}`),
          legend: `{{job}} {{${GC_TYPE}}}`,
        },
      ),
    ],
  },
  {
    title: "Resources",
    panels: [
      lines(
        {
          title: "Active resources",
          description:
            "Sockets, timers and requests that keep the process alive. The number should fall again after load.",
          unit: unitOf(LIBRARY.activeResources),
          width: 12,
        },
        { expr: ofLargest(series(LIBRARY.activeResources)), legend: "{{job}}" },
      ),
      lines(
        {
          title: "Calls between services, 99 of 100",
          description: "RPC, measured by the caller and by the callee.",
          unit: unitOf(METRIC.rpcClientDuration),
          width: 12,
        },
        {
          expr: quantile(0.99, series(METRIC.rpcClientDuration), METHOD),
          legend: `calling {{${METHOD}}}`,
        },
        {
          expr: quantile(0.99, series(METRIC.rpcServerDuration), METHOD),
          legend: `answering {{${METHOD}}}`,
        },
      ),
    ],
  },
);
