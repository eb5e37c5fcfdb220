CREATE TABLE IF NOT EXISTS sales (
  sku text PRIMARY KEY,
  orders bigint NOT NULL CHECK (orders >= 0),
  quantity bigint NOT NULL CHECK (quantity >= 0)
);
-- Which orders are counted in the sales. False: the order was cancelled, even if the cancel came first.
CREATE TABLE IF NOT EXISTS sold (
  order_id text PRIMARY KEY,
  counted boolean NOT NULL
);
CREATE TABLE IF NOT EXISTS signups (
  -- In UTC.
  day date PRIMARY KEY,
  users bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (
  event_id text PRIMARY KEY,
  type text NOT NULL,
  -- Each is NULL when it is about none.
  user_id text,
  order_id text,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE audit ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE audit ADD COLUMN IF NOT EXISTS sku text;
