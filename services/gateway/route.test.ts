import { expect, test } from "vitest";
import type { Context } from "../_kit/http/app.ts";
import { partOf, reply } from "./route.ts";

/** A request whose path has the part `id`, and that takes what is answered. */
const asking = (id: string | undefined) =>
  ({
    req: { param: () => id },
    body: (text: string, status: number, headers: Record<string, string>) =>
      new Response(text, { status, headers }),
  }) as unknown as Context;

test("a part of the path is answered when it fits", () => {
  expect(partOf({ c: asking("o-1") }, "id", /^[a-z0-9-]+$/)).toBe("o-1");
});

test.each([undefined, "", "A B", "\u0000"])("%j does not fit, and is not found", (id) => {
  expect(() => partOf({ c: asking(id) }, "id", /^[a-z0-9-]+$/)).toThrow(
    expect.objectContaining({ code: "not_found", message: "there is nothing with this id" }),
  );
});

test("an answer has the negotiated type", async () => {
  const type = "application/vnd.baton.v2+json";
  const answer = reply({ c: asking("o-1"), type }, 201, { a: 1 });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([201, type]);
  expect(await answer.json()).toEqual({ a: 1 });
});
