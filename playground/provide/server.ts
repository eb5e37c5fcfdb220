/** What a provided server is, whoever runs it. */

import type { Child, ChildEvent } from "../runner/supervise.ts";
import type { Reporter } from "../terminal/report.ts";
import type { ServerName } from "./versions.ts";

/** Where a server came from: the address in an environment variable, a program on the PATH, in the cache, in an npm package. */
export type Source = "url" | "PATH" | "cache" | "embedded";

export interface Server {
  readonly name: ServerName;
  /** With user and password. */
  readonly url: string;
  readonly port: number;
  readonly from: Source;
  readonly version: string;
  /** Null for a server that we were given the address of. */
  readonly child: Child | null;
}

/** What it takes to speak to a private one. */
export interface Login {
  readonly port: number;
  readonly password: string;
}

/** What it takes to start one privately. */
export interface ServerContext extends Login {
  /** State folder, absolute: data below `data/`, logs below `logs/`, both there already. */
  readonly dir: string;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ChildEvent) => void;
}

/** User name on all three private servers. */
export const USER = "baton";
/** One try to connect. It is short of nothing but a server that is frozen, and is made again as long as a start is waited for. */
export const CONNECT_WITHIN_MS = 10_000;
/** None of the three has anything to do at its end that it does not make good at its next start. */
export const STOP_WITHIN_MS = 1_000;

/** Environment of a private server: nothing of the user's but what programs need to run at all. */
export const serverEnv = (libraryPath = ""): Record<string, string> => ({
  PATH: process.env.PATH || "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
  ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }),
});
