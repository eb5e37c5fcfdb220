import { describe, expect, test } from "vitest";
import { preferredType } from "../_kit/http/accept.ts";
import { JSON_TYPE, makeNegotiate, unknownVersion, VERSIONS, type Version, vendorType } from "./version.ts";

const negotiate = makeNegotiate(preferredType);
const V1: readonly Version[] = ["v1"];
const V2: readonly Version[] = ["v2"];
const forms = [JSON_TYPE];
const [one, two] = [vendorType("v1"), vendorType("v2")];

describe("what is answered", () => {
  test.each([
    ["nothing said", undefined, V1, "v1", JSON_TYPE],
    ["nothing said, by the second URL", undefined, V2, "v2", JSON_TYPE],
    ["nothing said, without a version in the URL", undefined, VERSIONS, "v1", JSON_TYPE],
    ["anything", "*/*", VERSIONS, "v1", JSON_TYPE],
    ["any application", "application/*", VERSIONS, "v1", JSON_TYPE],
    ["JSON", JSON_TYPE, V2, "v2", JSON_TYPE],
    ["the second version", two, VERSIONS, "v2", two],
    ["the second version, in other letters", two.toUpperCase(), VERSIONS, "v2", two],
    ["the first version, by the URL too", one, V1, "v1", one],
    [
      "one that is not there, or else anything",
      "application/vnd.baton.v9+json, */*;q=0.1",
      VERSIONS,
      "v1",
      JSON_TYPE,
    ],
    ["the second rather than the first", `${one};q=0.5, ${two}`, VERSIONS, "v2", two],
    ["both alike", `${two}, ${one}`, VERSIONS, "v1", one],
    ["anything but JSON", `*/*, ${JSON_TYPE};q=0`, V1, "v1", one],
    ["the specific before the general", `*/*;q=0.1, ${two};q=0.2, ${JSON_TYPE};q=0`, VERSIONS, "v2", two],
    ["a parameter besides", `${two};charset=utf-8;q=0.9`, VERSIONS, "v2", two],
    [
      "what a browser says",
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      V1,
      "v1",
      JSON_TYPE,
    ],
  ] as const)("to %s", (_what, accept, versions, version, type) => {
    expect(negotiate(accept, versions, forms)).toEqual({ version, type });
  });

  test("to a request for lines: those of the first version that the address has", () => {
    const lines = "application/x-ndjson";
    expect(negotiate(lines, VERSIONS, [JSON_TYPE, lines])).toEqual({ version: "v1", type: lines });
    expect(negotiate(lines, V2, [JSON_TYPE, lines])).toEqual({ version: "v2", type: lines });
  });
});

test.each([
  ["a version that is not there", "application/vnd.baton.v3+json", VERSIONS],
  ["another version than the URL's", two, V1],
  ["another type", "text/html", VERSIONS],
  ["nothing", "*/*;q=0", VERSIONS],
  ["what cannot be read", "json;q=2", VERSIONS],
  ["an empty list", "", VERSIONS],
] as const)("%s is not acceptable, and the answer says what there is", (_what, accept, versions) => {
  expect(() => negotiate(accept, versions, forms)).toThrow(
    /^here is: application\/json, application\/vnd\.baton\./,
  );
});

test("an address with an unknown version is not acceptable; other addresses are not judged", () => {
  for (const path of ["/api/v3", "/api/v3/orders", "/api/v10/orders/x"]) {
    expect(unknownVersion(path)?.httpStatus, path).toBe(406);
  }
  for (const path of ["/api/v1/nothing", "/api/v2", "/api/vx/orders", "/api", "/v3/orders", "/api/v3x"]) {
    expect(unknownVersion(path), path).toBeUndefined();
  }
});
