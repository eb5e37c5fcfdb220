CREATE TABLE IF NOT EXISTS charges (
  idempotency_key text PRIMARY KEY,
  charge_id text NOT NULL UNIQUE,
  order_id text NOT NULL,
  user_id text NOT NULL,
  amount_cents bigint NOT NULL,
  status text NOT NULL CHECK (status IN ('charged', 'declined')),
  created_at timestamptz NOT NULL DEFAULT now()
);
