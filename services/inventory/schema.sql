CREATE TABLE IF NOT EXISTS products (
  sku text PRIMARY KEY,
  title text NOT NULL,
  price_cents bigint NOT NULL CHECK (price_cents >= 0),
  -- NULL: never out of stock.
  stock bigint CHECK (stock >= 0),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0)
);
-- No longer quoted or reserved. What was reserved before can be released.
ALTER TABLE products ADD COLUMN IF NOT EXISTS retired boolean NOT NULL DEFAULT false;
-- Grows with every ItemChanged. Reservations leave it as it is.
ALTER TABLE products ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1;
-- Of the request that created it, and its title, price and stock; NULL for the items that the shop opens with.
ALTER TABLE products ADD COLUMN IF NOT EXISTS idempotency_key text UNIQUE;
ALTER TABLE products ADD COLUMN IF NOT EXISTS created_as jsonb;
-- Every restock that was made, so that a repeated one adds nothing more.
CREATE TABLE IF NOT EXISTS restocks (
  idempotency_key text PRIMARY KEY,
  sku text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS reservations (
  order_id text PRIMARY KEY,
  -- Empty with released_at set: released before it was made, so that the late reservation is refused.
  lines jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  released_at timestamptz
);
INSERT INTO products (sku, title, price_cents, stock) VALUES
  ('teapot', 'A teapot', 2499, NULL),
  ('mug', 'A mug', 899, NULL),
  ('kettle', 'A kettle', 3999, NULL),
  ('last-one', 'The last one', 9900, 1),
  -- Always out of stock.
  ('sold-out', 'Sold out', 4999, 0)
ON CONFLICT DO NOTHING;
