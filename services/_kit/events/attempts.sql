-- How often a consumer has begun to handle a message. A message that succeeds at first has no row.
CREATE TABLE IF NOT EXISTS attempts (
  consumer text NOT NULL,
  message text NOT NULL,
  attempts integer NOT NULL,
  -- The span of the last attempt that failed, as a traceparent: the next one links to it.
  last_span text,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, message)
);
CREATE INDEX IF NOT EXISTS attempts_at ON attempts (at);
