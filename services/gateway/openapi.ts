/**
 * The OpenAPI document. It is made of the schemas that check requests, and of those by which the tests check answers.
 * Loaded at the first request for it.
 */
import * as z from "zod";
import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import { itemOperations } from "./catalog/openapi-items.ts";
import {
  body,
  headers,
  keyed,
  located,
  type Operations,
  type Parts,
  PROBLEMS,
  partsOf,
  problems,
} from "./openapi-parts.ts";
import { EVENTS, ListQuery, NDJSON, StatusBody, UserBody } from "./routes.ts";
import type { Shape } from "./shape.ts";
import { idText } from "./text.ts";
import { BASES, JSON_TYPE, offersOf, type Version } from "./version.ts";

const LastEventId = z
  .string()
  .regex(/^[0-4]$/)
  .optional();
const path = z.object({ id: idText(128) });

const ChangeEvent = z.string().meta({
  description:
    "`id`: position in the order's history; `event`: `status`; `data`: JSON with orderId, status, reason, at. " +
    "Ends after REJECTED, CANCELLED or DELIVERED.",
});

const changing = ({ answer, checkout }: Parts): Operations => ({
  "post /users": {
    summary: "Sign up",
    requestParams: keyed,
    requestBody: body(UserBody),
    responses: { 201: answer("Signed up.", "user", located), ...problems(400, 409, 413, 415, 422) },
  },
  "post /checkouts": {
    summary: "Order, reserve and pay",
    requestParams: keyed,
    requestBody: body(checkout),
    responses: {
      201: answer("The order is confirmed.", "placed", located),
      ...problems(400, 402, 409, 413, 415, 422),
    },
  },
  "put /orders/{id}/status": {
    summary: "Say that an order has arrived",
    description: "SHIPPED → DELIVERED is the only change that a client can make.",
    requestParams: { path },
    requestBody: body(StatusBody),
    responses: { 200: answer("The order.", "order"), ...problems(400, 404, 409, 413, 415, 422) },
  },
  "delete /orders/{id}": {
    summary: "Cancel an order",
    description: "Stock is released and what was charged is refunded. Possible until it is shipped.",
    requestParams: { path },
    responses: { 200: answer("The order, cancelled.", "order"), ...problems(404, 409) },
  },
});

const reading = ({ answer, fields, lines }: Parts): Operations => ({
  "get /users/{id}": {
    summary: "A user",
    requestParams: { path },
    responses: { 200: answer("The user.", "user"), ...problems(404) },
  },
  "get /orders": {
    summary: "A user's orders, newest first",
    description:
      `As a page; or, with \`Accept: ${NDJSON}\`, a line for each as it is read. ` +
      "There a problem as the last line says that the list broke off.",
    requestParams: { query: ListQuery.extend({ fields }) },
    responses: { 200: answer("The orders.", "orders", { content: lines }), ...problems(400) },
  },
  "get /orders/{id}": {
    summary: "An order",
    requestParams: { path, query: z.object({ fields }) },
    responses: { 200: answer("The order.", "order"), ...problems(400, 404) },
  },
  "get /orders/{id}/history": {
    summary: "Where is my order",
    requestParams: { path },
    responses: { 200: answer("The states that it has been in, oldest first.", "history"), ...problems(404) },
  },
  "get /orders/{id}/events": {
    summary: "Watch an order",
    description: "Server-sent events: first its history, then each new state. Resumes by Last-Event-ID.",
    requestParams: {
      path,
      header: z.object({ "Last-Event-ID": LastEventId }),
      query: z.object({ lastEventId: LastEventId }),
    },
    responses: {
      200: {
        description: "The stream.",
        headers: z.object(headers),
        content: { [EVENTS]: { schema: ChangeEvent } },
      },
      204: { description: "Nothing more will come: do not connect again." },
      ...problems(400, 404),
    },
  },
});

/** A page beside the API. */
const page = (summary: string, type: string, more: ZodOpenApiOperationObject["responses"] = {}) => ({
  get: {
    summary,
    responses: {
      200: { description: "There it is.", headers: z.object(headers), content: { [type]: {} } },
      ...more,
    },
  },
});
const PAGES = {
  "/": page("What there is", JSON_TYPE),
  "/docs": page("This document, to be read", "text/html"),
  "/docs/{file}": {
    get: {
      ...page("What that page needs", "*/*", { 404: PROBLEMS[404] }).get,
      requestParams: { path: z.object({ file: z.string() }) },
    },
  },
  "/openapi.json": page("This document", JSON_TYPE),
  "/healthz": page("Whether it runs", JSON_TYPE),
  "/readyz": page("Whether a checkout can go all the way", JSON_TYPE, { 503: PROBLEMS[503] }),
};

/** The document of all versions, in OpenAPI 3.1. */
export function openApi(shapes: readonly Shape[]): object {
  const shapeOf = (version: Version) => shapes.filter((shape) => shape.version === version);
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { base, versions } of BASES) {
    const offered = offersOf(versions, [JSON_TYPE]).flatMap(({ type, version }) =>
      shapeOf(version).map((shape) => [type, shape] as const),
    );
    const parts = partsOf(offered);
    for (const [name, operation] of Object.entries({
      ...changing(parts),
      ...reading(parts),
      ...itemOperations(parts),
    })) {
      const [method = "", route = ""] = name.split(" ");
      const tag = versions.length === 1 ? String(versions[0]) : "by Accept";
      const at = `${base}${route}`;
      paths[at] = { ...paths[at], [method]: { ...operation, tags: [tag] } };
    }
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Baton, a shop to trace",
      version: "2.0.0",
      description: "Every answer carries a correlation id and a trace id: look the request up by them.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths: { ...paths, ...PAGES },
  });
}
