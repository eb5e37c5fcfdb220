import type { EventType, Payload } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { AnalyticsStore, AuditEntry, Recorded } from "./store.ts";

export interface RecordDeps {
  readonly store: AnalyticsStore;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

interface AboutOrder {
  readonly orderId: string;
  readonly userId: string;
}

/** Handlers by event type. Every event goes to the audit log; sales and sign-ups change their projections as well. */
export function recorders({ store, fault, note }: RecordDeps) {
  const meetFault = () => {
    if (fault("analytics.record")?.kind === "failed") {
      throw new AppError("unavailable", "nothing can be recorded now");
    }
  };
  /** `projected`: what to note when a projection changed. */
  const ofOrder =
    <T extends EventType>(
      type: T,
      record: (entry: AuditEntry & AboutOrder, payload: Payload<T>) => Promise<Recorded>,
      projected?: "sale.recorded" | "sale.reversed",
    ) =>
    async ({ id: eventId, payload }: Received<Payload<T> & AboutOrder>): Promise<void> => {
      meetFault();
      const { orderId, userId } = payload;
      const recorded = await record({ eventId, type, orderId, userId }, payload);
      if (recorded === "projected" && projected) note(projected, { orderId });
      if (recorded === "audited") note("audit.recorded", { orderId, type });
    };
  return {
    OrderConfirmed: ofOrder(
      "OrderConfirmed",
      (entry, { items }) => store.recordSale({ ...entry, items }),
      "sale.recorded",
    ),
    OrderCancelled: ofOrder(
      "OrderCancelled",
      (entry, { items, wasConfirmed }) =>
        wasConfirmed ? store.reverseSale({ ...entry, items }) : store.audit(entry),
      "sale.reversed",
    ),
    OrderRejected: ofOrder("OrderRejected", store.audit),
    OrderShipped: ofOrder("OrderShipped", store.audit),
    OrderDelivered: ofOrder("OrderDelivered", store.audit),
    PaymentRefunded: ofOrder("PaymentRefunded", store.audit),
    UserCreated: async ({
      id: eventId,
      payload: { userId, at },
    }: Received<Payload<"UserCreated">>): Promise<void> => {
      meetFault();
      // An ISO time in UTC, so its first ten letters are the day there.
      const recorded = await store.recordSignup({ eventId, type: "UserCreated", userId }, at.slice(0, 10));
      if (recorded === "projected") note("signup.recorded", { userId });
    },
    ItemChanged: async ({
      id: eventId,
      payload: { sku, change },
    }: Received<Payload<"ItemChanged">>): Promise<void> => {
      meetFault();
      const recorded = await store.audit({ eventId, type: "ItemChanged", sku });
      if (recorded === "audited") note("item.recorded", { sku, change });
    },
  };
}
