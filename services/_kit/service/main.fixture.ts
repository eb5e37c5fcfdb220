/** A minimal service that main.test.ts runs as a process. `HANDLER` says how its one method behaves. */
import { once } from "node:events";
import * as z from "zod";
import { OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import { listening, readConfig } from "../process/config.ts";
import { serveRpc } from "../rpc/server.ts";
import { runService } from "./main.ts";

await runService("tiny", async ({ log, releaser, signal }, env) => {
  const config = readConfig(z.object({ ...listening(0), HANDLER: z.enum(["finishes", "hangs"]) }), env);
  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [OrderService],
    routes: (router) => {
      router.service(OrderService, {
        getOrder: async ({ orderId }) => {
          log.info("in hand");
          // Ends, if at all, only after the service was told to stop.
          await once(signal, "abort");
          if (config.HANDLER === "hangs") await new Promise(() => {});
          return { order: { orderId } };
        },
      });
    },
    ready: async () => {},
  });
  releaser.add("server", server, (s) => s.close());
  process.stdout.write(`${JSON.stringify({ msg: "listening", url: server.url })}\n`);
});
