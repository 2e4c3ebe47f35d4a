-- The knowledge's tables, as they are after all migrations. A test holds this file equal to the real schema.
-- They live in a database that other parts of the app use too: every name begins with knowledge_.

-- One row: how far the tables and the index are.
CREATE TABLE knowledge_state (
  one      INTEGER PRIMARY KEY NOT NULL CHECK (one = 1),
  version  INTEGER NOT NULL, -- migrations applied
  analysis INTEGER NOT NULL, -- the analysis the index was written with; another one means writing it again
  revision INTEGER NOT NULL, -- raised by every change of passages
  removal  INTEGER NOT NULL  -- the revision of the last removal
) STRICT;

-- The units that are found and cited. The text is as the source has it.
CREATE TABLE knowledge_passage (
  id      INTEGER PRIMARY KEY AUTOINCREMENT, -- a changed passage gets a new one
  key     TEXT NOT NULL UNIQUE,              -- the source's own name for it
  account INTEGER,                           -- null: holds for every account
  item    INTEGER,                           -- Avito's item; null: for every item
  title   TEXT NOT NULL,
  text    TEXT NOT NULL,
  words   INTEGER NOT NULL,                  -- how many tokens, for the ranking
  hash    BLOB                               -- of heading and text; null until it is needed: written by a version without it
) STRICT;
CREATE INDEX knowledge_passage_by_hash ON knowledge_passage (hash);

-- Every different token, and `#name` for what a passage speaks about. Words stay when their last passage goes.
CREATE TABLE knowledge_word (
  id   INTEGER PRIMARY KEY NOT NULL,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- Which passages hold a word: passages id / 2048 share a row, so that a change rewrites little.
CREATE TABLE knowledge_posting (
  word  INTEGER NOT NULL,
  block INTEGER NOT NULL,
  data  BLOB NOT NULL, -- see index/postings.rs
  PRIMARY KEY (word, block)
) STRICT, WITHOUT ROWID;

-- Passages as an embedding model sees them: optional, keyed by what they say, so that words that come back need no call.
CREATE TABLE knowledge_vector (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  hash  BLOB NOT NULL,
  data  BLOB NOT NULL, -- see meaning/vector.rs
  UNIQUE (model, hash)
) STRICT;
