/** What the operations of the OpenAPI document are made of: problems, headers, and the bodies and answers of a base. */
import * as z from "zod";
import type {
  ZodOpenApiContentObject,
  ZodOpenApiOperationObject,
  ZodOpenApiResponseObject,
} from "zod-openapi";
import { NDJSON } from "./routes.ts";
import { IDS, type Shape } from "./shape.ts";
import { JSON_TYPE } from "./version.ts";

const CorrelationId = z
  .string()
  .meta({ description: "The request's, or a new one.", header: { id: "X-Correlation-ID" } });
export const headers = { "X-Correlation-ID": CorrelationId };

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
export const PROBLEMS = {
  400: problem("The request cannot be read: bad JSON, query or header."),
  402: problem("The card was declined. The order is rejected; its id is there."),
  403: problem("Faults are off (`BATON_FAULTS`), and without them the catalogue can only be read."),
  404: problem("There is nothing with this id."),
  406: problem("There is no such form or version of it."),
  409: problem("The state of the order or the item, the stock or the idempotency key is against it."),
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
export const problems = (...statuses: (keyof typeof PROBLEMS)[]) =>
  Object.fromEntries([...COMMON, ...statuses].map((status) => [status, PROBLEMS[status]]));

const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/)
  .optional()
  .meta({
    description: "Repeating a request with its key is the same request. Without one each is a new one.",
  });
/** The answers and bodies of one base. `offered`: the media types of its answers, each with its shape. */
export function partsOf(offered: readonly (readonly [string, Shape])[]) {
  const shapes = [...new Set(offered.map(([, shape]) => shape))];
  const forms = (of: keyof Shape["answers"]): ZodOpenApiContentObject =>
    Object.fromEntries(offered.map(([type, { answers }]) => [type, { schema: answers[of] }]));
  return {
    checkout: z.union(shapes.map(({ checkoutBody }) => checkoutBody)),
    item: z.union(shapes.map(({ itemBody }) => itemBody)),
    price: z.union(shapes.map(({ priceBody }) => priceBody)),
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
export type Parts = ReturnType<typeof partsOf>;
export type Operations = Readonly<Record<string, ZodOpenApiOperationObject>>;

export const body = (schema: z.ZodType) => ({ required: true, content: { [JSON_TYPE]: { schema } } });
export const located = { headers: { Location: z.string() } };
export const keyed = { header: z.object({ "Idempotency-Key": IdempotencyKey }) };
