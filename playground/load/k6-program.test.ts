import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { catalogue } from "../stack/catalogue.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { silent } from "../terminal/report.ts";
import { findK6 } from "./k6-program.ts";

let state: TemporaryState;
beforeAll(async () => {
  state = await temporaryState();
});
afterAll(() => state.remove());

/** The options of `findK6` on a machine that has only the programs in `folder`: no Go, and an empty cache. */
const machine = (folder: string) => ({
  root: path.dirname(path.dirname(import.meta.dirname)),
  dir: state.dir,
  env: { PATH: folder, HOME: path.join(state.dir, "home") },
  report: silent,
  signal: new AbortController().signal,
});

/** A folder with a program `k6` that says it is `version`. */
async function folderWithK6(version: string): Promise<string> {
  const folder = path.join(state.dir, `k6-${version}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "k6"), `#!/bin/sh\necho "k6 v${version} (go1.26, linux/amd64)"\n`);
  await chmod(path.join(folder, "k6"), 0o755);
  return folder;
}

test("a k6 on the PATH is used without asking for Docker", async () => {
  const docker = vi.fn(async () => true);
  const folder = await folderWithK6("2.1.0");
  expect(await findK6(machine(folder), docker)).toEqual({ kind: "program", file: path.join(folder, "k6") });
  expect(docker).not.toHaveBeenCalled();
});

test("without a k6 the image of the pinned version is used, if a Docker engine answers", async () => {
  const { origin } = catalogue.k6;
  const pinned = origin.kind === "go" ? origin.version.slice(1) : "";
  const found = await findK6(machine(await folderWithK6("0.57.0")), async () => true);
  expect(found).toEqual({ kind: "image", image: `grafana/k6:${pinned}` });
});

test("without either, one message says how to get k6", async () => {
  const asked = findK6(machine(await folderWithK6("0.57.0")), async () => false);
  await expect(asked).rejects.toMatchObject({
    code: "server_missing",
    message: expect.stringMatching(/k6 2 or later[\s\S]*Get it: /),
  });
});
