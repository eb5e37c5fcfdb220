import fc from "fast-check";
import { expect, test } from "vitest";
import { confirmation, refund, welcome } from "./letters.ts";

const order = { eventId: "e-1", userId: "ann", orderId: "o-1" };
const signup = { eventId: "e-1", userId: "u-1", name: "Ann", email: "ann@example.test" };

test("each kind goes to its receiver and says what it is about", () => {
  expect(confirmation({ ...order, totalCents: 5_000 })).toEqual({
    to: "ann@example.test",
    subject: "Your order o-1",
    text: expect.stringContaining("o-1 over 50.00 "),
  });
  expect(refund({ ...order, amountCents: 2_499 })).toEqual({
    to: "ann@example.test",
    subject: "Your refund for order o-1",
    text: expect.stringContaining("24.99"),
  });
  expect(welcome(signup)).toEqual({
    to: "ann@example.test",
    subject: "Welcome",
    text: "Hello Ann,\n\nthank you for signing up.\n",
  });
});

test("an address that is not one plain address is refused, and not quoted", () => {
  const wrong = [
    "ann@example.test, eve@example.test",
    "ann@example.test;eve@example.test",
    "ann@example.test\r\nBcc: eve@example.test",
    "ann@example.test\n",
    "Ann <ann@example.test>",
    '"ann, eve"@example.test',
    "ann(eve@example.test)@example.test",
    "friends:ann@example.test;",
    "ann@[127.0.0.1]",
    "ann@@example.test",
    "ann\u0000@example.test",
    "ann\u202e@example.test",
    "@example.test",
    "ann",
    "",
  ];
  for (const email of wrong) {
    const said = expect.not.stringContaining("ann");
    const refused = expect.objectContaining({ code: "invalid", message: said });
    expect(() => welcome({ ...signup, email }), JSON.stringify(email)).toThrow(refused);
  }
  expect(welcome({ ...signup, email: "bjørn+shop@post.example" }).to).toBe("bjørn+shop@post.example");
});

test("a user id that would not make one plain address is refused as well", () => {
  const wrong = { ...order, userId: "ann@example.test, eve" };
  expect(() => confirmation({ ...wrong, totalCents: 1 })).toThrow("address");
  expect(() => refund({ ...wrong, amountCents: 1 })).toThrow("address");
});

test("any name stays on its line, and a name in any script is unchanged", () => {
  const greeted = (name: string) => welcome({ ...signup, name }).text.split("\n");
  for (const name of ["Bjørn", "李雷", "O'Neil", "👩‍🚀 Ann", "محمد"])
    expect(greeted(name)[0]).toBe(`Hello ${name},`);
  expect(greeted("Ann\r\n\r\nYour prize: \u202eevil")[0]).toBe("Hello Ann Your prize:  evil,");
  const hostile = fc.string({ unit: "binary", minLength: 1, maxLength: 200 });
  const spiced = fc.oneof(hostile, fc.stringMatching(/^[a\r\n\t\u2028\u2029\u0085\u202e]{1,20}$/));
  const check = (name: string) => {
    const lines = greeted(name);
    expect(lines.slice(1)).toEqual(["", "thank you for signing up.", ""]);
    expect(lines[0]).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
  };
  fc.assert(fc.property(spiced, check), { numRuns: 100 });
});
