-- Each account's webhook line: its subscription, its doors, what it delivered, and which minutes were covered.
CREATE TABLE lines (
  account         INTEGER PRIMARY KEY NOT NULL,
  wanted          INTEGER NOT NULL DEFAULT 1,
  registered_base TEXT,
  registered_ms   INTEGER,
  error_code      TEXT,
  error_detail    TEXT,
  error_ms        INTEGER
) STRICT;

CREATE TABLE doors (
  account   INTEGER NOT NULL,
  digest    BLOB NOT NULL,
  made_ms   INTEGER NOT NULL,
  closes_ms INTEGER,
  PRIMARY KEY (account, digest)
) STRICT;

CREATE TABLE deliveries (
  account   INTEGER NOT NULL,
  day       TEXT NOT NULL,
  by_event  INTEGER NOT NULL DEFAULT 0,
  missed    INTEGER NOT NULL DEFAULT 0,
  delay_ms  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, day)
) STRICT;

CREATE TABLE coverage (
  id      INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms   INTEGER NOT NULL,
  how     INTEGER NOT NULL
) STRICT;
CREATE INDEX coverage_by_end ON coverage (account, to_ms);

ALTER TABLE events ADD COLUMN kind TEXT;
ALTER TABLE events ADD COLUMN chat INTEGER;
ALTER TABLE events ADD COLUMN delay_ms INTEGER;
