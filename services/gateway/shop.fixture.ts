/** The gateway on a port. Behind it, over real RPC, are orders, accounts and items that keep everything in memory. */
import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { quiet } from "../../tests/fixtures.ts";
import { patient } from "../../tests/patience.ts";
import { AccountService } from "../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import { CatalogService } from "../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { OrderService, OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import type { Listening } from "../_kit/http/listen.ts";
import { type HttpServerOptions, serveHttp } from "../_kit/http/server.ts";
import { EventStreams } from "../_kit/http/sse.ts";
import { AppError } from "../_kit/process/errors.ts";
import { rpcClient } from "../_kit/rpc/client.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import { FakeCatalog } from "./catalog/catalog.fixture.ts";
import { accountsOver, catalogOver, ordersOver } from "./clients.ts";
import { gatewayApp } from "./service.ts";
import { StatusFeed } from "./status-feed.ts";

/** The instant at which everything in this shop happened. */
export const AT = "2026-01-02T03:04:05.678Z";

interface Kept {
  readonly orderId: string;
  readonly userId: string;
  readonly items: { sku: string; quantity: number }[];
  status: OrderStatus;
  reason: string;
}

/** The whole contract without a database. A test may replace methods of `impl`. */
export class FakeOrders {
  readonly orders = new Map<string, Kept>();
  /** Each call that came through, by method. */
  readonly calls: { readonly method: string; readonly request: object }[] = [];
  readonly #keys = new Map<string, { hash: string; answer: () => object }>();
  readonly #users = new Map<string, { userId: string; name: string; email: string }>();
  readonly #at = timestampFromDate(new Date(AT));

  /** An order in `status`; answers its id. */
  add(status: OrderStatus, userId = "ann", reason = ""): string {
    const orderId = randomUUID();
    this.orders.set(orderId, { orderId, userId, items: [{ sku: "mug", quantity: 2 }], status, reason });
    return orderId;
  }

  readonly impl: ServiceImpl<typeof OrderService> = {
    checkout: async ({ idempotencyKey, requestHash, userId, items, paymentToken }) => {
      if (items.some(({ sku }) => sku === "unicorn")) throw new AppError("invalid", "unknown SKU unicorn");
      return this.#once(idempotencyKey, requestHash, () => {
        const declined = paymentToken === "tok_declined";
        const orderId = declined
          ? this.add(OrderStatus.REJECTED, userId, "card_declined")
          : this.add(OrderStatus.CONFIRMED, userId);
        return { order: this.#order(orderId) };
      });
    },
    getOrder: async ({ orderId }) => ({ order: this.#order(orderId) }),
    getHistory: async ({ orderId }) => {
      const { status, reason } = this.#order(orderId);
      const states = STATES_TO[status] ?? [];
      return {
        entries: states.map((state) => ({
          ...state,
          at: this.#at,
          reason: state.status === status ? reason : "",
        })),
      };
    },
    listOrders: async function* (this: undefined) {},
    deliverOrder: async ({ orderId }) => this.#move(orderId, [OrderStatus.SHIPPED], OrderStatus.DELIVERED),
    cancelOrder: async ({ orderId }) =>
      this.#move(orderId, [OrderStatus.PENDING, OrderStatus.CONFIRMED], OrderStatus.CANCELLED),
  };

  readonly accounts: ServiceImpl<typeof AccountService> = {
    createUser: async ({ idempotencyKey, requestHash, name, email }) =>
      this.#once(idempotencyKey, requestHash, () => {
        if ([...this.#users.values()].some((user) => user.email === email)) {
          throw new AppError("already_exists", "this address has a user", { reason: "email_taken" });
        }
        const user = { userId: randomUUID(), name, email, createdAt: this.#at };
        this.#users.set(user.userId, user);
        return { user };
      }),
    getUser: async ({ userId }) => {
      const user = this.#users.get(userId);
      if (user === undefined) throw new AppError("not_found", "there is no such user");
      return { user: { ...user, createdAt: this.#at } };
    },
  };

  constructor() {
    this.impl.listOrders = (request) => this.#list(request.userId, request.cursor, request.limit);
  }

  async *#list(userId: string, cursor: string, limit: number) {
    const all = [...this.orders.values()].filter((order) => order.userId === userId).toReversed();
    const from = cursor === "" ? 0 : all.findIndex(({ orderId }) => orderId === cursor) + 1;
    if (cursor !== "" && from === 0) throw new AppError("malformed", "cursor: not one of ours");
    const shown = all.slice(from, limit === 0 ? undefined : from + limit);
    for (const { orderId } of shown) yield { order: this.#order(orderId), cursor: orderId };
  }

  #once<T extends object>(key: string, hash: string, make: () => T): T {
    const before = this.#keys.get(key);
    if (before && before.hash !== hash) {
      throw new AppError("invalid", "this key came with another request", {
        reason: "idempotency_key_reused",
      });
    }
    if (before) return before.answer() as T;
    const answer = make();
    this.#keys.set(key, { hash, answer: () => answer });
    return answer;
  }

  #order(orderId: string) {
    const order = this.orders.get(orderId);
    if (order === undefined) throw new AppError("not_found", "there is no order with this id");
    return { ...order, totalCents: 2_405n, createdAt: this.#at, updatedAt: this.#at };
  }

  #move(orderId: string, from: readonly OrderStatus[], to: OrderStatus) {
    const { status } = this.#order(orderId);
    if (status !== to && !from.includes(status)) {
      throw new AppError("precondition_failed", `it is ${OrderStatus[status]}`, { reason: "wrong_status" });
    }
    const order = this.orders.get(orderId);
    if (order) order.status = to;
    return { order: this.#order(orderId) };
  }
}

const PLACED = { position: 1, status: OrderStatus.PENDING };
const CONFIRMED = [PLACED, { position: 2, status: OrderStatus.CONFIRMED }];
const SHIPPED = [...CONFIRMED, { position: 3, status: OrderStatus.SHIPPED }];
const STATES_TO: Readonly<Record<number, readonly { position: number; status: OrderStatus }[]>> = {
  [OrderStatus.PENDING]: [PLACED],
  [OrderStatus.CONFIRMED]: CONFIRMED,
  [OrderStatus.REJECTED]: [PLACED, { position: 2, status: OrderStatus.REJECTED }],
  [OrderStatus.SHIPPED]: SHIPPED,
  [OrderStatus.DELIVERED]: [...SHIPPED, { position: 4, status: OrderStatus.DELIVERED }],
  [OrderStatus.CANCELLED]: [...CONFIRMED, { position: 3, status: OrderStatus.CANCELLED }],
};

/** Records each call, then looks the method up in `impl`, so that a test may replace it at any time. */
function recording<T extends object>(impl: T, calls: { method: string; request: object }[]): T {
  return new Proxy(impl, {
    get: (target, name) => (request: object, context: unknown) => {
      calls.push({ method: String(name), request });
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function") throw new Error(`there is no ${String(name)}`);
      return method(request, context);
    },
  });
}

/** Serves `fake`, and the catalogue of inventory, over RPC on one free port. */
export const serveShop = (fake: FakeOrders, catalog: FakeCatalog): Promise<Listening> =>
  serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [OrderService, AccountService, CatalogService],
    routes: (router) => {
      router.service(OrderService, recording(fake.impl, fake.calls));
      router.service(AccountService, recording(fake.accounts, fake.calls));
      router.service(CatalogService, recording(catalog.impl, catalog.calls));
    },
    ready: async () => {},
  });

export interface Door {
  readonly url: string;
  readonly port: number;
  readonly fake: FakeOrders;
  readonly catalog: FakeCatalog;
  readonly feed: StatusFeed;
  readonly streams: EventStreams;
  /** Ends the services behind the gateway. The gateway goes on. */
  orphan(): Promise<void>;
  /** The app itself, for its list of routes. */
  readonly app: ReturnType<typeof gatewayApp>;
  close(): Promise<void>;
}

interface DoorOptions extends HttpServerOptions {
  readonly maxOpen?: number;
  readonly corsOrigins?: readonly string[];
  /** On unless false. */
  readonly faults?: boolean;
}

/** The gateway's app on a free port. */
export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  const fake = new FakeOrders();
  const catalog = new FakeCatalog();
  const rpc = await serveShop(fake, catalog);
  const orders = rpcClient(OrderService, rpc.url, patient(5_000));
  const accounts = rpcClient(AccountService, rpc.url, patient(5_000));
  const items = rpcClient(CatalogService, rpc.url, patient(5_000));
  const feed = new StatusFeed();
  const streams = new EventStreams({ log: quiet, maxOpen: options.maxOpen ?? 100 });
  const app = gatewayApp({
    log: quiet,
    ready: async () => {},
    orders: ordersOver(orders.call),
    accounts: accountsOver(accounts.call),
    catalog: catalogOver(items.call),
    faults: options.faults ?? true,
    feed,
    streams,
    corsOrigins: options.corsOrigins ?? [],
  });
  const server = await serveHttp(app, "127.0.0.1", 0, options);
  return {
    url: server.url,
    port: server.port,
    fake,
    catalog,
    feed,
    streams,
    app,
    orphan: () => rpc.close(0),
    close: async () => {
      streams.close();
      await server.close();
      orders.close();
      accounts.close();
      items.close();
      await rpc.close();
    },
  };
}
