/** What reading an export request gives: rows of whole numbers that say where things are in it. */
import type { IndexKeys } from "./index-keys.ts";
import { Numbers } from "./numbers.ts";
import { Walk } from "./walk.ts";

/** Columns of a resource's row: its message, its schema's address, its entries in the index, its hash. */
export const RESOURCE = {
  start: 0,
  end: 1,
  urlStart: 2,
  urlEnd: 3,
  hashHigh: 4,
  hashLow: 5,
  entriesAt: 6,
  entries: 7,
  width: 8,
} as const;

/** Columns of a scope's row, the first as those of a resource. */
export const SCOPE = {
  start: 0,
  end: 1,
  urlStart: 2,
  urlEnd: 3,
  hashHigh: 4,
  hashLow: 5,
  resource: 6,
  width: 7,
} as const;

/** Why an item of a request that was otherwise taken is left out. */
export const REJECT_REASONS = ["invalid_id", "too_complex"] as const;
export type RejectReason = (typeof REJECT_REASONS)[number];

/** What is known of a request, or of the part of it that has been read. */
export class Reading {
  readonly keys: IndexKeys;
  /** Numbers in the row of an item. */
  readonly width: number;
  readonly walk = new Walk();
  readonly items = new Numbers();
  /** What rows of items and resources refer to: halves of hashes, places of links. */
  readonly more = new Numbers(256);
  readonly resources = new Numbers(RESOURCE.width * 4);
  readonly scopes = new Numbers(SCOPE.width * 8);
  readonly rejected: Record<RejectReason, number> = { invalid_id: 0, too_complex: 0 };
  /** The row of the scope whose items are being read. */
  scope = 0;

  constructor(keys: IndexKeys, width: number) {
    this.keys = keys;
    this.width = width;
  }

  /** Items that are taken. */
  get count(): number {
    return this.items.length / this.width;
  }

  /** Leaves out the items from this place in `items` on. */
  rejectFrom(itemsAt: number, why: RejectReason): void {
    this.rejected[why] += (this.items.length - itemsAt) / this.width;
    this.items.length = itemsAt;
  }
}
