/** The three jobs of a shipment: pick, pack, ship. A child job is done before its parent begins. */
import * as z from "zod";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Received } from "../_kit/process/payload.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Shipment, ShipmentStore } from "./store.ts";

const shipment = z.object({ eventId: z.string(), orderId: z.string(), userId: z.string() });

/** The payload of each job. */
export const SHIPMENT_JOBS = { pick: shipment, pack: shipment, ship: shipment };

export interface ShipmentDeps {
  readonly store: Pick<ShipmentStore, "pick" | "pack" | "ship">;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

/** Handlers by job name. For a cancelled order they do nothing. */
export function shipmentJobs({ store, fault, note }: ShipmentDeps) {
  return {
    pick: async ({ payload }: Received<Shipment>): Promise<void> => {
      if (fault("shipping.pick")?.kind === "failed")
        throw new AppError("unavailable", "the warehouse cannot pick now");
      if (await store.pick(payload)) note("shipment.picked", { orderId: payload.orderId });
    },
    pack: async ({ payload }: Received<Shipment>): Promise<void> => {
      if (await store.pack(payload)) note("shipment.packed", { orderId: payload.orderId });
    },
    ship: async ({ payload }: Received<Shipment>): Promise<void> => {
      if (await store.ship(payload)) note("shipment.shipped", { orderId: payload.orderId });
    },
  };
}
