import { expect, test } from "vitest";
import { keyed, partsOf } from "../openapi-parts.ts";
import { v1 } from "../v1.ts";
import { itemOperations } from "./openapi-items.ts";

const operations = Object.entries(itemOperations(partsOf([["application/json", v1]])));

test("what writes the catalogue may be refused where faults are off, and says so; what reads it never is", () => {
  const writing = operations.filter(([name]) => !name.startsWith("get "));
  expect(writing.length).toBeGreaterThan(0);
  for (const [name, { responses, description }] of writing) {
    expect(responses, name).toHaveProperty("403");
    expect(description, name).toMatch(/^Only where faults are on\. /);
  }
  const reading = operations.filter(([name]) => name.startsWith("get "));
  expect(reading.length).toBeGreaterThan(0);
  for (const [name, { responses }] of reading) expect(responses, name).not.toHaveProperty("403");
});

test("what posts takes an idempotency key", () => {
  const posting = operations.filter(([name]) => name.startsWith("post "));
  expect(posting.length).toBeGreaterThan(0);
  for (const [name, { requestParams }] of posting) expect(requestParams?.header, name).toBe(keyed.header);
});
