import { test } from "vitest";
import { sagaHolds } from "./races.fixture.ts";

test("order, stock and money agree in the end after lost and late calls, deaths, cancels and sweeps in any order", async () => {
  await sagaHolds(500);
});
