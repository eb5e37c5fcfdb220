-- Events of this service, each written in the transaction of its change. A relay sends them.
CREATE TABLE IF NOT EXISTS outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id text NOT NULL UNIQUE,
  type text NOT NULL,
  bucket smallint NOT NULL,
  payload jsonb NOT NULL,
  -- The creation context: traceparent, tracestate, baggage. Never changed after the insert.
  carrier jsonb NOT NULL,
  created_ms bigint NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  sent_at timestamptz
);
-- How often the broker refused the row itself. An outage does not count.
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS refusals integer NOT NULL DEFAULT 0;
-- Set when the row is a dead letter: the rows behind it are sent.
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS dead_at timestamptz;
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS dead_reason text;
ALTER TABLE outbox ADD COLUMN IF NOT EXISTS redriven integer NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (bucket, id) WHERE sent_at IS NULL;
CREATE INDEX IF NOT EXISTS outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS outbox_dead ON outbox (dead_at) WHERE dead_at IS NOT NULL;
-- Wakes the relay at commit, without an additional statement in the business transaction.
CREATE OR REPLACE FUNCTION outbox_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('outbox', '');
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER outbox_appended AFTER INSERT ON outbox
  FOR EACH STATEMENT EXECUTE FUNCTION outbox_appended();
