CREATE TABLE IF NOT EXISTS shipments (
  order_id text PRIMARY KEY,
  user_id text NOT NULL,
  picked_at timestamptz,
  packed_at timestamptz,
  shipped_at timestamptz,
  -- With shipped_at: the parcel had left and is recalled. Without: it never leaves.
  cancelled_at timestamptz
);
