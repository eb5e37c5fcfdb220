/**
 * The rules of style that matter: allowed imports, lengths, paths and links, generated code in step with its source.
 * Each rule is a module of tests/tidy with a test of its own. This file applies the rules to the repository. A failure
 * names file, line and remedy.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { barrels } from "../tests/tidy/imports/barrels.ts";
import { brokerSaid } from "../tests/tidy/imports/broker.ts";
import { circles } from "../tests/tidy/imports/circles.ts";
import { roomCircles, roomEdges } from "../tests/tidy/imports/rooms.ts";
import { takenHome } from "../tests/tidy/imports/take-home.ts";
import { kitInUseCases, untestedUseCases } from "../tests/tidy/imports/use-cases.ts";
import { lostLinks } from "../tests/tidy/prose/links.ts";
import { lostPaths } from "../tests/tidy/prose/paths.ts";
import { wideProse } from "../tests/tidy/prose/width.ts";
import { deadExports } from "../tests/tidy/reach/dead-exports.ts";
import { deadFiles } from "../tests/tidy/reach/dead-files.ts";
import { type Repository, readRepository } from "../tests/tidy/repository/repository.ts";
import { said, type Violation } from "../tests/tidy/repository/violation.ts";
import { fullFolders } from "../tests/tidy/shape/entries.ts";
import { longFiles } from "../tests/tidy/shape/length.ts";
import { serviceFiles } from "../tests/tidy/shape/services.ts";
import { idlePackages, idleSettings } from "../tests/tidy/shape/settings.ts";
import { plainBounds, sleepingTests } from "../tests/tidy/shape/test-files.ts";
import { services } from "./topology.ts";

const root = path.dirname(import.meta.dirname);
const run = promisify(execFile);

let repository: Repository;

beforeAll(async () => {
  repository = await readRepository(root);
  expect(repository.sources.length).toBeGreaterThan(500);
});

type Rule = (repository: Repository) => readonly Violation[];

test.each<[what: string, rule: Rule]>([
  ["a room imports only what its row allows, and a row allows only what is imported", roomEdges],
  ["the rooms of the kit import each other in no circle", (all) => roomCircles(all, "services/_kit")],
  ["no files import each other, not even for a type", circles],
  ["no file only re-exports", barrels],
  ["only the listed places name the broker", brokerSaid],
  ["a use case imports only errors and types from the kit", kitInUseCases],
  ["a module to copy needs nothing else of the kit, and only these start spans or move contexts", takenHome],
  ["every use case has its test beside it", untestedUseCases],
  ["the same role has the same file name in every service", (all) => serviceFiles(all, services)],
  ["a program or a test reaches every file", deadFiles],
  ["every exported value is imported", deadExports],
  ["every pattern in a tool's settings matches a file", idleSettings],
  ["every package that package.json overrides or decides about is installed", idlePackages],
  ["a file is short", longFiles],
  ["a folder has few files", fullFolders],
  ["prose wraps", wideProse],
  ["paths in documents, comments and messages exist", lostPaths],
  ["the targets of links exist", lostLinks],
  ["no test is skipped, focused or a todo without a reason on its line", sleepingTests],
  ["no test states a bound in plain milliseconds", plainBounds],
])("%s", (_what, rule) => {
  expect(rule(repository).map(said)).toEqual([]);
});

const bin = path.join(root, "node_modules/.bin");
/** Runs buf. It finds its plugin in the PATH. */
const buf = (...args: string[]) =>
  run(path.join(bin, "buf"), args, {
    cwd: root,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });

describe("in step", () => {
  test.each([
    ["the contracts", [], "services/_contracts/gen"],
    [
      "the protocols that the kit speaks",
      ["--template", "services/_kit/rpc/grpc/buf.gen.yaml"],
      "services/_kit/rpc/gen",
    ],
  ])("the generated code with %s", async (_what, template, folder) => {
    const out = await mkdtemp(path.join(os.tmpdir(), "baton-gen-"));
    try {
      await buf("generate", ...template, "--output", out);
      const made = path.join(out, folder);
      const kept = path.join(root, folder);
      const list = async (place: string) => (await readdir(place, { recursive: true })).toSorted();
      expect(await list(made)).toEqual(await list(kept));
      for (const file of (await list(made)).filter((name) => /\.(js|ts)$/.test(name))) {
        expect(await readFile(path.join(kept, file), "utf8"), file).toBe(
          await readFile(path.join(made, file), "utf8"),
        );
      }
    } finally {
      await rm(out, { recursive: true });
    }
  });

  test("the contracts with buf's lint rules", async () => {
    await buf("lint", "services/_contracts");
  });

  test("the lock file names no registry", async () => {
    expect(await readFile(path.join(root, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});
