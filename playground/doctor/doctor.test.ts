import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { prognosis } from "../commands/doctor.ts";
import { type Check, type Machine, quantity } from "./check.ts";
import { clock, folders, node, packages } from "./machine.ts";
import { environment, state } from "./place.ts";

const MB = 1024 * 1024;
const room = { least: 600 * MB, enough: 1_200 * MB, fix: "make room" };

describe("a check", () => {
  let root = "";
  let machine: Machine;
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), "baton-doctor-"));
    machine = { root, dir: path.join(root, "state"), env: { HOME: path.join(root, "home") } };
    await writeFile(path.join(root, "package.json"), "{}");
    await writeFile(
      path.join(root, "package-lock.json"),
      '{"packages": {"node_modules/a": {"version": "1.0.0"}}}',
    );
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it.each([
    [599, "problem"],
    [600, "note"],
    [1_200, "ok"],
  ])("judges %i MB: %s", (megabytes, standing) => {
    expect(quantity("memory", megabytes * MB, room)).toMatchObject({ standing, says: /MB free/ });
  });

  it("says that packages will be installed when they are missing or of another lock file", async () => {
    expect(packages(machine)).toMatchObject({ standing: "will", says: "will be installed, about 700 MB" });
    await mkdir(path.join(root, "node_modules"));
    await writeFile(
      path.join(root, "node_modules/.package-lock.json"),
      '{"packages": {"node_modules/a": {"version": "0.9.0"}}}',
    );
    expect(packages(machine)).toMatchObject({
      standing: "will",
      says: expect.stringContaining("stale (node_modules/a)"),
    });
  });

  it("says that a Node comes with the packages, for any system Node", async () => {
    expect(await node(machine, "20.20.2")).toMatchObject({
      standing: "will",
      says: expect.stringContaining("20.20.2"),
    });
  });

  it("judges a missing folder by where it would be made, and does not make it", async () => {
    const before = await readdir(root);
    expect((await folders(machine)).map(({ standing }) => standing)).toEqual(["ok", "ok", "ok"]);
    expect(await readdir(root)).toEqual(before);
  });

  it("finds a problem in a state folder below a file", async () => {
    await writeFile(machine.dir, "");
    const [first] = await folders({ ...machine, dir: path.join(machine.dir, "x") });
    expect(first).toMatchObject({ topic: "state folder", standing: "problem" });
  });

  it("finds a problem in a clock before the project's own files, but not in one that is hours off", async () => {
    const written = new Date("2026-06-01T12:00:00Z");
    await utimes(path.join(root, "package.json"), written, written);
    expect(await clock(machine, Date.parse("2026-06-01T01:00:00Z"))).toMatchObject({ standing: "ok" });
    expect(await clock(machine, Date.parse("1970-01-02T00:00:00Z"))).toMatchObject({ standing: "problem" });
  });

  it("says that a dead runner's file will be removed", async () => {
    expect((await state(machine)).check).toMatchObject({ standing: "ok" });
    await mkdir(machine.dir);
    await writeFile(
      path.join(machine.dir, "run.json"),
      JSON.stringify({ pid: process.pid, started: "long ago" }),
    );
    expect(await state(machine)).toMatchObject({ here: null, check: { standing: "will" } });
  });

  it("gives one line for a right environment, else one line for each wrong variable", () => {
    expect(environment({ ...machine, env: {} })).toMatchObject([{ standing: "ok" }]);
    expect(environment({ ...machine, env: { BATON_ASYNC: "x", BATON_NONSENSE_NAME: "y" } })).toMatchObject([
      { standing: "problem", fix: "unset BATON_ASYNC" },
      { standing: "note", says: "nothing reads BATON_NONSENSE_NAME" },
    ]);
  });
});

describe("what npm start would do", () => {
  const check = (standing: Check["standing"]): Check => ({
    topic: standing,
    standing,
    says: "so it is",
    fix: "so it is fixed",
  });

  it("is its preparations, then the start", () => {
    expect(prognosis([check("ok"), check("will"), check("note")])).toEqual([
      "will: so it is",
      expect.stringMatching(/^start NATS, Redis and Postgres/),
      expect.stringMatching(/^send a good and a declined checkout/),
    ]);
  });

  it("is to fail, with the fix, when there is a problem", () => {
    expect(prognosis([check("will"), check("problem")])).toEqual([
      "would fail: problem: so it is (fix: so it is fixed)",
    ]);
  });
});
