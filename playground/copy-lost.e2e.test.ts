/** What a backend refuses of the copy is counted, and `npm run status` and `npm run doctor` say it. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { listen, urlOf } from "../collector/lens/listen.ts";
import { eventually } from "../tests/fixtures.ts";
import { freeOffset } from "../tests/offset.ts";
import { patient } from "../tests/patience.ts";
import type { CopyCounts } from "./copy-counts.ts";
import { EXIT } from "./exit.ts";
import { temporaryState } from "./temporary.fixture.ts";

const boot = path.join(import.meta.dirname, "boot.cjs");

it("spans that are refused and log records that are left out are counted, and status and doctor say them", async () => {
  const backend = createServer(async (request, response) => {
    await buffer(request);
    if (request.url === "/v1/traces") response.writeHead(400).end();
    else if (request.url === "/v1/logs") {
      // ExportLogsServiceResponse { partial_success { rejected_log_records: 1 } }.
      response.writeHead(200, { "content-type": "application/x-protobuf" });
      response.end(Buffer.from([0x0a, 2, 0x08, 1]));
    } else response.end();
  });
  const listening = await listen(backend, "127.0.0.1", 0, "the backend");
  const state = await temporaryState();
  const { BATON_TEST_SERVERS: _servers, ...rest } = process.env;
  const offset = String(await freeOffset(2_900));
  const env = { ...rest, BATON_STATE_DIR: state.dir, BATON_PORT_OFFSET: offset, NO_COLOR: "1" };
  const type = (command: string, ...args: string[]): Promise<{ status: number | null; out: string }> =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, [boot, command, ...args], { env }, (_error, out) =>
        resolve({ status: child.exitCode, out }),
      );
    });
  const runner = spawn(process.execPath, [boot, "start", "--otlp", urlOf(listening)], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  runner.stdout.on("data", (chunk: Buffer) => (printed += chunk));
  try {
    await eventually(
      "the playground",
      () => printed.includes("The playground is up") || undefined,
      patient(90_000),
    );
    const copy = await eventually("status to count what was lost", async () => {
      const { out } = await type("status", "--json");
      const { copy } = JSON.parse(out) as { copy: CopyCounts | null };
      return copy?.lost.refused && copy.lost.rejected ? copy : undefined;
    });
    expect(copy.sent).toBeGreaterThan(0);
    expect((await type("status")).out).toMatch(
      /^copy +[\d,]+ items sent, [\d,]+ lost \(.*refused: [\d,]+.*\), [\d,]+ kB waiting +of all telemetry/m,
    );
    const doctor = await type("doctor");
    expect(doctor.status).toBe(EXIT.failed);
    expect(doctor.out).toMatch(/^note +copy +[\d,]+ items sent, [\d,]+ lost \(.*rejected: [\d,]+/m);
    expect(doctor.out).toContain(path.join(state.dir, "logs", "lens.log"));
  } finally {
    const ended = once(runner, "exit");
    runner.kill("SIGTERM");
    await ended;
    await listening.stop(100);
    await state.remove();
  }
});
