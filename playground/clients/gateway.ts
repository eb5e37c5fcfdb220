/** Sends checkouts to the gateway's public API. */
import { randomUUID } from "node:crypto";
import * as z from "zod";
import { orderStatusOf } from "../../load/answer.ts";
import { errorFrom, Problem } from "../problem.ts";

export interface Order {
  readonly userId: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly token: string;
  /** In the grammar of the faults, such as `payments.charge:declined`; empty for none. */
  readonly fault: string;
}

/** What the gateway answers, whether the checkout went well or not. */
export interface Answer {
  readonly httpStatus: number;
  /** The order's state; for a refusal, its title. */
  readonly status: string;
  /** The order's state, also for a refusal; empty when there is no order. */
  readonly orderStatus: string;
  readonly orderId: string;
  readonly correlationId: string;
  readonly traceId: string;
  /** Why it was refused; empty when it was not. */
  readonly detail: string;
}

const TIMEOUT_MS = 30_000;
export const DEFAULT_TOKEN = "tok_visa";

const body = z.object({
  status: z.union([z.string(), z.number()]).optional(),
  title: z.string().optional(),
  orderStatus: z.string().optional(),
  detail: z.string().optional(),
  orderId: z.string().optional(),
  correlationId: z.string().optional(),
  traceId: z.string().optional(),
});

/** A new user id, so that its orders and charges can be told from all others. */
export const newUser = (): string => `user-${randomUUID().slice(0, 8)}`;

/** The message of a failed `fetch`: that of its cause, such as a refused connection, when there is one. */
const says = (error: unknown): string => {
  const { message, cause } = errorFrom(error);
  return cause instanceof Error ? cause.message || message : message;
};

/**
 * Sends `order` to the gateway at `url` and resolves to its answer, a refusal included. Rejects with the Problem
 * `not_running` when there is no answer, `refused` when the answer is no JSON object.
 */
export async function sendCheckout(url: string, order: Order, signal: AbortSignal): Promise<Answer> {
  const { userId, items, token, fault } = order;
  const response = await fetch(`${url}/api/v1/checkouts`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": randomUUID(),
      ...(fault && { baggage: `fault=${encodeURIComponent(fault)}` }),
    },
    body: JSON.stringify({ userId, items, payment: { token } }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }).catch((cause) => {
    signal.throwIfAborted();
    throw new Problem("not_running", `the gateway at ${url} does not answer: ${says(cause)}`, { cause });
  });
  const read = body.safeParse(await response.json().catch(() => null));
  if (!read.success)
    throw new Problem("refused", `the gateway answered ${response.status} without the fields of its API`);
  const { status, title = "", detail = "", orderId = "", correlationId = "", traceId = "" } = read.data;
  const state = typeof status === "string" ? status : title;
  const orderStatus = orderStatusOf(read.data);
  return { httpStatus: response.status, status: state, orderStatus, orderId, correlationId, traceId, detail };
}
