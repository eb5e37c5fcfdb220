/** A provided server, private or given. */

import type { Child, ChildEvent } from "../runner/supervise.ts";
import type { Reporter } from "../terminal/report.ts";
import type { ServerName } from "./versions.ts";

/** A server's source: the address in an environment variable, or a program on the PATH, in the cache or from npm. */
export type Source = "url" | "PATH" | "cache" | "embedded";

export interface Server {
  readonly name: ServerName;
  /** With user and password. */
  readonly url: string;
  readonly port: number;
  readonly from: Source;
  readonly version: string;
  /** Null for a given server. */
  readonly child: Child | null;
}

/** What a client of a private server needs. */
export interface Login {
  readonly port: number;
  readonly password: string;
}

/** What the start of a private server needs. */
export interface ServerContext extends Login {
  /** State folder, absolute: data below `data/`, logs below `logs/`, both there already. */
  readonly dir: string;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ChildEvent) => void;
}

/** User name on all three private servers. */
export const USER = "baton";
/** Timeout of one attempt to connect. Only a frozen server takes longer, and attempts go on during the whole start. */
export const CONNECT_WITHIN_MS = 10_000;
/** Short, because each of the three recovers at its next start from whatever it has not finished. */
export const STOP_WITHIN_MS = 1_000;

/** Environment of a private server: of the user's environment only what programs need to run. */
export const serverEnv = (libraryPath = ""): Record<string, string> => ({
  PATH: process.env.PATH || "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
  ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }),
});
