import { describe, expect, test } from "vitest";
import { idempotencyOf } from "./idempotency.ts";

const request = { userId: "ann", items: [{ sku: "mug", quantity: 1 }] };
let made = 0;
const newKey = () => `new-${++made}`;
const of = (header: string | undefined, asked: unknown = request, operation = "checkouts") =>
  idempotencyOf(header, operation, asked, newKey);

describe("the key", () => {
  test("is the same for the same header and operation, and different for any other", () => {
    expect(of("k-1")).toEqual(of("k-1"));
    const keys = [of("k-1"), of("k-2"), of("k-1", request, "users"), of(undefined), of(undefined)];
    expect(new Set(keys.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(keys.length);
  });

  test("is the same with and without quotes", () => {
    expect(of('"k-1"')).toEqual(of("k-1"));
    expect(of('"a\\\\b\\"c"')).toEqual(of('a\\b"c'));
    // Text that is not a valid quoted string is a bare key.
    for (const odd of ['"k-1', 'k-1"', '""', '"a"b"', '"a\\b"']) expect(of(odd), odd).not.toEqual(of("k-1"));
  });

  test("is always passed on as a digest", () => {
    for (const header of ["k", "!~".repeat(127), '"quoted"', undefined]) {
      expect(of(header).idempotencyKey).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test.each(["", " ", "a b", "a\tb", "é", "\u007f", "x".repeat(256)])("%j is none", (header) => {
    expect(() => of(header)).toThrow("Idempotency-Key");
  });
});

describe("the digest of the request", () => {
  test("does not depend on the order of members, at any depth", () => {
    const turned = { items: [{ quantity: 1, sku: "mug" }], userId: "ann" };
    expect(of("k", turned).requestHash).toBe(of("k").requestHash);
  });

  test.each([
    ["another value", { ...request, userId: "bob" }],
    ["another type", { ...request, userId: 1 }],
    ["another order of a list", { ...request, items: [{ sku: "pot", quantity: 1 }, ...request.items] }],
    ["one member less", { userId: "ann" }],
  ])("differs for %s", (_what, other) => {
    expect(of("k", other).requestHash).not.toBe(of("k").requestHash);
  });
});
