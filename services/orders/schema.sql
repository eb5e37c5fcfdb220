CREATE TABLE IF NOT EXISTS orders (
  order_id text PRIMARY KEY,
  idempotency_key text NOT NULL UNIQUE,
  user_id text NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'REJECTED', 'CANCELLED')),
  reason text NOT NULL DEFAULT '',
  items jsonb NOT NULL,
  total_cents bigint NOT NULL,
  -- The saga's step that was begun last: reserve, charge, compensate, done.
  step text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS orders_by_user ON orders (user_id, created_at);
