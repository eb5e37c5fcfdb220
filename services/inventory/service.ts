import * as z from "zod";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { listening, readConfig } from "../_kit/config.ts";
import type { Life } from "../_kit/main.ts";
import { openDatabase } from "../_kit/postgres.ts";
import { serveRpc } from "../_kit/rpc-server.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { makeQuote } from "./quote.ts";
import { makeRelease, makeReserve } from "./reserve.ts";
import { inventoryStore } from "./store.ts";

const schema = z.object({ ...listening(8082), BATON_POSTGRES_URL: z.url() });

export async function compose({ log, releaser }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const note = makeNote<Vocabulary>(log);
  const schemas = [new URL("./schema.sql", import.meta.url)];
  const db = releaser.add("database", await openDatabase(config.BATON_POSTGRES_URL, schemas, log), (d) =>
    d.close(),
  );
  const store = inventoryStore(db);
  const quote = makeQuote(store);
  const reserve = traced("reserve", makeReserve(store, note));
  const release = makeRelease(store, note);
  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [InventoryService],
    routes: (router) => {
      router.service(InventoryService, {
        quote: async ({ lines }) => ({ totalCents: BigInt(await quote(lines)) }),
        reserve: async ({ orderId, lines }) => {
          await reserve(
            orderId,
            lines.map(({ sku, quantity }) => ({ sku, quantity })),
          );
          return {};
        },
        release: async ({ orderId }) => ({ released: await release(orderId) }),
      });
    },
    ready: async () => {
      await db.query("SELECT 1");
    },
  });
  releaser.add("server", server, (s) => s.close());
}
