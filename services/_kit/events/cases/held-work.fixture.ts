import type { Database } from "../../database/postgres.ts";
import { once } from "../inbox.ts";

/** Work with an effect. The first replica is held inside its transaction until `letGo`. */
export function heldWork(db: Database) {
  const letGo = Promise.withResolvers<void>();
  const begun: string[] = [];
  const ended: { who: string; had: boolean }[] = [];
  const handle = (who: string) => async (work: { readonly id: string }) => {
    begun.push(who);
    const done = await once(db, "stop", work.id, async (tx) => {
      await tx.query("INSERT INTO effects (id) VALUES ($1)", [work.id]);
      if (who === "first") await letGo.promise;
      return true;
    });
    ended.push({ who, had: done === true });
  };
  return { letGo, begun, ended, handle };
}
export const effectsOf = async (db: Database, id: string) =>
  (await db.query("SELECT 1 FROM effects WHERE id = $1", [id])).rows.length;
