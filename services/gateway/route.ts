/** A route of the public API, and what every route needs. */
import type { Context } from "../_kit/http/app.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { LinkTo, Shape } from "./shape.ts";

/** A request, and how it is to be answered. */
export interface Ask {
  readonly c: Context;
  readonly shape: Shape;
  /** The negotiated media type. */
  readonly type: string;
  /** An address in the version that was asked. */
  readonly link: LinkTo;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** Media types of its answer, besides each version's own. */
  readonly forms: readonly string[];
  readonly handle: (ask: Ask) => Promise<Response>;
}

/** The part `name` of the path. Fails with `not_found` when it does not fit `allowed`, without a call. */
export function partOf({ c }: Pick<Ask, "c">, name: string, allowed: RegExp): string {
  const part = c.req.param(name) ?? "";
  if (!allowed.test(part)) throw new AppError("not_found", `there is nothing with this ${name}`);
  return part;
}

/** An answer of the negotiated type. */
export const reply = ({ c, type }: Pick<Ask, "c" | "type">, status: 200 | 201, body: object): Response =>
  c.body(JSON.stringify(body), status, { "content-type": type });
