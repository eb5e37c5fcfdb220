import { randomUUID } from "node:crypto";
import * as z from "zod";
import { OrderService } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { listening, readConfig } from "../_kit/config.ts";
import { httpApp, ids, readJson, serveHttp } from "../_kit/http.ts";
import type { Life } from "../_kit/main.ts";
import { rpcClient } from "../_kit/rpc-client.ts";
import { services } from "../topology.ts";
import { CheckoutBody, makePlaceCheckout } from "./checkout.ts";
import { ordersOver } from "./orders.ts";
import { makeReady } from "./ready.ts";

const others = services.filter((service) => service.name !== "gateway");
const urlOf = (name: string) => `BATON_${name.toUpperCase()}_URL`;

const schema = z.object(listening(8080));
const urlSchema = z.object(
  Object.fromEntries(
    others.map(({ name, port }) => [urlOf(name), z.url().default(`http://127.0.0.1:${port}`)]),
  ),
);

export async function compose({ log, releaser }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const read = readConfig(urlSchema, env);
  const urls = Object.fromEntries(others.map(({ name }) => [name, String(read[urlOf(name)])]));
  const client = releaser.add("orders", rpcClient(OrderService, String(urls.orders), 15_000), (c) =>
    c.close(),
  );
  const orders = ordersOver(client.call);
  const placeCheckout = makePlaceCheckout(orders, randomUUID);

  const app = httpApp({ log, ready: makeReady(urls) });
  app.post("/api/v1/checkouts", async (c) => {
    const placed = await placeCheckout(await readJson(c, CheckoutBody));
    c.header("Location", `/api/v1/orders/${placed.orderId}`);
    return c.json({ ...placed, ...ids() }, 201);
  });
  app.get("/api/v1/orders/:id", async (c) => c.json({ ...(await orders.get(c.req.param("id"))), ...ids() }));

  const server = await serveHttp(app, config.BATON_HOST, config.BATON_PORT);
  releaser.add("server", server, (s) => s.close());
}
