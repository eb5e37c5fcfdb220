import { expect, test } from "vitest";
import { timeSplit } from "../playground/commands/demo.ts";
import { phasesOf } from "./start.ts";

test("the phases are read as npm run demo prints them", () => {
  const started = { playground: { times: { serversMs: 1_234, startMs: 987 } }, played: [], firstMs: 650 };
  const boot = { startedAt: 0, packagesMs: 0 };
  const printed = timeSplit(boot, started as unknown as Parameters<typeof timeSplit>[1], 3_210);
  expect(phasesOf(`journey\n\n${printed}\n\nboth`)).toEqual({
    servers: 1_200,
    services: 1_000,
    journey: 700,
    all: 3_200,
  });
});

test("a missing phase is named, with the output", () => {
  expect(() => phasesOf("servers   1.2 s  NATS")).toThrow(/"start" took:\nservers/);
});
