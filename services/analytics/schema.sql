CREATE TABLE IF NOT EXISTS sales (
  sku text PRIMARY KEY,
  orders bigint NOT NULL,
  quantity bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS audit (
  event_id text PRIMARY KEY,
  type text NOT NULL,
  order_id text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
