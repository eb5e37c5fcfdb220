import { describe, expect, it } from "vitest";
import { clip, clipEnd, clipName, padEnd, padStart, plain, widthOf } from "./text.ts";

describe("plain text", () => {
  it.each([
    ["an escape sequence", "a\u001b[31mb", "a\uFFFD[31mb"],
    ["an eight-bit control sequence", "a\u009b31mb", "a\uFFFD31mb"],
    ["a bell and a backspace", "\u0007\u0008", "\uFFFD\uFFFD"],
    ["a bidirectional override", "a\u202eb", "a\uFFFDb"],
    ["a zero-width space", "a\u200bb", "a\uFFFDb"],
    ["half a surrogate pair", "a\ud800b", "a\uFFFDb"],
  ])("holds no %s", (_, hostile, harmless) => {
    expect(plain(hostile)).toBe(harmless);
  });

  it("stays on one line", () => {
    expect(plain("a\r\nb\tc\u2028d\u0085e")).not.toMatch(/[\r\n\t\u2028\u0085]/);
  });

  it("keeps every language", () => {
    expect(plain("Zahlung 支払い оплата é 🫖")).toBe("Zahlung 支払い оплата é 🫖");
  });
});

describe("width", () => {
  it.each([
    ["abc", 3],
    ["支払い", 6],
    ["e\u0301", 1],
    ["🫖", 2],
    ["ｆｕｌｌ", 8],
    ["│├─░█…", 6],
  ])("of %s is %i columns", (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });
});

describe("cutting", () => {
  it("leaves text that fits unchanged", () => {
    expect([clip("abc", 3), clipEnd("abc", 3), clipName("abc", 3)]).toEqual(["abc", "abc", "abc"]);
  });

  it("takes out the middle, never more columns than asked for", () => {
    expect(clip("process events.OrderConfirmed", 12)).toBe("proces…irmed");
    expect(widthOf(clip("支払い支払い", 6))).toBeLessThanOrEqual(6);
    expect([clip("abc", 1), clip("abc", 0)]).toEqual(["…", ""]);
  });

  it("takes away an RPC method's package before anything else", () => {
    expect(clipName("baton.orders.v1.OrderService/Checkout", 25)).toBe("…OrderService/Checkout");
    expect(clipName("POST /api/v1/check.outs/now", 15)).toBe("POST /a…uts/now");
  });

  it("takes the end of a list", () => {
    expect(clipEnd("BEGIN, INSERT, COMMIT", 10)).toBe("BEGIN, IN…");
  });
});

it("pads by columns, not by characters", () => {
  expect([padEnd("支", 4), padStart("支", 4), padEnd("long", 2)]).toEqual(["支  ", "  支", "long"]);
});
