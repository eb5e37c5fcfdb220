/**
 * The rules of style that a test can check: imports, lengths, links, and generated files in step with their sources.
 * Each rule is a module of tests/tidy with a test of its own; here the rules are applied to the repository. A failure
 * names the file, the line and the remedy.
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
  ["a room imports only what its row allows, and each import that a row allows is used", roomEdges],
  ["rooms of the kit do not import each other in a circle", (all) => roomCircles(all, "services/_kit")],
  ["no files import each other, not even for a type", circles],
  ["no file only re-exports", barrels],
  ["a broker is named only in its folders, where it is chosen, in configuration and topology", brokerSaid],
  ["a use case imports only errors and types from the kit; its dependencies are passed in", kitInUseCases],
  ["a module to take home imports only what is listed; no other makes spans or moves contexts", takenHome],
  ["every use case has its test beside it", untestedUseCases],
  ["the same role has the same file name in every service", (all) => serviceFiles(all, services)],
  ["a program or a test reaches every file", deadFiles],
  ["every exported value is imported", deadExports],
  ["no setting of a tool names files that do not exist", idleSettings],
  ["no decision names packages that are not installed", idlePackages],
  ["a file is short", longFiles],
  ["a folder has few files", fullFolders],
  ["prose wraps", wideProse],
  ["paths in documents, comments and messages lead somewhere", lostPaths],
  ["links lead to files and headings", lostLinks],
  ["no test is skipped, focused or postponed without a reason beside it", sleepingTests],
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
