CREATE TABLE IF NOT EXISTS charges (
  idempotency_key text PRIMARY KEY,
  -- NULL when voided: nothing was ever charged.
  charge_id text UNIQUE CHECK ((charge_id IS NULL) = (status = 'voided')),
  order_id text NOT NULL,
  user_id text NOT NULL,
  amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
  -- voided: a refund came before the charge, so the charge is refused when it comes.
  status text NOT NULL CHECK (status IN ('charged', 'declined', 'voided')),
  refunded_at timestamptz CHECK (refunded_at IS NULL OR status = 'charged'),
  created_at timestamptz NOT NULL DEFAULT now()
);
