import { randomUUID } from "node:crypto";
import * as z from "zod";
import { AccountService } from "../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import { CatalogService } from "../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { OrderService } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { preferredType } from "../_kit/http/accept.ts";
import { type Hono, httpApp, refuseOtherMethods } from "../_kit/http/app.ts";
import { answerLines } from "../_kit/http/ndjson.ts";
import { readJson, readQuery } from "../_kit/http/read-request.ts";
import { serveHttp } from "../_kit/http/server.ts";
import { EventStreams } from "../_kit/http/sse.ts";
import { ids } from "../_kit/http/tracing.ts";
import { readConfig } from "../_kit/process/config.ts";
import { rpcClient } from "../_kit/rpc/client.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import type { Logger } from "../_kit/telemetry/log.ts";
import { urlVariable } from "../declare.ts";
import { serviceNamed, services } from "../topology.ts";
import { itemRoutes } from "./catalog/item-routes.ts";
import { makePlaceCheckout } from "./checkout.ts";
import { accountsOver, catalogOver, ordersOver } from "./clients.ts";
import { addDocs } from "./docs.ts";
import type { Accounts, Catalog, Orders } from "./ports.ts";
import { makeReady } from "./ready.ts";
import { apiRoutes } from "./routes.ts";
import { StatusFeed } from "./status-feed.ts";
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";
import { BASES, makeNegotiate, unknownVersion } from "./version.ts";
import { makeWatchOrder } from "./watch-order.ts";

const others = services.filter((service) => service.name !== "gateway");

const open = await partsOf(serviceNamed("gateway"), services);
const urlSchema = z.object(
  Object.fromEntries(
    others.map(({ name, port }) => [urlVariable(name), z.url().default(`http://127.0.0.1:${port}`)]),
  ),
);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const { log, releaser } = life;
  const parts = await open(life, env);
  const read = readConfig(urlSchema, env);
  const urls = Object.fromEntries(others.map(({ name }) => [name, String(read[urlVariable(name)])]));
  const orders = releaser.add("orders", rpcClient(OrderService, String(urls.orders), 15_000), (c) =>
    c.close(),
  );
  const accounts = releaser.add("accounts", rpcClient(AccountService, String(urls.orders), 15_000), (c) =>
    c.close(),
  );
  const catalog = releaser.add("catalog", rpcClient(CatalogService, String(urls.inventory), 15_000), (c) =>
    c.close(),
  );
  const feed = new StatusFeed();
  const live = await parts.broker.follow({
    onEvent: (type, payload) => feed.take(type, payload),
    onGap: () => void feed.missed(),
  });
  releaser.add("live events", live, (l) => l.stop());

  const streams = new EventStreams({ log, maxOpen: parts.settings.BATON_MAX_STREAMS });
  const app = gatewayApp({
    log,
    ready: makeReady(urls),
    orders: ordersOver(orders.call),
    accounts: accountsOver(accounts.call),
    catalog: catalogOver(catalog.call),
    faults: parts.faults,
    feed,
    streams,
    corsOrigins: parts.corsOrigins,
  });
  const server = await serveHttp(app, parts.host, parts.port);
  releaser.add("server", server, (s) => s.close());
  // Closed before the server, which waits for its open connections.
  releaser.add("event streams", streams, (s) => s.close());
}

export interface GatewayDeps {
  readonly log: Logger;
  readonly ready: () => Promise<void>;
  readonly orders: Orders;
  readonly accounts: Accounts;
  readonly catalog: Catalog;
  /** Whether faults are on: only then can the catalogue be written. */
  readonly faults: boolean;
  readonly feed: StatusFeed;
  readonly streams: EventStreams;
  readonly corsOrigins?: readonly string[];
}

/** The whole app, without a port. */
export function gatewayApp(deps: GatewayDeps): Hono {
  const { log, ready, orders, accounts, catalog, faults, feed, streams, corsOrigins = [] } = deps;
  const app = httpApp({ log, ready, corsOrigins, unknownPath: unknownVersion });
  const shapes = { v1, v2 };
  const reading = { readJson, readQuery, ids, newKey: randomUUID };
  const routes = [
    ...apiRoutes({
      orders,
      accounts,
      placeCheckout: makePlaceCheckout(orders),
      watchOrder: makeWatchOrder(orders, feed),
      streams,
      answerLines: (c, lines) => answerLines(c, log, lines),
      ...reading,
    }),
    ...itemRoutes({ catalog, faults, ...reading }),
  ];
  const negotiate = makeNegotiate(preferredType);
  for (const { base, versions } of BASES) {
    for (const { method, path, forms, handle } of routes) {
      app.on(method, `${base}${path}`, async (c) => {
        c.header("Vary", "Accept");
        const { version, type } = negotiate(c.req.header("accept"), versions, forms);
        return handle({ c, shape: shapes[version], type, link: (to) => `${base}${to}` });
      });
    }
  }
  // Made at the first request for it: its library takes longer to load than all the rest.
  let document: Promise<object> | undefined;
  addDocs(app, {
    ids,
    document: () => {
      document ??= import("./openapi.ts").then(({ openApi }) => openApi([v1, v2]));
      return document;
    },
  });
  refuseOtherMethods(app);
  return app;
}
