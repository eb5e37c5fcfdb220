/**
 * A playground in the shell of a user who traces other programs, too: with a proxy for every address, another
 * protocol, and a service name.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freeOffset } from "../tests/offset.ts";
import { temporaryState } from "./temporary.fixture.ts";

const boot = path.join(import.meta.dirname, "boot.cjs");

/** A proxy that counts what it is asked for, and answers as one that cannot reach this machine. */
let proxy: Server;
let asked: string[] = [];
beforeEach(async () => {
  asked = [];
  proxy = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(503).end();
  });
  proxy.on("connect", (request, socket: Socket) => {
    asked.push(request.url ?? "");
    socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
});
afterEach(() => {
  proxy.closeAllConnections();
  proxy.close();
});

async function run(
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; said: string }> {
  const child = spawn(process.execPath, [boot, ...command], { env, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { status: child.exitCode, said: out + err };
}

it("`npm run demo` is complete by gRPC, names its services itself, says so, and asks the proxy for nothing", async () => {
  const state = await temporaryState();
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  // `npm test` has kept this machine's addresses off any proxy for the tests, too.
  const { BATON_TEST_SERVERS: _servers, no_proxy: _kept, ...rest } = process.env;
  const env = {
    ...rest,
    BATON_STATE_DIR: state.dir,
    BATON_PORT_OFFSET: String(await freeOffset(2_500)),
    NODE_USE_ENV_PROXY: "1",
    HTTP_PROXY: address,
    HTTPS_PROXY: address,
    NO_PROXY: "corp.example",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_SERVICE_NAME: "myapp",
  };
  try {
    // Where nothing is done about it, the same environment leads even this machine's addresses to the proxy.
    const fetching = `await fetch(${JSON.stringify(address)}).then((answer) => answer.text())`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", fetching], { env, stdio: "ignore" });
    await once(child, "exit");
    expect(asked.splice(0)).toEqual([new URL(address).host]);
    const { status, said } = await run(["demo"], env);
    expect(said).toContain("both journeys are complete");
    expect(said.match(/^warning: .*$/gm)).toEqual([expect.stringMatching(/OTEL_SERVICE_NAME is set aside/)]);
    expect(said).not.toContain("myapp  ");
    expect([status, asked]).toEqual([0, []]);
  } finally {
    await state.remove();
  }
});
