/** The process that listens on a port: from /proc on Linux, else from lsof, as far as this user may see it. */
import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const UNKNOWN = "another process";
const LISTEN = "0A";

/**
 * Inode of the socket that listens on `port`, in the text of /proc/net/tcp or tcp6; null when none does.
 * Columns: sl, local_address (hex), rem_address, st, queues, timer, retransmits, uid, timeout, inode.
 */
export function listeningInode(table: string, port: number): string | null {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of table.split("\n").slice(1)) {
    const column = line.trim().split(/\s+/);
    if (column[3] === LISTEN && column[1]?.endsWith(`:${hexPort}`)) return column[9] ?? null;
  }
  return null;
}

async function inodeOf(port: number): Promise<string | null> {
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const inode = listeningInode(await readFile(file, "utf8").catch(() => ""), port);
    if (inode) return inode;
  }
  return null;
}

async function holdsSocket(pid: string, inode: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder).catch(() => [])) {
    if ((await readlink(`${folder}/${fd}`).catch(() => "")) === `socket:[${inode}]`) return true;
  }
  return false;
}

async function fromProc(port: number): Promise<string | null> {
  const inode = await inodeOf(port);
  if (!inode) return null;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (!(await holdsSocket(pid, inode))) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""))
      .split("\0")
      .join(" ")
      .trim();
    return `process ${pid}${command ? ` (${command.slice(0, 80)})` : ""}`;
  }
  return null;
}

async function fromLsof(port: number): Promise<string | null> {
  const { stdout } = await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { timeout: 5_000 });
  const field = (letter: string): string =>
    stdout
      .split("\n")
      .find((l) => l.startsWith(letter))
      ?.slice(1) ?? "";
  return field("p") ? `process ${field("p")} (${field("c")})` : null;
}

/** The process that listens on `port`, in words; `another process` when this user may not see it. Never rejects. */
export async function holderOf(port: number): Promise<string> {
  const named = process.platform === "linux" ? await fromProc(port).catch(() => null) : null;
  return named ?? (await fromLsof(port).catch(() => null)) ?? UNKNOWN;
}
