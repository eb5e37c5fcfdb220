import { afterAll, beforeAll, expect, test } from "vitest";
import { tryBytes, tryDoor } from "./door.fixture.ts";
import { type Door, openDoor } from "./shop.fixture.ts";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

/** `door.all.test.ts` does the same ten thousand times. */
test("each bad request gets the right refusal that names the field, and nothing invalid reaches orders", async () => {
  await tryDoor(door, 15);
});

test("bytes that are no HTTP request are refused, and the next request is served", async () => {
  await tryBytes(door, 30);
  expect((await fetch(`${door.url}/healthz`)).status).toBe(200);
});
