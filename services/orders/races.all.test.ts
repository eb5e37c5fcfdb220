import { test } from "vitest";
import { sagaHolds } from "./races.fixture.ts";

test("10,000 times: order, stock and money agree in the end after lost and late calls, deaths, cancels and sweeps", async () => {
  await sagaHolds(10_000);
});
