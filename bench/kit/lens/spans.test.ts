import { expect, test } from "vitest";
import { readConfig } from "../../../collector/lens/config.ts";
import { startLens } from "../../../collector/lens/server.ts";
import { lensWords } from "../../../services/topology.ts";
import { lensCounts } from "./lens.ts";
import { correlationIdOf, orderIdOf, RequestTemplate, traceIdOf, tracesIn, USUAL } from "./spans.ts";

const config = readConfig({
  ...lensWords(),
  ...{ BATON_PORT: "0", LENS_OTLP_HTTP_PORT: "0", LENS_OTLP_GRPC_PORT: "0" },
});
const SPANS = USUAL.spansPerRequest * USUAL.requestsPerGroup;

test("lens stores each of the spans, and finds whole journeys by all of their ids", async () => {
  const lens = await startLens(config);
  try {
    const templates = Array.from(
      { length: USUAL.requestsPerGroup },
      (_, service) => new RequestTemplate(service),
    );
    const post = (body: Buffer) =>
      fetch(`${lens.otlpHttpUrl}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/x-protobuf" },
        body: new Uint8Array(body),
      });
    const nowMs = Date.now();
    for (const group of [1, 0xffff_fffe]) {
      for (const template of templates) expect((await post(template.fill(group, nowMs))).status).toBe(200);
    }
    expect(await lensCounts(lens.url)).toMatchObject({ stored: 2 * SPANS, evicted: 0, refused: 0 });

    for (const id of [traceIdOf, correlationIdOf, orderIdOf]) {
      const answer = await fetch(`${lens.url}/api/journeys/${id(0xffff_fffe, 5)}`);
      const { journey } = (await answer.json()) as {
        journey: { id: string; spans: object[]; startNs: string };
      };
      expect(journey.id).toBe(traceIdOf(0xffff_fffe, 5));
      expect(journey.spans).toHaveLength(SPANS / tracesIn(USUAL));
      expect(JSON.stringify(journey)).not.toContain("MISSING");
    }
  } finally {
    await lens.stop();
  }
});

test("span times are the time of sending, to within the 17 ms of a span's own part", () => {
  const nowMs = 1_800_000_000_000;
  const bytes = new RequestTemplate(0).fill(7, nowMs);
  const [start] = [bytes.indexOf(Buffer.from([0x39])) + 1];
  const ns = bytes.readBigUInt64LE(start);
  expect(Math.abs(Number(ns / 1_000_000n) - nowMs)).toBeLessThanOrEqual(17);
});

test("the same request with another number has other ids everywhere", () => {
  const template = new RequestTemplate(1);
  const one = Buffer.from(template.fill(0x1111_1111, 0));
  const two = Buffer.from(template.fill(0x2222_2222, 0));
  expect(one.includes(Buffer.from("11111111", "hex"))).toBe(true);
  expect(two.includes(Buffer.from("11111111", "hex"))).toBe(false);
  expect(two.includes(Buffer.from("11111111"))).toBe(false);
});
