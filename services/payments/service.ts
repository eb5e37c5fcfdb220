import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { commandsIn, PAYMENT_COMMANDS } from "../_contracts/commands.ts";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { serviceNamed, services } from "../topology.ts";
import { makeCharge, type Wait } from "./charge.ts";
import { makeRefund } from "./refund.ts";
import { paymentsRoutes } from "./rpc.ts";
import { chargeStore } from "./store.ts";

const wait: Wait = (ms, signal) => delay(ms, undefined, { signal });

const open = await partsOf(serviceNamed("payments"), services);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const parts = await open(life, env, { schemas: [new URL("./schema.sql", import.meta.url)] });
  const note = makeNote<Vocabulary>(life.log);

  const charges = chargeStore(parts.db, parts.broker);
  const refund = makeRefund({ charges, fault: parts.fault, note });
  await parts.workOff(PAYMENT_COMMANDS, checkedBy(commandsIn(PAYMENT_COMMANDS), { refund }));
  const charge = traced("charge", makeCharge({ charges, fault: parts.fault, wait, note, newId: randomUUID }));
  await parts.serveRpc({
    services: [PaymentService],
    routes: paymentsRoutes({ charge, find: charges.find }),
  });
}
