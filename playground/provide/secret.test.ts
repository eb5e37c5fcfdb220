import { mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { passwords } from "./secret.ts";

describe("the passwords of the private servers", () => {
  let dir = "";
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-secret-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("stay the same as long as the data does, and differ by name", async () => {
    const [first, again] = [await passwords(dir), await passwords(dir)];
    expect(first("nats")).toBe(again("nats"));
    expect(first("nats")).not.toBe(first("redis"));
  });

  it("come from a file that only its owner can read", async () => {
    await passwords(dir);
    expect((await stat(path.join(dir, "data", "secret"))).mode & 0o777).toBe(0o600);
  });

  it("differ between playgrounds", async () => {
    const one = (await passwords(dir))("nats");
    await rm(path.join(dir, "data"), { recursive: true });
    expect((await passwords(dir))("nats")).not.toBe(one);
  });
});
