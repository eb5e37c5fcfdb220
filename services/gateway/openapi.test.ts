import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { uniqueName } from "../../tests/fixtures.ts";
import { OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { openApi } from "./openapi.ts";
import { type Door, openDoor } from "./shop.fixture.ts";
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";
import { BASES } from "./version.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}
interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: object }> }>;
}

const document = openApi([v1, v2]) as Document;
let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

test("the document is one of OpenAPI 3.1", async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never);
  expect(errors).toBeUndefined();
  expect([valid, document.openapi]).toEqual([true, "3.1.0"]);
});

test("it has every route of the app, and no other", () => {
  const served = door.app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(documented.toSorted()).toEqual(served.toSorted());
  expect(served.length).toBeGreaterThan(30);
});

test("it has every parameter of a path, and says of each operation what it is for", () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    for (const [method, { parameters = [], summary }] of Object.entries(operations)) {
      const named = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      expect(named, `${method} ${path}`).toEqual(wanted);
      expect(summary, `${method} ${path}`).toMatch(/\w/);
    }
  }
});

/** What the document says of an answer's body, as a schema that real answers are checked by. */
function schemaOf(method: string, path: string, status: number, type: string): z.ZodType {
  const content = document.paths[path]?.[method.toLowerCase()]?.responses[String(status)]?.content;
  const found = content?.[type]?.schema;
  if (found === undefined) throw new Error(`${method} ${path} ${status} ${type} is not in the document`);
  const local = (schema: object): object =>
    JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/"));
  return z.fromJSONSchema({ ...local(found), $defs: local(document.components.schemas) } as never);
}

describe("real answers are what the document says", () => {
  const ann = { name: "Ann", email: "ann@example.test" };
  const good = { userId: "ann", items: [{ sku: "mug", quantity: 2 }], payment: { token: "tok_visa" } };
  const { items: lines, ...rest } = good;
  type Case = readonly [
    method: string,
    path: string,
    body: object | undefined,
    status: number,
    make?: () => string,
  ];
  const of = (status: OrderStatus) => () => door.fake.add(status);
  const bolt =
    (more = {}) =>
    () =>
      door.catalog.add(uniqueName("bolt-"), { stock: 7n, ...more });
  const { CONFIRMED, SHIPPED, DELIVERED, REJECTED } = OrderStatus;

  /** Method, path, body, status, and what makes the order that the path is about. */
  const cases: readonly Case[] = [
    ["POST", "/users", ann, 201],
    ["POST", "/users", ann, 409],
    ["POST", "/users", {}, 422],
    ["GET", "/users/{id}", undefined, 404, () => "nobody"],
    ["POST", "/checkouts", [], 422],
    ["GET", "/orders?userId=ann&limit=2", undefined, 200],
    ["GET", "/orders?userId=ann&fields=status,reason", undefined, 200],
    ["GET", "/orders", undefined, 400],
    ["GET", "/orders/{id}", undefined, 200, of(CONFIRMED)],
    ["GET", "/orders/{id}?fields=status", undefined, 200, of(REJECTED)],
    ["GET", "/orders/{id}", undefined, 404, () => "nobody"],
    ["DELETE", "/orders/{id}", undefined, 200, of(CONFIRMED)],
    ["DELETE", "/orders/{id}", undefined, 409, of(SHIPPED)],
    ["PUT", "/orders/{id}/status", { status: "DELIVERED" }, 200, of(SHIPPED)],
    ["PUT", "/orders/{id}/status", { status: "PENDING" }, 409, of(SHIPPED)],
    ["PUT", "/orders/{id}/status", { status: "LOST" }, 422, of(SHIPPED)],
    ["GET", "/orders/{id}/history", undefined, 200, of(DELIVERED)],
    ["GET", "/orders/{id}/events", undefined, 404, () => "nobody"],
    ["POST", "/items", {}, 422],
    ["GET", "/items?limit=2", undefined, 200],
    ["GET", "/items?limit=0", undefined, 400],
    ["GET", "/items/{sku}", undefined, 200, bolt()],
    ["GET", "/items/{sku}", undefined, 404, () => "nothing"],
    ["POST", "/items/{sku}/restocks", { quantity: 2 }, 200, bolt()],
    ["POST", "/items/{sku}/restocks", { quantity: 2 }, 409, bolt({ retired: true })],
    ["POST", "/items/{sku}/restocks", { quantity: 0 }, 422, bolt()],
    ["PUT", "/items/{sku}/price", { price: 1 }, 422, bolt()],
    ["DELETE", "/items/{sku}", undefined, 200, bolt({ stock: undefined })],
    ["DELETE", "/items/{sku}", undefined, 404, () => "nothing"],
  ];
  const each = [
    ["/api/v1", "application/json", v1],
    ["/api/v2", "application/json", v2],
    ["/api", "application/vnd.baton.v2+json", v2],
  ] as const;

  for (const [base, accept, shape] of each) {
    const checkout = shape.version === "v1" ? good : { ...rest, lines };
    const placing: readonly Case[] = [
      ["POST", "/checkouts", checkout, 201],
      ["POST", "/checkouts", { ...checkout, payment: { token: "tok_declined" } }, 402],
    ];
    const money = { amount: "0.05", currency: "EUR" };
    const price = shape.version === "v1" ? { priceCents: 5 } : money;
    const item = { sku: `nut-${shape.version}-${base.length}`, title: "A nut", stock: null };
    const made = { ...item, ...(shape.version === "v1" ? price : { price }) };
    const writing: readonly Case[] = [
      ["POST", "/items", made, 201],
      ["POST", "/items", { ...made, title: "Another" }, 409],
      ["PUT", "/items/{sku}/price", price, 200, bolt()],
      ["PUT", "/items/{sku}/price", price, 404, () => "nothing"],
    ];
    for (const [method, path, body, status, make] of [...placing, ...writing, ...cases]) {
      test(`by ${base}: ${method} ${path} ${JSON.stringify(body) ?? ""}: ${status}`, async () => {
        const headers = { "content-type": "application/json", accept };
        // Each base signs up people of its own.
        const sent = body === ann ? { ...ann, email: `${shape.version}${base.length}@example.test` } : body;
        const streamed = path.endsWith("/events") ? { ...headers, accept: "text/event-stream" } : headers;
        const response = await fetch(`${door.url}${base}${path.replace(/\{\w+\}/, make?.() ?? "")}`, {
          method,
          headers: streamed,
          ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
        });
        expect(response.status).toBe(status);
        const type = response.headers.get("content-type") ?? "";
        expect(type).toBe(status < 400 ? accept : "application/problem+json");
        const [route = ""] = path.split("?");
        schemaOf(method, `${base}${route}`, status, type).parse(await response.json());
      });
    }
  }

  test("so is each line of a list", async () => {
    door.fake.add(CONFIRMED, "liner");
    for (const base of ["/api/v1", "/api/v2"]) {
      const type = "application/x-ndjson";
      const response = await fetch(`${door.url}${base}/orders?userId=liner`, { headers: { accept: type } });
      const line: unknown = JSON.parse((await response.text()).trimEnd());
      schemaOf("GET", `${base}/orders`, 200, type).parse(line);
    }
  });

  test("so is a refusal where faults are off", async () => {
    const closed = await openDoor({ faults: false });
    for (const { base } of BASES) {
      const response = await fetch(`${closed.url}${base}/items/bolt`, { method: "DELETE" });
      expect(response.status).toBe(403);
      const schema = schemaOf("DELETE", `${base}/items/{sku}`, 403, "application/problem+json");
      schema.parse(await response.json());
    }
    await closed.close();
  });

  test("an answer that the document does not allow would be found", () => {
    const schema = schemaOf("GET", "/api/v1/orders/{id}", 200, "application/json");
    expect(schema.safeParse({ orderId: "o-1" }).success).toBe(true);
    expect(schema.safeParse({ orderId: "o-1", secret: 1 }).success).toBe(false);
    expect(schema.safeParse({ orderId: "o-1", status: "LOST" }).success).toBe(false);
    expect(schema.safeParse({}).success).toBe(false);
  });
});
