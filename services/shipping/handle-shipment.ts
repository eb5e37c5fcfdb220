/** The three jobs of a shipment. A child is done before its parent begins: pick, pack, ship. */
import * as z from "zod";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Shipment, ShipmentStore } from "./store.ts";

const schema = z.object({ eventId: z.string(), orderId: z.string(), userId: z.string() });

function read(payload: unknown): Shipment {
  const result = schema.safeParse(payload);
  if (!result.success) throw new AppError("invalid", "this is not a shipment", { cause: result.error });
  return result.data;
}

/** Handlers by job name. */
export function shipmentJobs(store: ShipmentStore, note: Note<Vocabulary>) {
  return {
    pick: async ({ payload }: { payload: unknown }): Promise<void> => {
      const shipment = read(payload);
      await store.pick(shipment);
      note("shipment.picked", { orderId: shipment.orderId });
    },
    pack: async ({ payload }: { payload: unknown }): Promise<void> => {
      const shipment = read(payload);
      await store.pack(shipment);
      note("shipment.packed", { orderId: shipment.orderId });
    },
    ship: async ({ payload }: { payload: unknown }): Promise<void> => {
      const shipment = read(payload);
      if (await store.ship(shipment)) note("shipment.shipped", { orderId: shipment.orderId });
    },
  };
}
