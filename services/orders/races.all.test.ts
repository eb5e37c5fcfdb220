import { test } from "vitest";
import { sagaHolds } from "./races.fixture.ts";

test("10,000 times: whatever is lost, late, dead, cancelled or swept, order, stock and money agree in the end", async () => {
  await sagaHolds(10_000);
});
