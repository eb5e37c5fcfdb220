/** A NATS server for one test that needs its own streams. */

import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { findCached, writableCacheDir } from "../../../playground/provide/apt.ts";
import { startNats } from "../../../playground/provide/nats.ts";
import { findProgram, foldersOf } from "../../../playground/provide/program.ts";
import { freePorts } from "../../../playground/runner/ports.ts";
import { temporaryState } from "../../../playground/temporary.fixture.ts";
import { silent } from "../../../playground/terminal/report.ts";

export interface OwnNats {
  readonly url: string;
  /** Ends it. */
  halt(): Promise<void>;
  /** Ends it if it runs, and starts it again on the same port. `keep`: with its data; otherwise empty. */
  restart(keep: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one with the same program as the servers of the test run. */
export async function ownNats(): Promise<OwnNats> {
  const { dir, remove } = await temporaryState();
  await mkdir(path.join(dir, "logs"));
  const found =
    (await findProgram("nats", foldersOf(process.env.PATH ?? ""))) ??
    (await findCached("nats", await writableCacheDir(process.env, dir)));
  if (!found) throw new Error("the run has a NATS server, and this test finds none");
  const { nats: port } = await freePorts();
  const start = () =>
    startNats(found, "cache", {
      dir,
      port,
      password: "only-for-this-test",
      report: silent,
      signal: new AbortController().signal,
      onEvent: () => {},
    });
  let server = await start();
  return {
    url: server.url,
    halt: async () => server.child?.stop(),
    restart: async (keep) => {
      await server.child?.stop();
      if (!keep) await rm(path.join(dir, "data"), { recursive: true });
      server = await start();
    },
    stop: async () => {
      await server.child?.stop();
      await remove();
    },
  };
}
