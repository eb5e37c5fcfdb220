import { isFree, portsFor } from "../playground/runner/ports.ts";
import { stackPortsFor } from "../playground/stack/ports.ts";

/** The first `BATON_PORT_OFFSET` from `from` on at which every port of a playground and of the full stack is free. */
export async function freeOffset(from: number): Promise<number> {
  for (let offset = from; offset < from + 1_000; offset += 37) {
    const wanted = [...Object.values(portsFor(offset)), ...Object.values(stackPortsFor(offset))];
    const free = await Promise.all(wanted.map(isFree));
    if (free.every(Boolean)) return offset;
  }
  throw new Error(`no offset from ${from} on has all of its ports free`);
}
