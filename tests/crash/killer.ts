/** Kills parts of a playground with SIGKILL, and remembers when. The supervisor brings them back. */
import type { Death } from "../../collector/lens/journey/killed.ts";
import { eventually } from "../fixtures.ts";
import { patient } from "../patience.ts";
import type { TestPlayground } from "../playground.ts";

export interface Killer {
  /** Kills the part `name`, once it runs again after the last kill. Does not wait until it is back. */
  kill(name: string): Promise<void>;
  /** Kills the part `name` whenever it runs, for so long: it is down, except for moments. */
  besiege(name: string, forMs: number): Promise<void>;
  /** How often each part was killed by this. */
  readonly kills: ReadonlyMap<string, number>;
  /** How often the part `name` has ended by itself. */
  ownEnds(name: string): number;
  /** Every end of a part for any reason, when it was noticed. Each may explain a missing span. */
  readonly deaths: readonly Death[];
  /** Stops watching. */
  stop(): void;
}

const LOOK_EVERY_MS = 20;

export function killerOf(playground: TestPlayground): Killer {
  const kills = new Map<string, number>();
  const deaths: Death[] = [];
  const seen = new Map<string, number>();
  const look = (): void => {
    for (const { name, child } of playground.parts) {
      const exits = child?.exits() ?? 0;
      if (exits > (seen.get(name) ?? 0))
        deaths.push({ service: name, instanceId: "", atNs: BigInt(Date.now()) * 1_000_000n });
      seen.set(name, exits);
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  const kill = async (name: string): Promise<void> => {
    const child = playground.parts.find((part) => part.name === name)?.child;
    if (!child) throw new Error(`there is no part ${name} to kill`);
    await eventually(`${name} to run, so that it can be killed`, () => child.pid() ?? undefined);
    child.signal("SIGKILL");
    kills.set(name, (kills.get(name) ?? 0) + 1);
  };
  return {
    kill,
    besiege: async (name, forMs) => {
      const endMs = performance.now() + forMs;
      while (performance.now() < endMs) await kill(name);
    },
    kills,
    deaths,
    ownEnds: (name) => (seen.get(name) ?? 0) - (kills.get(name) ?? 0),
    stop: () => clearInterval(timer),
  };
}

/** Waits until every part answers again. */
export async function allReady(playground: TestPlayground): Promise<void> {
  for (const { name, ready } of playground.parts) {
    if (!ready) continue;
    await eventually(`${name} to be ready`, async () => {
      const response = await fetch(ready, { signal: AbortSignal.timeout(patient(2_000)) });
      await response.body?.cancel();
      return response.ok || undefined;
    });
  }
}
