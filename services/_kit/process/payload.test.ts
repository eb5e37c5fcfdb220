import fc from "fast-check";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { AppError } from "./errors.ts";
import { checkedBy, keyText, parsed, type Received } from "./payload.ts";

const Parcel = z.object({ to: z.email(), kilos: z.array(z.int().positive()).max(50) });
const good = { to: "ann@example.test", kilos: [1] };

test("a valid payload is handed on as the schema reads it, with the delivery's id and without unknown fields", async () => {
  const handle = vi.fn(async (_: Received<z.output<typeof Parcel>>) => {});
  await checkedBy({ Parcel }, { Parcel: handle }).Parcel({
    id: "e-1",
    payload: { ...good, colour: "green" },
  });
  expect(handle.mock.calls).toEqual([[{ id: "e-1", payload: good }]]);
});

test("an invalid payload is not handed on; the refusal says where it does not fit and what would", async () => {
  const handle = vi.fn(async () => {});
  const guarded = checkedBy({ Parcel }, { Parcel: handle });
  const refused = guarded.Parcel({ id: "e-1", payload: { ...good, kilos: [1, 0] } });
  await expect(refused).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringMatching(/^this is not a payload of Parcel: kilos\.1: .*>0$/),
  });
  expect(handle).not.toHaveBeenCalled();
  expect(() => parsed("a parcel", Parcel, null)).toThrow(/^this is not a parcel: /);
});

test("the message about a list that is wrong everywhere is short", () => {
  const kilos = Array.from({ length: 40 }, () => -1);
  expect(() => parsed("a parcel", Parcel, { ...good, kilos })).toThrow(/^(?:[^;]*;){9}[^;]*$/);
});

test("the text of a key has letters, digits and a few signs, and is neither empty nor too long", () => {
  const reads = (text: string) => keyText(8).safeParse(text).success;
  expect(["a", "o-1", "tok_visa", "A.b:c", "12345678"].filter((text) => !reads(text))).toEqual([]);
  const wrong = ["", "123456789", "a b", "a\n", "\u0000", "é", "a/b", "<b>", "'", "\u202e"];
  expect(wrong.filter(reads)).toEqual([]);
});

test("any value is accepted or refused as invalid, and a refused one is never quoted", () => {
  const secret = "s3cr3t-s3cr3t";
  const values = fc.oneof(
    fc.anything(),
    fc.record({ to: fc.constant(secret), kilos: fc.anything() }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(values, (value) => {
      try {
        parsed("a parcel", Parcel, value);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(AppError);
        expect(thrown).toMatchObject({ code: "invalid" });
        expect(thrown).not.toHaveProperty("cause");
        expect(String(thrown)).not.toContain(secret);
      }
    }),
    { numRuns: 100 },
  );
});
