import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { listening, readConfig } from "../_kit/config.ts";
import { AppError } from "../_kit/errors.ts";
import { faultAt } from "../_kit/faults.ts";
import type { Life } from "../_kit/main.ts";
import { openDatabase } from "../_kit/postgres.ts";
import { serveRpc } from "../_kit/rpc-server.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { makeCharge, type Wait } from "./charge.ts";
import { chargeStore } from "./store.ts";

const wait: Wait = (ms, signal) => delay(ms, undefined, { signal });

const schema = z.object({ ...listening(8083), BATON_POSTGRES_URL: z.url() });

export async function compose({ log, releaser }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const schemas = [new URL("./schema.sql", import.meta.url)];
  const db = releaser.add("database", await openDatabase(config.BATON_POSTGRES_URL, schemas, log), (d) =>
    d.close(),
  );
  const charges = chargeStore(db);
  const note = makeNote<Vocabulary>(log);
  const charge = traced("charge", makeCharge({ charges, fault: faultAt, wait, note, newId: randomUUID }));
  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [PaymentService],
    routes: (router) => {
      router.service(PaymentService, {
        charge: async ({ idempotencyKey: key, orderId, userId, amountCents, token }, { signal }) => ({
          chargeId: await charge({ key, orderId, userId, amountCents: Number(amountCents), token }, signal),
        }),
        getCharge: async ({ idempotencyKey }) => {
          const found = await charges.find(idempotencyKey);
          if (found === undefined) throw new AppError("not_found", "there is no charge with this key");
          return { chargeId: found.chargeId, declined: found.status === "declined" };
        },
      });
    },
    ready: async () => {
      await db.query("SELECT 1");
    },
  });
  releaser.add("server", server, (s) => s.close());
}
