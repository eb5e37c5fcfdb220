import { afterAll, beforeAll, expect, test } from "vitest";
import { BATCH, tryBytes, tryDoor } from "./door.fixture.ts";
import { type Door, openDoor } from "./shop.fixture.ts";

const CASES = 10_000;
const RAW_CASES = 500;
let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

test(`${CASES} requests: the right refusal for each bad one, and nothing goes on that does not fit`, async () => {
  await tryDoor(door, CASES / BATCH);
});

test(`${RAW_CASES} times bytes that are no request: a refusal, and the next request is served`, async () => {
  await tryBytes(door, RAW_CASES);
  expect((await fetch(`${door.url}/healthz`)).status).toBe(200);
});
