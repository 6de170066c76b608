-- The log. The key of a row is its place, so rows are appended in the order of time and no other index stands in the
-- way of a commit. Personal fields stand in `subject` alone, which can be set to NULL.
CREATE TABLE entry (
  seq         INTEGER PRIMARY KEY, -- 48 bits of milliseconds, 12 bits of counter
  random      INTEGER NOT NULL,    -- the 62 random bits of the id
  at_ms       INTEGER NOT NULL,
  merchant    TEXT    NOT NULL,
  application INTEGER,             -- of a later entry: the place of the application's first; NULL in the first
  actor       TEXT    NOT NULL,
  kind        INTEGER NOT NULL,    -- 1 submitted, 2 imported, 3 outcome reported, 4 moved
  state       INTEGER,             -- of a submission and of a step
  customer    INTEGER,             -- keyed hash
  event       BLOB    NOT NULL,    -- format, then message
  subject     BLOB
) STRICT;

-- Only what comes after a submission is in it.
CREATE INDEX entry_later ON entry (application) WHERE application IS NOT NULL;

-- The requests that have left the server's memory, by keyed hash.
CREATE TABLE settled_request (
  fingerprint INTEGER PRIMARY KEY,
  seq         INTEGER NOT NULL
) STRICT;

CREATE TABLE checkpoint (
  through INTEGER PRIMARY KEY,
  bytes   BLOB NOT NULL
) STRICT;

-- Model and policy files, by SHA-256.
CREATE TABLE artifact (
  digest BLOB PRIMARY KEY,
  bytes  BLOB NOT NULL
) STRICT;

CREATE TABLE generation (
  id      INTEGER PRIMARY KEY,
  content BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE api_key (
  digest        BLOB PRIMARY KEY,
  prefix        TEXT    NOT NULL,
  merchant      TEXT    NOT NULL,
  roles         TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER
) STRICT;

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last place among the settled requests; they settle in order.
INSERT INTO meta VALUES ('settled_through', 0);
