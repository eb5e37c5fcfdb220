CREATE TABLE IF NOT EXISTS shipments (
  order_id text PRIMARY KEY,
  user_id text NOT NULL,
  picked_at timestamptz,
  packed_at timestamptz,
  shipped_at timestamptz,
  -- With shipped_at: recalled, it was on its way already. Without: it never leaves, whatever its jobs ask for.
  cancelled_at timestamptz
);
