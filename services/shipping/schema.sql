CREATE TABLE IF NOT EXISTS shipments (
  order_id text PRIMARY KEY,
  user_id text NOT NULL,
  picked_at timestamptz,
  packed_at timestamptz,
  shipped_at timestamptz
);
