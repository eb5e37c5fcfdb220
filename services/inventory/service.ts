import * as z from "zod";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { openDatabase } from "../_kit/database/postgres.ts";
import { listening, readConfig } from "../_kit/process/config.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import type { Life } from "../_kit/service/main.ts";
import { faultAt } from "../_kit/telemetry/faults.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { serviceNamed } from "../topology.ts";
import { makeQuote } from "./quote.ts";
import { makeRelease, makeReserve } from "./reserve.ts";
import { inventoryRoutes } from "./rpc.ts";
import { inventoryStore } from "./store.ts";

const declared = serviceNamed("inventory");
const schema = z.object({ ...listening(declared.port), BATON_POSTGRES_URL: z.url() });

export async function compose({ log, releaser, signal }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const note = makeNote<Vocabulary>(log);
  const schemas = [new URL("./schema.sql", import.meta.url)];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const store = inventoryStore(db);
  const api = {
    quote: makeQuote(store),
    reserve: traced("reserve", makeReserve({ store, fault: faultAt, note })),
    release: makeRelease(store, note),
  };
  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [InventoryService],
    routes: inventoryRoutes(api),
    ready: async () => {
      await db.query("SELECT 1");
    },
  });
  releaser.add("server", server, (s) => s.close());
}
