import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { serviceFiles } from "./services.ts";

const tidy = {
  "services/orders/main.ts": "",
  "services/orders/service.ts": "",
  "services/orders/store.ts": "",
  "services/orders/store.hop.test.ts": "",
  "services/orders/schema.sql": "",
  "services/orders/service.hop.test.ts": 'import { start } from "./service.ts";',
  "services/_kit/process/errors.ts": "",
};
const without = (...files: string[]) =>
  Object.fromEntries(Object.entries(tidy).filter(([file]) => !files.includes(file)));
const found = (texts: Record<string, string>, database = true) =>
  serviceFiles(repositoryOf(texts), [{ name: "orders", database }]).map(said);

test("a service with all of its files passes", () => {
  expect(found(tidy)).toEqual([]);
});

test("a missing file that every service has is a violation", () => {
  expect(found(without("services/orders/main.ts", "services/orders/schema.sql"))).toEqual([
    "services/orders/main.ts:1: the file is missing: write it: every service has one",
    "services/orders/schema.sql:1: the file is missing: write it: every service with a database has one",
  ]);
});

test("a service that no test runs as a whole is a violation", () => {
  expect(found(without("services/orders/service.hop.test.ts"))).toEqual([
    "services/orders/service.hop.test.ts:1: no test runs the service with all of its wiring: write it",
  ]);
});

test("a store without a database is a violation", () => {
  expect(found(tidy, false)).toEqual([
    "services/orders/store.ts:1: the service has a store but declares no database: declare `database: true` in services/topology.ts",
  ]);
});

test("a folder that is not declared is a violation", () => {
  expect(found({ ...tidy, "services/loyalty/main.ts": "" })).toEqual([
    "services/topology.ts:1: services/loyalty/ is not declared: add it here, or remove the folder",
  ]);
});
