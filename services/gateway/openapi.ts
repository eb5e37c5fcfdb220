/**
 * The OpenAPI document. It is made of the schemas that check requests, and of those by which the tests check answers.
 * Loaded at the first request for it.
 */
import * as z from "zod";
import {
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
} from "zod-openapi";
import { idText } from "./checkout.ts";
import { EVENTS, ListQuery, NDJSON, StatusBody, UserBody } from "./routes.ts";
import { IDS, type Shape } from "./shape.ts";
import { BASES, JSON_TYPE, offersOf, type Version } from "./version.ts";

const CorrelationId = z
  .string()
  .meta({ description: "The request's, or a new one.", header: { id: "X-Correlation-ID" } });
const headers = { "X-Correlation-ID": CorrelationId };

const Problem = z
  .looseObject({
    type: z.string().meta({ description: "`urn:baton:problem:` and what happened" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "For people: what is wrong, and where." }),
    orderId: z.string().optional(),
    orderStatus: z.string().optional(),
    ...IDS,
  })
  .meta({ id: "Problem", description: "RFC 9457" });

const problem = (description: string): ZodOpenApiResponseObject => ({
  description,
  headers: z.object(headers),
  content: { "application/problem+json": { schema: Problem } },
});

/** What can go wrong, by status. Each operation names its own; those of COMMON belong to all. */
const PROBLEMS = {
  400: problem("The request cannot be read: bad JSON, query or header."),
  402: problem("The card was declined. The order is rejected; its id is there."),
  404: problem("There is nothing with this id."),
  406: problem("There is no such form or version of it."),
  409: problem("The order's state, the stock or the idempotency key is against it."),
  413: problem("The body is too large."),
  415: problem("The body is no plain JSON in UTF-8."),
  422: problem("The body does not fit, or names what is not there; `detail` says where."),
  500: problem("A failure of ours."),
  503: problem("A service that this needs is away; `Retry-After` says when to come again."),
  504: problem(
    "A service did not answer in time. When an order's id is there, its outcome is not known yet.",
  ),
};
const COMMON = [406, 500, 503, 504] as const;
const problems = (...statuses: (keyof typeof PROBLEMS)[]) =>
  Object.fromEntries([...COMMON, ...statuses].map((status) => [status, PROBLEMS[status]]));

const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .optional()
  .meta({
    description: "Repeating a request with its key is the same request. Without one each is a new one.",
  });
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

/** The answers and bodies of one base. `offered`: the media types of its answers, each with its shape. */
function partsOf(offered: readonly (readonly [string, Shape])[]) {
  const shapes = [...new Set(offered.map(([, shape]) => shape))];
  const forms = (of: keyof Shape["answers"]): ZodOpenApiContentObject =>
    Object.fromEntries(offered.map(([type, { answers }]) => [type, { schema: answers[of] }]));
  return {
    checkout: z.union(shapes.map(({ checkoutBody }) => checkoutBody)),
    fields: z
      .string()
      .optional()
      .meta({ description: shapes.map((s) => `${s.version}: ${s.orderFields.join(", ")}`).join("; ") }),
    /** Each line has the preferred shape: `Accept` names the lines, so it cannot name a version. */
    lines: { [NDJSON]: { schema: shapes[0]?.answers.line } },
    answer: (
      description: string,
      of: keyof Shape["answers"],
      more: { headers?: Record<string, z.ZodType>; content?: ZodOpenApiContentObject } = {},
    ): ZodOpenApiResponseObject => ({
      description,
      headers: z.object({ ...headers, ...more.headers }),
      content: { ...forms(of), ...more.content },
    }),
  };
}
type Parts = ReturnType<typeof partsOf>;
type Operations = Readonly<Record<string, ZodOpenApiOperationObject>>;

const body = (schema: z.ZodType) => ({ required: true, content: { [JSON_TYPE]: { schema } } });
const located = { headers: { Location: z.string() } };
const keyed = { header: z.object({ "Idempotency-Key": IdempotencyKey }) };

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
    for (const [name, operation] of Object.entries({ ...changing(parts), ...reading(parts) })) {
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
