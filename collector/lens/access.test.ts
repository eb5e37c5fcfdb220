import { describe, expect, test } from "vitest";
import { isOwnOrigin, mayAsk, maySend } from "./access.ts";

const none: ReadonlySet<string> = new Set();

describe("a Host", () => {
  test.each([
    "localhost",
    "localhost:4000",
    "LOCALHOST:1",
    "localhost.",
    "lens.localhost:80",
    "127.0.0.1:4000",
    "127.1.2.3",
    "[::1]:4000",
    "[::1]",
  ])("%s is this machine's", (host) => {
    expect(mayAsk(host, none)).toBe(true);
  });

  test.each([
    "evil.example",
    "evil.example:4000",
    "localhost.evil.example",
    "notlocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.256",
    "127.0.0",
    "10.0.0.1",
    "[::2]",
    "0.0.0.0",
    "",
    "localhost, evil.example",
    "evil.example@localhost",
  ])("%j is not", (host) => {
    expect(mayAsk(host, none)).toBe(false);
  });

  test("is let through when it is named, on any port, and none at all is not", () => {
    const named = new Set(["lens"]);
    expect([mayAsk("lens:4000", named), mayAsk("LENS", named), mayAsk("lens.evil", named)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(mayAsk(undefined, named)).toBe(false);
  });
});

test("a question comes from no page, or from one of lens' own", () => {
  const own = "http://127.0.0.1:4000";
  expect(isOwnOrigin(undefined, own)).toBe(true);
  expect(isOwnOrigin("http://127.0.0.1:4000", own)).toBe(true);
  for (const origin of [
    "null",
    "http://127.0.0.1:4001",
    "https://127.0.0.1:4000",
    "http://localhost:4000",
    "",
  ])
    expect(isOwnOrigin(origin, own), origin).toBe(false);
});

test("telemetry comes from no page, from a page of this machine, or from one that is named", () => {
  const named = new Set(["https://shop.example"]);
  for (const origin of [
    undefined,
    "http://localhost:5173",
    "https://127.0.0.1",
    "http://[::1]:1",
    "https://Shop.example",
  ])
    expect(maySend(origin, named), origin).toBe(true);
  for (const origin of [
    "null",
    "",
    "http://shop.example",
    "https://shop.example:8443",
    "https://evil.example",
    "file://",
    "http://localhost/x",
  ])
    expect(maySend(origin, named), origin).toBe(false);
});
