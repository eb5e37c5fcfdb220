import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { circles } from "./circles.ts";

const found = (texts: Record<string, string>) => circles(repositoryOf(texts)).map(said);

test("a circle is reported at the import that closes it, even when that imports only a type", () => {
  expect(
    found({
      "a.ts": 'import { b } from "./b.ts";',
      "b.ts": 'import { c } from "./c.ts";',
      "c.ts": '// Back.\nimport type { A } from "./a.ts";',
    }),
  ).toEqual([
    "c.ts:2: circular imports: a.ts -> b.ts -> c.ts -> a.ts: move what both need into a file of its own",
  ]);
});

test("two ways to one file are not a circle", () => {
  expect(
    found({
      "a.ts": 'import "./b.ts";\nimport "./c.ts";',
      "b.ts": 'import "./d.ts";',
      "c.ts": 'import "./d.ts";',
      "d.ts": 'import "zod";',
    }),
  ).toEqual([]);
});
