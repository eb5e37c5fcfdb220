import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { serviceNamed, services } from "../topology.ts";
import { makeCancelShipment } from "./cancel-shipment.ts";
import { SHIPMENT_JOBS, shipmentJobs } from "./handle-shipment.ts";
import { makeRequestShipment } from "./request-shipment.ts";
import { shipmentStore } from "./store.ts";

const open = await partsOf(serviceNamed("shipping"), services);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const parts = await open(life, env, { schemas: [new URL("./schema.sql", import.meta.url)] });
  const note = makeNote<Vocabulary>(life.log);

  const store = shipmentStore(parts.db, parts.broker);
  const deps = { store, fault: parts.fault, note };
  await parts.workOff("shipping", checkedBy(SHIPMENT_JOBS, shipmentJobs(deps)));
  await parts.hear(
    checkedBy(eventsTo("shipping"), {
      OrderConfirmed: makeRequestShipment({ queue: parts.queue("shipping"), ...deps }),
      OrderCancelled: makeCancelShipment(store, note),
    }),
  );
  await parts.serveProbes();
}
