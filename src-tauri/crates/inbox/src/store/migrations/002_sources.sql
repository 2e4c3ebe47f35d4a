-- Folders whose files are read, and read again when they change.
CREATE TABLE watched_folders (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  path     TEXT NOT NULL UNIQUE,
  account  INTEGER,          -- what its files hold for; null: every account
  item     INTEGER,          -- Avito's item; null: every item
  added_ms INTEGER NOT NULL,
  problem  TEXT              -- why it could not be looked at; null: it was
) STRICT;

-- What the seller told us: entries, files, pasted text, items, approved replies. Its words are in source_passages.
CREATE TABLE sources (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        INTEGER NOT NULL,           -- 0 question and answer, 1 note, 2 file, 3 pasted text, 4 item, 5 approved reply
  account     INTEGER,                    -- null: holds for every account
  item        INTEGER,                    -- Avito's item; null: for every item
  title       TEXT NOT NULL,              -- question, heading, file name, title of the item
  text        TEXT,                       -- what was written or pasted; null: it stands in a file
  url         TEXT,                       -- where it is on the web
  path        TEXT,                       -- the file
  folder      INTEGER REFERENCES watched_folders (id), -- the watched folder that brought it
  size        INTEGER,                    -- bytes of the file when it was read
  modified_ms INTEGER,                    -- its time of change then
  hash        BLOB,                       -- SHA-256 of what was read
  state       INTEGER NOT NULL DEFAULT 1, -- 0 to be read, 1 read, 2 cannot be read, 3 stopped by the seller
  reading     INTEGER NOT NULL DEFAULT 0, -- number of the present reading; passages of earlier ones are no longer there
  problems    TEXT,                       -- JSON: what could not be read and why
  off         INTEGER NOT NULL DEFAULT 0, -- switched off by the seller
  removed     INTEGER NOT NULL DEFAULT 0, -- removed by the seller; its passages are being taken out
  unsettled   INTEGER NOT NULL DEFAULT 0, -- its passages are not all in or out of the index as they should be
  added_ms    INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL            -- when what it says last changed, as far as we know: its age
) STRICT;
CREATE UNIQUE INDEX sources_by_path ON sources (path) WHERE path IS NOT NULL AND removed = 0;
CREATE INDEX sources_by_item ON sources (account, item);
CREATE INDEX sources_by_hash ON sources (hash) WHERE hash IS NOT NULL;
CREATE INDEX sources_to_read ON sources (id) WHERE state = 0;

-- The units that are found and cited, with the place they stand at. The index (knowledge_passage) has those switched on.
CREATE TABLE source_passages (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  source      INTEGER NOT NULL REFERENCES sources (id),
  key         TEXT NOT NULL UNIQUE,       -- the source and a hash of the words: the same words keep it
  ordinal     INTEGER NOT NULL,           -- place in the source
  heading     TEXT NOT NULL,              -- headings above it, outer first; the question of an entry
  text        TEXT NOT NULL,
  page        INTEGER,                    -- of a paged document, from 1
  sheet       TEXT,                       -- of a workbook
  line        INTEGER,                    -- row of a table, from 1
  fingerprint INTEGER NOT NULL,           -- of the words without case, marks and spaces: equal ones say the same
  reading     INTEGER NOT NULL,           -- the reading that last found it
  off         INTEGER NOT NULL DEFAULT 0, -- switched off by the seller
  indexed     INTEGER NOT NULL DEFAULT 0  -- it is in the index
) STRICT;
CREATE INDEX source_passages_in_order ON source_passages (source, ordinal);
CREATE INDEX source_passages_by_words ON source_passages (fingerprint);

-- Where passages were used.
CREATE TABLE passage_uses (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  account  INTEGER NOT NULL,
  chat     INTEGER NOT NULL,
  source   INTEGER NOT NULL,
  key      TEXT NOT NULL,    -- of the passage, which may have changed since
  question TEXT NOT NULL,    -- what the buyer had asked
  sent     INTEGER NOT NULL, -- 0: in a draft, 1: in a reply that went out
  at_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX passage_uses_by_source ON passage_uses (source, at_ms);
CREATE INDEX passage_uses_by_chat ON passage_uses (chat);

-- Passages with equal words that the seller wants to keep apart.
CREATE TABLE kept_duplicates (
  fingerprint INTEGER PRIMARY KEY NOT NULL
) STRICT;
