/**
 * Clients that were built against earlier contracts go on working: nothing may be removed, renumbered, retyped or
 * renamed. `baseline.binpb` has the earlier contracts. For a breaking change that is intended, and whose callers are
 * changed with it, `npm run contracts:accept` makes the present contracts the new baseline.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const contracts = import.meta.dirname;
const buf = path.join(contracts, "../../node_modules/.bin/buf");
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(path.join(os.tmpdir(), "baton-contracts-"));
});
afterAll(() => rm(copy, { recursive: true }));

/** What buf says of the contracts in `folder`: the empty string when nothing breaks. */
async function breaks(folder: string): Promise<string> {
  const args = ["breaking", folder, "--against", path.join(contracts, "baseline.binpb")];
  const { stdout } = await promisify(execFile)(buf, args).catch(
    (failed: { stdout: string; code: unknown }) => {
      // 100: buf has found a breaking change. Any other status is a failure of buf itself.
      if (failed.code !== 100) throw failed;
      return failed;
    },
  );
  return stdout;
}

test("no contract breaks a client that was built against the baseline", async () => {
  expect(await breaks(contracts)).toBe("");
});

const PAYMENTS = "baton/payments/v1/payments.proto";
test.each([
  ["a field that is gone", /^ +string charge_id = 1;\n/m, "", /"1" with name "charge_id" on message/],
  [
    "a field with another number",
    "bool declined = 2;",
    "bool declined = 9;",
    /"2" with name "declined" on message/,
  ],
  ["a field of another type", "int64 amount_cents", "string amount_cents", /"amount_cents" .*changed type/],
  [
    "a method that is gone",
    /^ +rpc GetCharge\(.*\n/m,
    "",
    /RPC "GetCharge" on service "PaymentService" was deleted/,
  ],
])("%s is found and named", async (_what, old, changed, complaint) => {
  await cp(contracts, copy, { recursive: true });
  const file = path.join(copy, PAYMENTS);
  const text = await readFile(file, "utf8");
  const broken = text.replace(old, changed);
  expect(broken).not.toBe(text);
  await writeFile(file, broken);
  const found = await breaks(copy);
  expect(found).toContain(PAYMENTS);
  expect(found).toMatch(complaint);
});

test("a new field breaks no client", async () => {
  await cp(contracts, copy, { recursive: true });
  const file = path.join(copy, PAYMENTS);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("message GetChargeRequest {", "$&\n  string note = 77;"));
  expect(await breaks(copy)).toBe("");
});
