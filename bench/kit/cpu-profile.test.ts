import { expect, test } from "vitest";
import { byLayer, type CpuProfile, parseProfile } from "./cpu-profile.ts";
import { LAYER_NAMES, layerOf } from "./layers.ts";

const frame = (functionName: string, url = "") => ({ functionName, url });
const SDK = "file:///p/node_modules/@opentelemetry/sdk-trace/build/src/Tracer.js";
const SHOP = "file:///p/services/orders/checkout.ts";

/** idle and (root) -> emit (Node) -> checkout (shop) -> [startSpan (SDK) -> randomFill (Node), JSON.stringify (V8)]. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2, 7, 8] },
    { id: 2, callFrame: frame("emit", "node:events"), children: [3] },
    { id: 3, callFrame: frame("checkout", SHOP), children: [4, 6] },
    { id: 4, callFrame: frame("startSpan", SDK), children: [5] },
    { id: 5, callFrame: frame("randomFillSync", "node:internal/crypto/random") },
    { id: 6, callFrame: frame("stringify") },
    { id: 7, callFrame: frame("(idle)") },
    { id: 8, callFrame: frame("(garbage collector)") },
  ],
  startTime: 1_000_000,
  samples: [7, 2, 3, 4, 5, 6, 8, 3],
  timeDeltas: [1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000, 2_000],
};
const always = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };

test("the time of Node and of built-ins counts for the layer that called them", () => {
  expect(Object.fromEntries(byLayer(profile, always))).toEqual({
    idle: 1,
    Node: 1,
    shop: 2,
    "telemetry: SDK": 2,
    "garbage collection": 2,
  });
});

test("only samples in the window count, not those of the process' start and end", () => {
  expect(Object.fromEntries(byLayer(profile, { fromUs: 1_003_000, toUs: 1_005_000 }))).toEqual({
    shop: 1,
    "telemetry: SDK": 1,
  });
});

test("a profile written by Node is read, anything else is refused", () => {
  expect(parseProfile(JSON.stringify({ ...profile, endTime: 5 }))).toEqual(profile);
  expect(() => parseProfile("{}")).toThrow();
});

test("every file has a layer, and every layer a name in the table", () => {
  const layers = [
    layerOf("extract", "file:///p/services/_kit/http/edge.ts"),
    layerOf("place", "file:///p/services/_kit/telemetry/propagation.ts"),
    layerOf("inProcessSpan", "file:///p/services/_kit/events/tracing.ts"),
    layerOf("relay", "file:///p/services/_kit/events/relay.ts"),
    layerOf("patched", "file:///p/node_modules/@opentelemetry/instrumentation-pg/build/src/index.js"),
    layerOf("serialize", "file:///p/node_modules/@opentelemetry/otlp-transformer/build/src/x.js"),
    layerOf("query", "file:///p/node_modules/pg-protocol/dist/serializer.js"),
    layerOf("addSpans", "file:///p/collector/lens/store/write/store-writer.ts"),
    layerOf("x", "file:///p/node_modules/left-pad/index.js"),
    layerOf("(program)", ""),
  ];
  expect(layers).toEqual([
    "telemetry: ours",
    "telemetry: ours",
    "telemetry: ours",
    "kit",
    "telemetry: instrumentations",
    "telemetry: export",
    "Postgres client",
    "lens: store",
    "other packages",
    "native code",
  ]);
  for (const layer of layers) expect(LAYER_NAMES).toContain(layer);
  expect(layerOf("emit", "node:events")).toBeNull();
  expect(layerOf("stringify", "")).toBeNull();
});
