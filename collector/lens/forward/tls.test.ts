/** Backends behind TLS: trusted by the file that the user names, and by nothing else. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Counts } from "../counts.ts";
import { GrpcSink } from "./backend.fixture.ts";
import { Forwarder } from "./forward.ts";
import { readTargets } from "./targets.ts";

const run = promisify(execFile);
const hasOpenssl = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

// reason: without openssl there is nothing to make a certificate with, and none with its key belongs into a repository.
describe.skipIf(!hasOpenssl)("a backend behind TLS", () => {
  let folder = "";
  let http: Server;
  let asked: boolean[] = [];
  let grpc: GrpcSink;
  const urls = { http: "", grpc: "" };
  const file = (name: string): string => path.join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "baton-tls-"));
    for (const name of ["server", "client"]) {
      const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
      const out = ["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`)];
      await run("openssl", [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        ...subject,
        ...out,
      ]);
    }
    const [key, cert, ca] = await Promise.all(
      ["server.key", "server.pem", "client.pem"].map((name) => readFile(file(name), "utf8")),
    );
    if (!key || !cert || !ca) throw new Error("no certificate");
    http = createServer(
      { key, cert, ca, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        asked.push("authorized" in request.socket && request.socket.authorized === true);
        request.resume();
        response.end();
      },
    );
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    urls.http = `https://localhost:${(http.address() as AddressInfo).port}`;
    grpc = new GrpcSink({ key, cert });
    urls.grpc = await grpc.listen();
  });
  afterAll(async () => {
    http.closeAllConnections();
    http.close();
    grpc.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function sent(protocol: "http" | "grpc", files: Readonly<Record<string, string>>) {
    asked = [];
    const counts = new Counts();
    const targets = readTargets({
      LENS_FORWARD_URL: urls[protocol],
      LENS_FORWARD_PROTOCOL: protocol,
      ...Object.fromEntries(
        Object.entries(files).map(([aspect, name]) => [`LENS_FORWARD_${aspect}`, file(name)]),
      ),
    });
    const sender = new Forwarder({
      targets,
      queueBytes: 1_000,
      counts,
      log: pino({ enabled: false }),
      giveUpMs: 0,
    });
    sender.offer({ signal: "traces", encoding: "protobuf", body: Buffer.from("a"), items: 1 });
    await sender.stop(20_000);
    return [counts.of("traces", "forwarded"), counts.of("traces", "dropped gave_up")];
  }

  test.each(["http", "grpc"] as const)(
    "is trusted by the file that is named, and by no other: %s",
    async (protocol) => {
      expect(await sent(protocol, { CERTIFICATE: "server.pem" })).toEqual([1, 0]);
      expect(await sent(protocol, { CERTIFICATE: "client.pem" })).toEqual([0, 1]);
      expect(await sent(protocol, {})).toEqual([0, 1]);
    },
  );

  test("knows us by our certificate", async () => {
    const us = { CLIENT_CERTIFICATE: "client.pem", CLIENT_KEY: "client.key" };
    expect(await sent("http", { CERTIFICATE: "server.pem", ...us })).toEqual([1, 0]);
    expect(asked).toEqual([true]);
    expect(await sent("http", { CERTIFICATE: "server.pem" })).toEqual([1, 0]);
    expect(asked).toEqual([false]);
  });
});
