/** What the writer reads back. What was appended in the same transaction is not there yet. */
import { unpack } from "../content.ts";
import type { Statements } from "./statements.ts";

/** A block's content. */
export function contentOf(sql: Statements, key: number): Buffer {
  const sealed = sql.blockAt.get(key) as unknown as [Uint8Array] | undefined;
  if (sealed) return unpack(sealed[0]);
  const pieces = sql.pieces.all(key) as unknown as [Uint8Array][];
  return Buffer.concat(pieces.map(([data]) => data));
}
