CREATE TABLE IF NOT EXISTS emails (
  email_id text PRIMARY KEY,
  kind text NOT NULL,
  user_id text NOT NULL,
  -- NULL when it is about no order.
  order_id text,
  sent_at timestamptz NOT NULL DEFAULT now()
);
