-- Meaning as an embedding model sees it: optional, made from the passages, never their only copy.
ALTER TABLE knowledge_passage ADD COLUMN hash BLOB; -- of heading and text; null until it is needed: written by a version without it
CREATE INDEX knowledge_passage_by_hash ON knowledge_passage (hash);

CREATE TABLE knowledge_vector (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  hash  BLOB NOT NULL,
  data  BLOB NOT NULL, -- see meaning/vector.rs
  UNIQUE (model, hash)
) STRICT;
