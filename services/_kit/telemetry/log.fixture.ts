/** A process of the kit for log.test.ts: it writes log records of every severity, a failure and an event, and ends. */
import { context, propagation } from "@opentelemetry/api";
import type { Vocabulary } from "../../_contracts/vocabulary.ts";
import { AppError } from "../process/errors.ts";
import { flushTelemetry } from "../sdk/flush.ts";
import { makeLogger } from "./log.ts";
import { makeNote } from "./note.ts";

const log = makeLogger("tiny", "trace");
const note = makeNote<Vocabulary>(log);

for (const level of ["trace", "debug", "info", "warn", "error", "fatal"] as const) log[level]("said");

const refused = Object.assign(new TypeError("refused"), { code: "ECONNREFUSED" });
log.warn({ err: new AppError("unavailable", "it is away", { cause: refused }) }, "failed");
log.warn({ err: refused }, "failed");
log.warn({ err: "it is away" }, "failed");

const request = propagation.createBaggage({ "correlation.id": { value: "c-1" } });
context.with(propagation.setBaggage(context.active(), request), () => {
  note("order.placed", { orderId: "o-1", totalCents: 250 });
  note("order.rejected", { orderId: "o-1", reason: "card_declined" });
  note("orders.listed", { userId: "u-1", count: 2 });
});

await flushTelemetry(20_000);
