/**
 * Orders, accounts and items as the gateway sees them: what it shows, and what it asks of the service that owns them.
 */

/** An order. Instants are ISO 8601 in UTC. */
export interface Order {
  readonly orderId: string;
  readonly userId: string;
  readonly status: string;
  /** Why it was rejected; empty otherwise. */
  readonly reason: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly totalCents: number;
  readonly createdAt: string;
  /** When it came into its present state. */
  readonly updatedAt: string;
}

/** A state that an order came into. */
export interface StatusChange {
  /** Grows along an order's life: PENDING 1, CONFIRMED and REJECTED 2, SHIPPED and CANCELLED 3, DELIVERED 4. */
  readonly position: number;
  readonly status: string;
  readonly reason: string;
  readonly at: string;
}

export interface User {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly createdAt: string;
}

/** What makes a repeated request the same request. */
export interface Idempotency {
  readonly idempotencyKey: string;
  readonly requestHash: string;
}

export interface Listed {
  readonly order: Order;
  /** Continues a list behind this order. */
  readonly cursor: string;
}

/** The methods that only read take a signal, so that nothing is read for a client that has disconnected. */
export interface Orders {
  /** Fails with `invalid`, reason `idempotency_key_reused`, when the key came with another request before. */
  checkout(
    request: Idempotency & {
      readonly userId: string;
      readonly items: Order["items"];
      readonly paymentToken: string;
    },
  ): Promise<Order>;
  /** Fails with `not_found`. */
  get(orderId: string, signal: AbortSignal): Promise<Order>;
  /** Oldest first. Fails with `not_found`. */
  history(orderId: string, signal: AbortSignal): Promise<readonly StatusChange[]>;
  /** Newest first, as they are read; all when `limit` is 0. Fails with `malformed` for a made-up cursor. */
  list(
    request: { readonly userId: string; readonly cursor: string; readonly limit: number },
    signal: AbortSignal,
  ): AsyncIterable<Listed>;
  /** Fails with `not_found`, and with reason `wrong_status` unless it is shipped. */
  deliver(orderId: string): Promise<Order>;
  /** Fails with `not_found`, and with reason `wrong_status` once it is shipped. */
  cancel(orderId: string): Promise<Order>;
}

export interface Accounts {
  /** Fails with `already_exists`, reason `email_taken`. */
  create(request: Idempotency & { readonly name: string; readonly email: string }): Promise<User>;
  /** Fails with `not_found`. */
  get(userId: string, signal: AbortSignal): Promise<User>;
}

/** An item of the catalogue. */
export interface Item {
  readonly sku: string;
  readonly title: string;
  readonly priceCents: number;
  /** The pieces that can still be reserved; null: it is never out of stock. */
  readonly stock: number | null;
  /** It is no longer sold. */
  readonly retired: boolean;
  /** Grows with every change but a reservation. */
  readonly version: number;
}

export interface NewItem extends Pick<Item, "sku" | "title" | "priceCents" | "stock"> {
  readonly idempotencyKey: string;
}

export interface ItemPage {
  readonly items: readonly Item[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

/** What changes an item fails with `not_found`, and with reason `retired` once it is no longer sold. */
export interface Catalog {
  /** Fails with reason `sku_taken`, and with `idempotency_key_reused` when the key came with another item before. */
  create(request: NewItem): Promise<Item>;
  /** Fails with `not_found`. */
  get(sku: string, signal: AbortSignal): Promise<Item>;
  /** By SKU. Fails with `malformed` for a made-up cursor. */
  list(request: { readonly cursor: string; readonly limit: number }, signal: AbortSignal): Promise<ItemPage>;
  setPrice(sku: string, priceCents: number): Promise<Item>;
  /** Fails with reasons `unlimited`, `stock_limit` and `idempotency_key_reused`, too. */
  restock(request: {
    readonly sku: string;
    readonly quantity: number;
    readonly idempotencyKey: string;
  }): Promise<Item>;
  /** An item that is retired already is answered. */
  retire(sku: string): Promise<Item>;
}
