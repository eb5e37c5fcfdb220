/** Follows docs/failing-checkout.md like a reader: each command as written, in order, with the ids printed so far. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findK6 } from "../playground/load/k6-program.ts";
import { silent } from "../playground/terminal/report.ts";
import { eventually } from "../tests/fixtures.ts";
import { startPlayground, type TestPlayground } from "../tests/playground.ts";
import checkout from "./scenarios/checkout.ts";

const root = path.dirname(import.meta.dirname);
const doc = await readFile(path.join(root, "docs", "failing-checkout.md"), "utf8");
const commands = [...doc.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) =>
  (block[1] ?? "").trim().split("\n"),
);
const missing = await findK6(
  { root, dir: os.tmpdir(), env: process.env, report: silent, signal: new AbortController().signal },
  async () => false,
).then(
  () => "",
  (error: Error) => error.message,
);

/** The exit status and the output of each command, by its first words. Every command of the page needs a row. */
const promised: readonly (readonly [start: RegExp, status: number, says: RegExp])[] = [
  [/^npm run load -- checkout$/, 0, /every threshold held/],
  [/^npm run load -- checkout --fault/, 99, /✗ checkout {2}status: expected 201, found 402/],
  [/^npm run trace -- \S+$/, 0, /charge ✗ card_declined ◀ cause/],
  [/^npm run trace -- \S+ --json$/, 0, /"baton\.fault\.point": "payments\.charge"/],
  [/^npm run logs --/, 0, /payments +INFO +payment\.declined/],
];

/** Where a failed run prints the ids that later commands take. */
const PRINTED = {
  "trace id": /^ {4}trace {3}([0-9a-f]{32})$/m,
  "correlation id": /npm run logs -- (\S+)$/m,
};

describe.skipIf(missing !== "" /* reason: no k6, and no Go to build it with */)(
  "docs/failing-checkout.md",
  () => {
    let playground: TestPlayground;
    beforeAll(async () => {
      playground = await startPlayground();
    });
    afterAll(() => playground?.remove());

    /** Runs one line in a shell, in the project's folder. */
    function shell(line: string): Promise<{ status: number; output: string }> {
      const env = { ...process.env, BATON_STATE_DIR: playground.dir, NO_COLOR: "1" };
      const child = spawn("sh", ["-c", line], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk;
        });
      }
      return new Promise((resolve) =>
        child.once("close", (status) => resolve({ status: status ?? -1, output })),
      );
    }

    test("leads from the failure to its cause and back", async () => {
      expect(commands.length).toBeGreaterThanOrEqual(5);
      const ids: Record<string, string> = {};
      for (const command of commands) {
        const line = command.replace(/<([a-z ]+)>/g, (_, name: string) => {
          const id = ids[name];
          if (!id) throw new Error(`${command}: nothing has printed a ${name} yet`);
          return id;
        });
        const [, status, says] = promised.find(([start]) => start.test(line)) ?? [];
        if (!says) throw new Error(`the page has a command that is not checked: ${command}`);
        const typed = async (): Promise<string> => {
          const ended = await shell(line);
          if (ended.status === status && says.test(ended.output)) return ended.output;
          throw new Error(`${line}: status ${ended.status}\n${ended.output}`);
        };
        // The last spans of a trace may arrive after the first query. A reader would repeat the command, too.
        const output = line.startsWith("npm run load")
          ? await typed()
          : await eventually(`"${line}" to end with ${status} and say ${says}`, typed);
        for (const [name, printed] of Object.entries(PRINTED)) {
          const id = printed.exec(output)?.[1];
          if (id) ids[name] ??= id;
        }
      }
    });

    test("quotes the scenario's figures", () => {
      expect(doc).toContain(`within ${checkout.load.p95Ms / 1_000} s`);
      expect(doc).toContain(`${checkout.expect.httpStatus}`);
    });
  },
);
