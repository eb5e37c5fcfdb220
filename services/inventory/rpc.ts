/** Connects the inventory contract with the use cases. */
import type { ConnectRouter } from "@connectrpc/connect";
import * as z from "zod";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { keyText, parsed } from "../_kit/process/payload.ts";
import type { Line } from "./store.ts";

/**
 * The limits keep every sum far below the largest safe integer. A quantity is at least 1, because a negative one would
 * make stock grow.
 */
const Lines = z
  .array(z.object({ sku: keyText(64), quantity: z.int().min(1).max(1_000) }))
  .min(1)
  .max(50);
const Quote = z.object({ lines: Lines });
const Release = z.object({ orderId: keyText(128) });
const Reserve = Release.extend({ lines: Lines });

export interface InventoryApi {
  readonly quote: (lines: readonly Line[]) => Promise<number>;
  readonly reserve: (orderId: string, lines: readonly Line[]) => Promise<void>;
  readonly release: (orderId: string) => Promise<boolean>;
}

export function inventoryRoutes({ quote, reserve, release }: InventoryApi) {
  return (router: ConnectRouter): void => {
    router.service(InventoryService, {
      quote: async (request) => {
        const { lines } = parsed("a request for a quote", Quote, request);
        return { totalCents: BigInt(await quote(lines)) };
      },
      reserve: async (request) => {
        const { orderId, lines } = parsed("a reservation", Reserve, request);
        await reserve(orderId, lines);
        return {};
      },
      release: async (request) => {
        const { orderId } = parsed("a release", Release, request);
        return { released: await release(orderId) };
      },
    });
  };
}
