/** A customer who behaves like a good client: it sends the same request with the same key until there is an answer. */
import { until } from "../../playground/until.ts";
import { patient } from "../patience.ts";

/** What one customer wants. */
export interface Wish {
  /** Idempotency key and correlation id in one. */
  readonly key: string;
  readonly userId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly token: string;
  /** Cancels the order once it is confirmed. */
  readonly cancels: boolean;
  /** A fault in the first try only (of the cancel, if there is one). It may kill the process. */
  readonly fault?: string;
}

export interface Bought {
  readonly wish: Wish;
  readonly orderId: string;
  /** The status of the last answer: 201, 402, 409, and for a cancelled order 200 or 409. */
  readonly status: number;
  readonly tries: number;
  /** The last answer, for debugging. */
  readonly body: Answer["body"];
}

const ANSWER_WITHIN_MS = patient(90_000);
/** Statuses that are not final: the same request may be sent again. */
const AGAIN = new Set([408, 429, 499, 500, 502, 503, 504]);

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends `request` until it gets a final answer. `request` gets the number of the try, from 1. */
async function insist(
  what: string,
  request: (tries: number) => Promise<Answer>,
): Promise<Answer & { tries: number }> {
  let tries = 0;
  let last = "nothing";
  return until(
    async () => {
      tries += 1;
      const answer = await request(tries);
      last = `${answer.status} ${JSON.stringify(answer.body)}`;
      const underWay = answer.body.type === "urn:baton:problem:in-progress";
      return AGAIN.has(answer.status) || underWay ? undefined : { ...answer, tries };
    },
    {
      signal: new AbortController().signal,
      everyMs: 250,
      withinMs: ANSWER_WITHIN_MS,
      onLate: (thrown) =>
        new Error(`${what}: no answer after ${tries} tries, last ${last}`, { cause: thrown }),
    },
  );
}

async function send(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(patient(20_000)) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Buys, and cancels if that is the wish. Fails without a final answer. */
export async function shop(gateway: string, wish: Wish): Promise<Bought> {
  const headers = (isFaulty: boolean): Record<string, string> => ({
    "content-type": "application/json",
    "idempotency-key": wish.key,
    "x-correlation-id": wish.key,
    ...(wish.fault && isFaulty ? { baggage: `fault=${encodeURIComponent(wish.fault)}` } : {}),
  });
  const body = JSON.stringify({
    userId: wish.userId,
    items: [{ sku: wish.sku, quantity: wish.quantity }],
    payment: { token: wish.token },
  });
  const placed = await insist(`checkout ${wish.key}`, (tries) =>
    send(`${gateway}/api/v1/checkouts`, {
      method: "POST",
      headers: headers(tries === 1 && !wish.cancels),
      body,
    }),
  );
  const orderId = String(placed.body.orderId ?? "");
  if (!wish.cancels || placed.status !== 201)
    return { wish, orderId, status: placed.status, tries: placed.tries, body: placed.body };
  const cancelled = await insist(`cancelling ${orderId}`, (tries) =>
    send(`${gateway}/api/v1/orders/${orderId}`, { method: "DELETE", headers: headers(tries === 1) }),
  );
  return {
    wish,
    orderId,
    status: cancelled.status,
    tries: placed.tries + cancelled.tries,
    body: cancelled.body,
  };
}
