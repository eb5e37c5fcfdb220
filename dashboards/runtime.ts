/** The Node processes: is one of them busy, blocked or leaking? */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { dashboard } from "./dashboard.ts";
import { perSecond } from "./expr.ts";
import { lines } from "./panel.ts";

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
          unit: units.PercentUnit,
        },
        { expr: "max by (job) (nodejs_eventloop_utilization_ratio)", legend: "{{job}}" },
      ),
      lines(
        {
          title: "Delay",
          description:
            "How late timers run. A spike here together with slow spans of the whole service is a blocked loop.",
          unit: units.Seconds,
        },
        { expr: "max by (job) (nodejs_eventloop_delay_p99_seconds)", legend: "{{job}} 99 of 100" },
        { expr: "max by (job) (nodejs_eventloop_delay_max_seconds)", legend: "{{job}} longest" },
      ),
      lines(
        {
          title: "Active",
          description: "Seconds of work per second, summed over replicas.",
          unit: units.PercentUnit,
        },
        {
          expr: perSecond("nodejs_eventloop_time_seconds_total", "job", 'nodejs_eventloop_state="active"'),
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
          unit: units.BytesIEC,
        },
        { expr: "max by (job) (sum by (job, instance) (v8js_memory_heap_used_bytes))", legend: "{{job}}" },
      ),
      lines(
        {
          title: "Heap reserved",
          description: "The memory that V8 has reserved for the heap.",
          unit: units.BytesIEC,
        },
        {
          expr: "max by (job) (sum by (job, instance) (v8js_memory_heap_space_size_bytes))",
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
          expr: perSecond("v8js_gc_duration_seconds_sum", "job, v8js_gc_type"),
          legend: "{{job}} {{v8js_gc_type}}",
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
          unit: units.Short,
          width: 12,
        },
        { expr: "max by (job) (sum by (job, instance) (v8js_resource_active))", legend: "{{job}}" },
      ),
      lines(
        {
          title: "Calls between services, 99 of 100",
          description: "RPC, measured by the caller and by the callee.",
          unit: units.Seconds,
          width: 12,
        },
        {
          expr: "histogram_quantile(0.99, sum by (le, rpc_method) (rate(rpc_client_call_duration_seconds_bucket[$__rate_interval])))",
          legend: "calling {{rpc_method}}",
        },
        {
          expr: "histogram_quantile(0.99, sum by (le, rpc_method) (rate(rpc_server_call_duration_seconds_bucket[$__rate_interval])))",
          legend: "answering {{rpc_method}}",
        },
      ),
    ],
  },
);
