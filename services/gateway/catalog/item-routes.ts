/** The routes of the catalogue: each once, for all versions. What writes needs `BATON_FAULTS=1`, as faults do. */
import type { readJson, readQuery } from "../../_kit/http/read-request.ts";
import { idempotencyOf } from "../idempotency.ts";
import type { Catalog, Item } from "../ports.ts";
import { type Ask, partOf, type Route, reply } from "../route.ts";
import type { Ids } from "../shape.ts";
import { PAGE } from "../text.ts";
import { JSON_TYPE } from "../version.ts";
import { ItemsQuery, RestockBody, refuseUnless } from "./items.ts";

export interface ItemDeps {
  readonly catalog: Catalog;
  /** Whether faults are on. Without them the catalogue can only be read. */
  readonly faults: boolean;
  readonly readJson: typeof readJson;
  readonly readQuery: typeof readQuery;
  readonly ids: () => Ids;
  readonly newKey: () => string;
}

const SKU = /^[A-Za-z0-9._-]{1,64}$/;

const skuIn = (ask: Ask): string => partOf(ask, "sku", SKU);

/** The request's signal goes with what reads. A client that disconnects does not cancel what it has asked to write. */
export function itemRoutes(deps: ItemDeps): readonly Route[] {
  const { catalog, faults, readJson, readQuery, ids, newKey } = deps;
  const route = (method: Route["method"], path: string, handle: Route["handle"]): Route => ({
    ...{ method, path, handle },
    forms: [JSON_TYPE],
  });
  /** A route that writes. It is refused before anything of the request is read. */
  const writing: typeof route = (method, path, handle) =>
    route(method, path, async (ask) => {
      refuseUnless(faults);
      return handle(ask);
    });
  const keyOf = (ask: Ask, operation: string, body: object): string =>
    idempotencyOf(ask.c.req.header("idempotency-key"), operation, body, newKey).idempotencyKey;
  const show = (ask: Ask, status: 200 | 201, item: Item): Response =>
    reply(ask, status, ask.shape.item(item, ids(), ask.link));
  return [
    writing("POST", "/items", async (ask) => {
      const body = await readJson(ask.c, ask.shape.itemBody);
      const item = await catalog.create({ ...body, idempotencyKey: keyOf(ask, "items", body) });
      ask.c.header("Location", ask.link(`/items/${item.sku}`));
      return show(ask, 201, item);
    }),
    route("GET", "/items", async (ask) => {
      const { limit = PAGE, cursor = "" } = readQuery(ask.c, ItemsQuery);
      const page = await catalog.list({ limit, cursor }, ask.c.req.raw.signal);
      return reply(ask, 200, ask.shape.items(page, ids(), ask.link));
    }),
    route("GET", "/items/:sku", async (ask) =>
      show(ask, 200, await catalog.get(skuIn(ask), ask.c.req.raw.signal)),
    ),
    writing("PUT", "/items/:sku/price", async (ask) => {
      const sku = skuIn(ask);
      const { priceCents } = await readJson(ask.c, ask.shape.priceBody);
      return show(ask, 200, await catalog.setPrice(sku, priceCents));
    }),
    writing("POST", "/items/:sku/restocks", async (ask) => {
      const sku = skuIn(ask);
      const { quantity } = await readJson(ask.c, RestockBody);
      const idempotencyKey = keyOf(ask, "restocks", { sku, quantity });
      return show(ask, 200, await catalog.restock({ sku, quantity, idempotencyKey }));
    }),
    writing("DELETE", "/items/:sku", async (ask) => show(ask, 200, await catalog.retire(skuIn(ask)))),
  ];
}
