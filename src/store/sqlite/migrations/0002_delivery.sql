-- What is still to be told outside. The key begins with what is asked for: what is pending for one endpoint, in order. A row
-- goes away when it has been delivered.
CREATE TABLE delivery (
  state       INTEGER NOT NULL, -- 1 pending, 2 dead
  endpoint    TEXT    NOT NULL, -- of a merchant; empty: the customer
  seq         INTEGER NOT NULL, -- the entry that calls for it
  kind        INTEGER NOT NULL, -- of the delivery
  application INTEGER NOT NULL, -- the place of the application's first entry
  merchant    TEXT    NOT NULL,
  since_ms    INTEGER NOT NULL,
  due_at_ms   INTEGER NOT NULL,
  tries       INTEGER NOT NULL,
  PRIMARY KEY (state, endpoint, seq, kind)
) STRICT, WITHOUT ROWID;

-- Where merchants hear of changes. Secrets are encrypted.
CREATE TABLE webhook_endpoint (
  id             TEXT    PRIMARY KEY,
  merchant       TEXT    NOT NULL,
  url            TEXT    NOT NULL,
  secret         BLOB    NOT NULL,
  next_secret    BLOB,
  created_at_ms  INTEGER NOT NULL,
  disabled_at_ms INTEGER
) STRICT;

-- How often commands have put deliveries, so that a running server looks.
INSERT INTO meta VALUES ('deliveries_put', 0);
