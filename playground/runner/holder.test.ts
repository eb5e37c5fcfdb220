import { describe, expect, it } from "vitest";
import { listeningInode } from "./holder.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000 100 0 0 10 0
   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000 100 0 0 10 0
`;

describe("the holder of a port", () => {
  it("is the socket that listens on it", () => {
    expect(listeningInode(table, 8080)).toBe("4711");
  });

  it("is not a socket that only connects from it", () => {
    expect(listeningInode(table, 8081)).toBeNull();
  });
});
