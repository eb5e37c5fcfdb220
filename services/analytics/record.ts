import { OrderConfirmed, OrderShipped } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { AnalyticsStore } from "./store.ts";

interface Event {
  readonly id: string;
  readonly payload: unknown;
}

/** On OrderConfirmed: the sales projection and the audit log. */
export function makeRecordSale(store: AnalyticsStore, note: Note<Vocabulary>) {
  return async ({ id, payload }: Event): Promise<void> => {
    const read = OrderConfirmed.safeParse(payload);
    if (!read.success) throw new AppError("invalid", "this is not an OrderConfirmed", { cause: read.error });
    if (await store.recordSale(id, read.data)) note("sale.recorded", { orderId: read.data.orderId });
  };
}

/** On OrderShipped: the audit log. */
export function makeRecordShipped(store: AnalyticsStore, note: Note<Vocabulary>) {
  return async ({ id, payload }: Event): Promise<void> => {
    const read = OrderShipped.safeParse(payload);
    if (!read.success) throw new AppError("invalid", "this is not an OrderShipped", { cause: read.error });
    const { orderId } = read.data;
    const type = "OrderShipped";
    if (await store.recordEvent({ eventId: id, type, orderId })) note("audit.recorded", { orderId, type });
  };
}
