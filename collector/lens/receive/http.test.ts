import { createConnection } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { eachWithLens, MAX_REQUEST_BYTES, onPorts, TRACE_ID } from "../lens.fixture.ts";
import { encodeJson } from "../otlp/json/in.ts";
import { oneSpan } from "../otlp/requests.fixture.ts";

const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };

const lens = eachWithLens();

describe("OTLP/HTTP", () => {
  test("takes gzipped JSON and answers in JSON", async () => {
    const body = gzipSync(JSON.stringify(oneSpan()));
    const response = await lens().post("/v1/traces", body, { ...JSON_TYPE, "content-encoding": "gzip" });
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect((await lens().get(`/api/v3/traces/${TRACE_ID}`)).body).toEqual({ result: oneSpan() });
  });

  test("answers protobuf with protobuf, empty for a full success", async () => {
    const response = await lens().post("/v1/traces", encodeJson("TracesRequest", oneSpan()), PROTOBUF);
    expect(response.headers.get("content-type")).toBe("application/x-protobuf");
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });

  test("says how many spans it left out", async () => {
    const response = await lens().post(
      "/v1/traces",
      JSON.stringify(oneSpan({ spanId: "0".repeat(16) })),
      JSON_TYPE,
    );
    expect(await response.json()).toMatchObject({ partialSuccess: { rejectedSpans: "1" } });
  });

  const whole = encodeJson("TracesRequest", oneSpan({ spanId: "00000000000000aa" }));
  const bomb = gzipSync(Buffer.alloc(MAX_REQUEST_BYTES * 50));
  test.each([
    ["truncated protobuf", 400, whole.subarray(0, -3), PROTOBUF],
    ["protobuf that is JSON", 400, JSON.stringify(oneSpan()), PROTOBUF],
    ["broken JSON", 400, "{", JSON_TYPE],
    ["broken gzip", 400, "not gzip", { ...PROTOBUF, "content-encoding": "gzip" }],
    ["truncated gzip", 400, gzipSync(whole).subarray(0, -4), { ...PROTOBUF, "content-encoding": "gzip" }],
    ["a long body", 413, Buffer.alloc(MAX_REQUEST_BYTES + 1), PROTOBUF],
    ["a gzip bomb", 413, bomb, { ...PROTOBUF, "content-encoding": "gzip" }],
    ["another content type", 415, whole, { "content-type": "text/plain" }],
    ["another content encoding", 415, whole, { ...PROTOBUF, "content-encoding": "br" }],
  ])("refuses %s with %i, stores nothing of it and goes on", async (_, status, body, headers) => {
    await lens().post("/v1/traces", JSON.stringify(oneSpan()), JSON_TYPE);
    const response = await lens().post("/v1/traces", body, headers);
    expect(response.status).toBe(status);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0);
    expect(await lens().counter("lens_received_total", 'signal="traces"')).toBe(2);
    expect(await lens().counter("lens_stored_total", 'signal="traces"')).toBe(1);
    expect((await lens().get(`/api/v3/traces/${TRACE_ID}`)).body).toEqual({ result: oneSpan() });
  });

  test("answers 405 to another method and 404 to another path", async () => {
    const response = await fetch(`${lens().current.otlpHttpUrl}/v1/traces`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await lens().post("/v1/profiles", "", PROTOBUF)).status).toBe(404);
  });

  test("survives a sender that goes away in the middle", async () => {
    const { hostname, port } = new URL(lens().current.otlpHttpUrl);
    const socket = createConnection(Number(port), hostname);
    socket.on("error", () => {});
    const head =
      "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n";
    await new Promise<void>((resolve) => socket.write(`${head}abc`, () => resolve()));
    socket.destroy();
    await expect
      .poll(() => lens().counter("lens_refused_total", 'signal="traces",reason="malformed"'))
      .toBe(1);
    expect((await lens().post("/v1/traces", JSON.stringify(oneSpan()), JSON_TYPE)).status).toBe(200);
  });
});

describe("pages in a browser", () => {
  const preflight = (origin: string, more: Record<string, string> = {}) =>
    fetch(`${lens().current.otlpHttpUrl}/v1/traces`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-own",
        ...more,
      },
    });
  const sent = (origin: string) =>
    lens().post("/v1/traces", JSON.stringify(oneSpan()), { ...JSON_TYPE, origin });

  test("of this machine may send, and read the answer", async () => {
    const origin = "http://localhost:5173";
    const asked = await preflight(origin, { "access-control-request-private-network": "true" });
    expect([
      asked.status,
      ...["origin", "methods", "headers", "private-network"].map((name) =>
        asked.headers.get(`access-control-allow-${name}`),
      ),
    ]).toEqual([204, origin, "POST", "content-type,x-own", "true"]);
    const answer = await sent(origin);
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
  });

  test.each(["http://evil.example", "null", "http://localhost.evil.example"])(
    "of %s may not: they are refused before their body is read",
    async (origin) => {
      const asked = await preflight(origin);
      expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([403, null]);
      const answer = await sent(origin);
      expect([answer.status, await answer.json()]).toEqual([403, { code: 7, message: expect.any(String) }]);
      expect(await lens().counter("lens_received_total", 'signal="traces"')).toBe(0);
    },
  );

  test("of other origins may when these are named", async () => {
    const other = await onPorts("0", "0", { LENS_OTLP_ORIGINS: "https://Shop.example, https://two.example" });
    const asked = await fetch(`${other.otlpHttpUrl}/v1/logs`, {
      method: "OPTIONS",
      headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
    });
    expect(asked.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    await other.stop();
  });
});
