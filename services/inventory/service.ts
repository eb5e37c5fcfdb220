import { CatalogService } from "../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { serviceNamed, services } from "../topology.ts";
import { makeCatalog } from "./catalog/catalog.ts";
import { catalogRoutes } from "./catalog/rpc.ts";
import { catalogStore } from "./catalog/store.ts";
import { makeQuote } from "./quote.ts";
import { makeRelease, makeReserve } from "./reserve.ts";
import { inventoryRoutes } from "./rpc.ts";
import { inventoryStore } from "./store.ts";

const open = await partsOf(serviceNamed("inventory"), services);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const parts = await open(life, env, { schemas: [new URL("./schema.sql", import.meta.url)] });
  const note = makeNote<Vocabulary>(life.log);

  const store = inventoryStore(parts.db);
  const api = {
    quote: makeQuote(store),
    reserve: traced("reserve", makeReserve({ store, fault: parts.fault, note })),
    release: makeRelease(store, note),
  };
  const catalog = makeCatalog(catalogStore(parts.db, parts.broker), note);
  await parts.serveRpc({
    services: [InventoryService, CatalogService],
    routes: (router) => {
      inventoryRoutes(api)(router);
      catalogRoutes(catalog)(router);
    },
  });
}
