-- Messages that were found by asking while live, and whose event may still come.
CREATE TABLE awaited_events (
  message INTEGER PRIMARY KEY NOT NULL,
  account INTEGER NOT NULL,
  sent_s  INTEGER NOT NULL
) STRICT;
