/** What the playground tells lens of its shop: its edge, the id of an order, and what a link's reason is called. */
import { BATON, LINK } from "../../../../services/_kit/telemetry/conventions.ts";
import type { JourneyOptions } from "../stitch.ts";

export const SHOP: JourneyOptions = {
  edges: new Set(["gateway"]),
  linkReason: LINK.reason,
  ids: [BATON.orderId],
};
