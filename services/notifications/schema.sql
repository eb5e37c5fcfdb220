CREATE TABLE IF NOT EXISTS emails (
  email_id text PRIMARY KEY,
  kind text NOT NULL,
  order_id text NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now()
);
