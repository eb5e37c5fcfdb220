CREATE TABLE IF NOT EXISTS orders (
  order_id text PRIMARY KEY,
  idempotency_key text NOT NULL UNIQUE,
  request_hash text NOT NULL DEFAULT '',
  user_id text NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'SHIPPED', 'DELIVERED', 'REJECTED', 'CANCELLED')),
  reason text NOT NULL DEFAULT '',
  items jsonb NOT NULL,
  total_cents bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- When it came into its present state.
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS orders_newest ON orders (user_id, created_at DESC, order_id DESC);

-- Every state that an order has been in, written in the transaction of the change.
CREATE TABLE IF NOT EXISTS order_history (
  order_id text NOT NULL,
  position smallint NOT NULL,
  status text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (order_id, position)
);

-- The next step of each order, stored before it is taken. A saga's row is always locked before its order's.
CREATE TABLE IF NOT EXISTS sagas (
  order_id text PRIMARY KEY,
  step text NOT NULL CHECK (step IN ('reserve', 'charge', 'compensate', 'cancel', 'done')),
  -- The idempotency key of the charge, empty until a charge was begun. Stock is reserved and released under the order's
  -- id, and money is refunded under refund-<order id>.
  charge_key text NOT NULL DEFAULT '',
  -- The reason to reject with, at the step compensate.
  reason text NOT NULL DEFAULT '',
  -- The context of the request that began it: traceparent, tracestate, baggage.
  carrier jsonb NOT NULL,
  -- Which process works on it; null for none.
  owner text,
  -- The end of its owner's lease, or of its rest. From then on a sweeper may take it.
  due_at timestamptz NOT NULL,
  -- How often it was taken up.
  attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS sagas_due ON sagas (due_at) WHERE step <> 'done';
