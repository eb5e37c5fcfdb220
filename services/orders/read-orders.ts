/** The queries of orders. */
import * as z from "zod";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { HistoryEntry, Order } from "./order.ts";
import type { Place, Reading } from "./ports.ts";

export interface ListRequest {
  readonly userId: string;
  /** Empty: from the newest. */
  readonly cursor: string;
  /** 0: all. */
  readonly limit: number;
}

export interface ReadOrders {
  /** Fails with `not_found`. */
  get(orderId: string): Promise<Order>;
  /** Oldest first. Fails with `not_found`. */
  history(orderId: string): Promise<HistoryEntry[]>;
  /**
   * Newest first, each with the cursor that continues behind it. Read in pages until `signal` aborts; a page is read
   * when all of the one before is taken. Fails with `malformed` for a cursor that did not come from here.
   */
  list(request: ListRequest, signal: AbortSignal): AsyncIterable<{ order: Order; cursor: string }>;
}

const PAGE = 100;

export function makeReadOrders(orders: Reading, note: Note<Vocabulary>): ReadOrders {
  return {
    get: async (orderId) => {
      const order = await orders.find(orderId);
      if (order === undefined) throw nowhere();
      note("order.read", { orderId });
      return order;
    },
    history: async (orderId) => {
      const entries = await orders.history(orderId);
      if (entries.length === 0) throw nowhere();
      note("order.read", { orderId });
      return entries;
    },
    list: async function* ({ userId, cursor, limit }, signal) {
      let after = cursor === "" ? undefined : placeAt(cursor);
      let left = limit === 0 ? Number.POSITIVE_INFINITY : limit;
      let count = 0;
      while (left > 0 && !signal.aborted) {
        const asked = Math.min(left, PAGE);
        const page = await orders.page(userId, after, asked);
        for (const { order, place } of page) {
          if (signal.aborted) return;
          yield { order, cursor: cursorAt(place) };
          count += 1;
        }
        after = page.at(-1)?.place;
        left = page.length < asked ? 0 : left - page.length;
      }
      note("orders.listed", { userId, count });
    },
  };
}

const nowhere = () => new AppError("not_found", "there is no order with this id");

/** The lower bound of the time is for the database, whose years begin at 1. */
const Cursor = z.tuple([
  z.iso.datetime({ precision: 6 }).refine((at) => at >= "1970"),
  z.string().regex(/^[A-Za-z0-9._-]{1,128}$/),
]);

const cursorAt = ({ createdAt, orderId }: Place): string =>
  Buffer.from(JSON.stringify([createdAt, orderId])).toString("base64url");

function placeAt(cursor: string): Place {
  const read = Cursor.safeParse(jsonOf(Buffer.from(cursor, "base64url").toString()));
  if (!read.success) throw new AppError("malformed", "cursor: not one that a list of orders gave");
  const [createdAt, orderId] = read.data;
  return { createdAt, orderId };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
