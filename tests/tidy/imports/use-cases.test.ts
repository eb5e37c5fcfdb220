import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { kitInUseCases, untestedUseCases } from "./use-cases.ts";

test("a use case may import types and errors from the kit, but no functions", () => {
  const texts = {
    "services/orders/place.ts": [
      'import { AppError } from "../_kit/process/errors.ts";',
      'import type { Outbox } from "../_kit/events/outbox.ts";',
      'import { append } from "../_kit/events/outbox.ts";',
    ].join("\n"),
    "services/orders/service.ts": 'import { append } from "../_kit/events/outbox.ts";',
  };
  expect(kitInUseCases(repositoryOf(texts)).map(said)).toEqual([
    "services/orders/place.ts:3: a use case imports services/_kit/events/outbox.ts: take it as an argument, and pass it in from service.ts",
  ]);
});

test("a use case without a test is a violation; wiring and types need no test", () => {
  const texts = {
    "services/orders/place.ts": "",
    "services/orders/cancel.ts": "",
    "services/orders/cancel.test.ts": "",
    "services/orders/main.ts": "",
    "services/orders/order.ts": "",
    "services/orders/accounts/rpc.ts": "",
  };
  expect(untestedUseCases(repositoryOf(texts)).map(said)).toEqual([
    "services/orders/place.ts:1: this use case has no test beside it: write services/orders/place.test.ts",
  ]);
});
