import { describe, expect, it } from "vitest";
import { isAtLeast, isEnough, parseVersion } from "./versions.ts";

describe("versions of servers", () => {
  it.each([
    ["nats-server: v2.9.10", [2, 9, 10]],
    ["Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", [7, 0, 15]],
    ["Valkey server v=8.1.1 sha=00000000:0", [8, 1, 1]],
    ["postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)", [15, 6]],
    ["postgres (PostgreSQL) 19devel", [19]],
    ["2.12", [2, 12]],
  ])("reads %j", (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  it("reads no version from a text without one", () => {
    expect(parseVersion("command not found")).toBeNull();
  });

  it("compares numbers, not texts", () => {
    expect(isAtLeast([2, 10, 0], [2, 9, 10])).toBe(true);
    expect(isAtLeast([2, 9, 9], [2, 9, 10])).toBe(false);
  });

  it("takes missing numbers for 0", () => {
    expect(isAtLeast([7], [7, 0])).toBe(true);
    expect(isAtLeast([7, 0], [7, 0, 1])).toBe(false);
  });

  it("knows the least version of each server", () => {
    expect([isEnough("nats", [2, 9, 10]), isEnough("nats", [2, 9, 9])]).toEqual([true, false]);
    expect([isEnough("redis", [7, 0, 0]), isEnough("redis", [6, 2, 7])]).toEqual([true, false]);
    expect([isEnough("postgres", [14, 0]), isEnough("postgres", [13, 14])]).toEqual([true, false]);
  });
});
