import { expect, test } from "vitest";
import { partsOf, problems } from "./openapi-parts.ts";
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";

test("every operation has the problems that any may have, and those that it names", () => {
  const common = Object.keys(problems());
  expect(common).toEqual(expect.arrayContaining(["406", "500", "503", "504"]));
  expect(Object.keys(problems(403, 404)).toSorted()).toEqual([...common, "403", "404"].toSorted());
});

test("a base with one version takes that version's bodies, one with both takes either", () => {
  const body = { sku: "bolt", title: "A bolt", stock: null };
  const [inV1, inV2] = [
    { ...body, priceCents: 5 },
    { ...body, price: { amount: "0.05", currency: "EUR" } },
  ];
  const of = (...shapes: (typeof v1)[]) =>
    partsOf(shapes.map((shape) => [shape.version, shape] as const)).item;
  expect([of(v1).safeParse(inV1).success, of(v1).safeParse(inV2).success]).toEqual([true, false]);
  expect([of(v2).safeParse(inV1).success, of(v2).safeParse(inV2).success]).toEqual([false, true]);
  expect(of(v1, v2).parse(inV1)).toEqual(of(v1, v2).parse(inV2));
});

test("an answer has a form for each offered type, and the headers that every answer has", () => {
  const { answer } = partsOf([
    ["application/json", v1],
    ["application/vnd.baton.v2+json", v2],
  ]);
  expect(answer("The item.", "item").content).toEqual({
    "application/json": { schema: v1.answers.item },
    "application/vnd.baton.v2+json": { schema: v2.answers.item },
  });
});
