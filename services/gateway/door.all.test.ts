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

test(`${CASES} requests: each bad one gets the right refusal, and nothing invalid reaches orders`, async () => {
  await tryDoor(door, CASES / BATCH);
});

test(`${RAW_CASES} times bytes that are no HTTP request: each is refused, and the next request is served`, async () => {
  await tryBytes(door, RAW_CASES);
  expect((await fetch(`${door.url}/healthz`)).status).toBe(200);
});
