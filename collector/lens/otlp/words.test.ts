import * as fc from "fast-check";
import { expect, test } from "vitest";
import { wordAt } from "./words.ts";

test("a word is the text of its bytes, however often and wherever it stands", () => {
  const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(texts, (all) => {
      for (const text of [...all, ...all]) {
        const bytes = Buffer.from(`<${text}>`);
        expect(wordAt(bytes, 1, bytes.length - 1)).toBe(text);
      }
    }),
  );
});

test("words that fall on the same place do not pass for each other", () => {
  // Far more than there are places.
  for (const round of [1, 2]) {
    for (let n = 0; n < 5_000; n++) {
      const text = `name.${n}`;
      expect(wordAt(Buffer.from(text), 0, text.length), `round ${round}`).toBe(text);
    }
  }
});

test("what it keeps is not mistaken for what its bytes become later", () => {
  const bytes = Buffer.from("http.route");
  expect(wordAt(bytes, 0, bytes.length)).toBe("http.route");
  bytes.write("http.ROUTE");
  expect(wordAt(bytes, 0, bytes.length)).toBe("http.ROUTE");
  expect(wordAt(Buffer.from("http.route"), 0, 10)).toBe("http.route");
});
