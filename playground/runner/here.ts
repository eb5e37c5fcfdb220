/** The playground that runs in the state folder, for the commands that talk to it. */
import type { Io } from "../command.ts";
import { Problem } from "../problem.ts";
import { type Run, runningIn } from "./state.ts";

/** The playground that runs here. Rejects with the Problem `not_running`, which says how to start one. */
export async function playgroundHere(
  io: Pick<Io, "dir">,
): Promise<Run & { readonly gateway: string; readonly lens: string }> {
  const run = await runningIn(io.dir);
  const { gateway, lens } = run?.urls ?? {};
  if (!run || !gateway || !lens) {
    throw new Problem("not_running", `no playground is running here (${io.dir})\nStart one with: npm start`);
  }
  return { ...run, gateway, lens };
}
