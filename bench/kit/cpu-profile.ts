/** Divides the samples of a CPU profile by layer. */
import { z } from "zod";
import { layerOf, NODE } from "./layers.ts";

const schema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  /** Microseconds of the machine's monotonic clock, which is that of `process.hrtime`. */
  startTime: z.number(),
  samples: z.array(z.number()),
  /** Microseconds since the sample before. */
  timeDeltas: z.array(z.number()),
});

/** The output of `node --cpu-prof`. */
export type CpuProfile = z.infer<typeof schema>;
export const parseProfile = (text: string): CpuProfile => schema.parse(JSON.parse(text));

/** Microseconds of the monotonic clock. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

/** The layer of each node: its own, or that of its nearest ancestor with a layer. */
function layersOf({ nodes }: CpuProfile): Map<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const layers = new Map<number, string>();
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  // Uses its own stack, because the nodes of a recursive function may be deeper than the call stack allows.
  const open = nodes.filter(({ id }) => !children.has(id)).map(({ id }) => ({ id, above: NODE }));
  for (let next = open.pop(); next; next = open.pop()) {
    const node = byId.get(next.id);
    if (!node) continue;
    const layer = layerOf(node.callFrame.functionName, node.callFrame.url) ?? next.above;
    layers.set(next.id, layer);
    for (const id of node.children ?? []) open.push({ id, above: layer });
  }
  return layers;
}

/**
 * Milliseconds in each layer between the two times. Time of Node and of V8's built-ins counts for the layer that called
 * them.
 */
export function byLayer(profile: CpuProfile, { fromUs, toUs }: Window): Map<string, number> {
  const layers = layersOf(profile);
  const ms = new Map<string, number>();
  let atUs = profile.startTime;
  profile.samples.forEach((id, index) => {
    // A sample lasts until the next one.
    atUs += profile.timeDeltas[index] ?? 0;
    const lastsUs = profile.timeDeltas[index + 1] ?? 0;
    if (atUs < fromUs || atUs >= toUs) return;
    const layer = layers.get(id) ?? NODE;
    ms.set(layer, (ms.get(layer) ?? 0) + Math.max(0, lastsUs) / 1e3);
  });
  return ms;
}
