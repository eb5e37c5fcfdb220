/** The public API: each route once, for all versions. What differs between the versions is in their shapes. */
import * as z from "zod";
import type { Context } from "../_kit/http/app.ts";
import type { readJson, readQuery } from "../_kit/http/read-request.ts";
import type { EventStreams } from "../_kit/http/sse.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { makePlaceCheckout } from "./checkout.ts";
import { fieldsFrom } from "./fields.ts";
import { idempotencyOf } from "./idempotency.ts";
import type { Accounts, Listed, Orders } from "./ports.ts";
import { type Ask, partOf, type Route, reply } from "./route.ts";
import { type Ids, Status } from "./shape.ts";
import { cursorText, idText, limitText, lineText, PAGE } from "./text.ts";
import { JSON_TYPE } from "./version.ts";
import type { WatchOrder } from "./watch-order.ts";

export interface ApiDeps {
  readonly orders: Orders;
  readonly accounts: Accounts;
  readonly placeCheckout: ReturnType<typeof makePlaceCheckout>;
  readonly watchOrder: WatchOrder;
  readonly streams: Pick<EventStreams, "answer">;
  readonly answerLines: (c: Context, lines: AsyncIterable<object>) => Promise<Response>;
  readonly readJson: typeof readJson;
  readonly readQuery: typeof readQuery;
  readonly ids: () => Ids;
  readonly newKey: () => string;
}

export const NDJSON = "application/x-ndjson";
export const EVENTS = "text/event-stream";

/** The name ends up in an e-mail's header. */
export const UserBody = z.strictObject({ name: lineText(200), email: z.email().max(254) });
export const StatusBody = z.strictObject({ status: Status });
export const ListQuery = z.object({
  userId: idText(64),
  limit: limitText(`Without it a page has ${PAGE} orders, and a stream has all.`),
  cursor: cursorText,
});

const ID = /^[A-Za-z0-9._-]{1,128}$/;
/** 0 is before an order's first state, 4 is its last. */
const POSITION = /^[0-4]$/;

const idIn = (ask: Ask): string => partOf(ask, "id", ID);

const fieldsOf = ({ c, shape }: Ask) => fieldsFrom(c.req.query("fields"), shape.orderFields);

export function apiRoutes(deps: ApiDeps): readonly Route[] {
  const route = (
    method: Route["method"],
    path: string,
    handle: Route["handle"],
    forms = [JSON_TYPE],
  ): Route => ({ method, path, forms, handle });
  const { orders } = deps;
  return [
    route("POST", "/users", (ask) => createUser(deps, ask)),
    route("GET", "/users/:id", async (ask) => {
      const user = await deps.accounts.get(idIn(ask), ask.c.req.raw.signal);
      return reply(ask, 200, ask.shape.user(user, deps.ids(), ask.link));
    }),
    route("POST", "/checkouts", (ask) => checkOut(deps, ask)),
    route("GET", "/orders", (ask) => list(deps, ask), [JSON_TYPE, NDJSON]),
    route("GET", "/orders/:id", async (ask) => {
      const fields = fieldsOf(ask);
      const order = await orders.get(idIn(ask), ask.c.req.raw.signal);
      return reply(ask, 200, ask.shape.order(order, deps.ids(), ask.link, fields));
    }),
    route("DELETE", "/orders/:id", async (ask) => {
      const order = await orders.cancel(idIn(ask));
      return reply(ask, 200, ask.shape.order(order, deps.ids(), ask.link));
    }),
    route("PUT", "/orders/:id/status", (ask) => setStatus(deps, ask)),
    route("GET", "/orders/:id/history", async (ask) => {
      const id = idIn(ask);
      const changes = await orders.history(id, ask.c.req.raw.signal);
      return reply(ask, 200, ask.shape.history(id, changes, deps.ids()));
    }),
    route("GET", "/orders/:id/events", (ask) => events(deps, ask), [EVENTS]),
  ];
}

async function createUser({ accounts, readJson, ids, newKey }: ApiDeps, ask: Ask): Promise<Response> {
  const body = await readJson(ask.c, UserBody);
  const key = ask.c.req.header("idempotency-key");
  const user = await accounts.create({ ...idempotencyOf(key, "users", body, newKey), ...body });
  ask.c.header("Location", ask.link(`/users/${user.userId}`));
  return reply(ask, 201, ask.shape.user(user, ids(), ask.link));
}

/** The request's signal is not passed on: a client that disconnects does not cancel its order. */
async function checkOut({ placeCheckout, readJson, ids, newKey }: ApiDeps, ask: Ask): Promise<Response> {
  const body = await readJson(ask.c, ask.shape.checkoutBody);
  const key = ask.c.req.header("idempotency-key");
  const order = await placeCheckout(body, idempotencyOf(key, "checkouts", body, newKey));
  ask.c.header("Location", ask.link(`/orders/${order.orderId}`));
  return reply(ask, 201, ask.shape.placed(order, ids(), ask.link));
}

async function setStatus({ orders, readJson, ids }: ApiDeps, ask: Ask): Promise<Response> {
  const id = idIn(ask);
  const { status } = await readJson(ask.c, StatusBody);
  if (status !== "DELIVERED") {
    throw new AppError("precondition_failed", "a client can only say that an order is DELIVERED", {
      reason: "wrong_status",
    });
  }
  return reply(ask, 200, ask.shape.order(await orders.deliver(id), ids(), ask.link));
}

async function list(deps: ApiDeps, ask: Ask): Promise<Response> {
  const { c, shape, link } = ask;
  const { userId, limit, cursor = "" } = deps.readQuery(c, ListQuery);
  const fields = fieldsOf(ask);
  const read = (most: number) => deps.orders.list({ userId, cursor, limit: most }, c.req.raw.signal);
  if (ask.type === NDJSON) {
    return deps.answerLines(
      c,
      each(read(limit ?? 0), (listed) => shape.line(listed, link, fields)),
    );
  }
  const most = limit ?? PAGE;
  // One more is read than is shown, to know whether there is a next page.
  const found: Listed[] = [];
  for await (const listed of read(most + 1)) found.push(listed);
  const page = {
    orders: found.slice(0, most).map(({ order }) => order),
    nextCursor: found.length > most ? found[most - 1]?.cursor : undefined,
  };
  return reply(ask, 200, shape.orders(page, deps.ids(), link, fields));
}

async function events({ streams, watchOrder }: ApiDeps, ask: Ask): Promise<Response> {
  const { c } = ask;
  const orderId = idIn(ask);
  // A browser sends the header when it reconnects. The parameter is for clients that cannot set headers.
  const last = c.req.header("last-event-id") || c.req.query("lastEventId") || "0";
  if (!POSITION.test(last))
    throw new AppError("malformed", "Last-Event-ID: the id of an event of this order");
  return streams.answer(c, async (signal) => {
    const changes = await watchOrder(orderId, Number(last), signal);
    if (changes === undefined) return undefined;
    return each(changes, ({ position, ...change }) => ({
      id: String(position),
      event: "status",
      data: { orderId, ...change },
    }));
  });
}

async function* each<A, B>(source: AsyncIterable<A>, make: (value: A) => B): AsyncGenerator<B> {
  for await (const value of source) yield make(value);
}
