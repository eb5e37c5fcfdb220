import { test } from "vitest";
import { sagaHolds } from "./races.fixture.ts";

test("whatever is lost, late, dead, cancelled or swept, and in whatever order: order, stock and money agree in the end", async () => {
  await sagaHolds(500);
});
