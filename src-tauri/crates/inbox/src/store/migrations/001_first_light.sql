CREATE TABLE settings (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id           INTEGER NOT NULL,
  name              TEXT NOT NULL DEFAULT '',
  client_id         TEXT NOT NULL,
  api_url           TEXT,
  calls_per_minute  INTEGER NOT NULL DEFAULT 60,
  added_ms          INTEGER NOT NULL,
  removed_ms        INTEGER,
  backfill_offset   INTEGER NOT NULL DEFAULT 0,
  backfill_listed   INTEGER NOT NULL DEFAULT 0,
  backfill_done     INTEGER NOT NULL DEFAULT 0,
  backfill_paused   INTEGER NOT NULL DEFAULT 0,
  caught_up_s       INTEGER,
  last_checked_ms   INTEGER,
  last_event_ms     INTEGER
) STRICT;
CREATE UNIQUE INDEX accounts_by_user ON accounts (user_id, coalesce(api_url, ''));

CREATE TABLE media (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  account    INTEGER NOT NULL REFERENCES accounts (id),
  address    TEXT NOT NULL,
  mime       TEXT,
  size       INTEGER,
  fetched_ms INTEGER,
  UNIQUE (account, address)
) STRICT;

CREATE TABLE chats (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  account            INTEGER NOT NULL REFERENCES accounts (id),
  avito_id           TEXT NOT NULL,
  details_known      INTEGER NOT NULL DEFAULT 0,
  buyer_id           INTEGER,
  buyer_name         TEXT,
  buyer_profile_url  TEXT,
  buyer_avatar       INTEGER REFERENCES media (id),
  item_id            INTEGER,
  item_title         TEXT,
  item_price         TEXT,
  item_url           TEXT,
  item_place         TEXT,
  item_status        INTEGER,
  item_picture       INTEGER REFERENCES media (id),
  search_text        TEXT NOT NULL DEFAULT '',
  last_words         TEXT NOT NULL DEFAULT '',
  created_ms         INTEGER NOT NULL DEFAULT 0,
  updated_ms         INTEGER NOT NULL DEFAULT 0,
  last_message       INTEGER,
  last_words_ours    INTEGER,
  unread             INTEGER NOT NULL DEFAULT 0,
  read_pending       INTEGER NOT NULL DEFAULT 0,
  hidden_by_tariff   INTEGER NOT NULL DEFAULT 0,
  seen_updated_s     INTEGER NOT NULL DEFAULT -1,
  seen_last_id       TEXT NOT NULL DEFAULT '',
  confirmed_s        INTEGER,
  history_offset     INTEGER NOT NULL DEFAULT 0,
  history_done       INTEGER NOT NULL DEFAULT 0,
  composer_text      TEXT NOT NULL DEFAULT '',
  UNIQUE (account, avito_id)
) STRICT;
CREATE INDEX chats_by_time ON chats (updated_ms DESC, id DESC);
CREATE INDEX chats_by_account_time ON chats (account, updated_ms DESC, id DESC);
CREATE INDEX chats_unread ON chats (account, updated_ms DESC, id DESC) WHERE unread > 0;
CREATE INDEX chats_unread_by_time ON chats (updated_ms DESC, id DESC) WHERE unread > 0;
CREATE INDEX chats_by_item ON chats (account, item_id);
CREATE INDEX chats_by_buyer ON chats (account, buyer_id);
CREATE INDEX chats_to_backfill ON chats (account, updated_ms DESC) WHERE history_done = 0;
CREATE INDEX chats_without_details ON chats (account) WHERE details_known = 0;
CREATE INDEX chats_read_pending ON chats (account) WHERE read_pending > 0;

CREATE TABLE messages (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account       INTEGER NOT NULL REFERENCES accounts (id),
  chat          INTEGER NOT NULL REFERENCES chats (id),
  avito_id      TEXT NOT NULL,
  author_id     INTEGER,
  outgoing      INTEGER NOT NULL,
  sent_s        INTEGER NOT NULL,
  rank          INTEGER NOT NULL DEFAULT 0,
  tie           INTEGER NOT NULL DEFAULT 0,
  kind          TEXT NOT NULL,
  text          TEXT NOT NULL DEFAULT '',
  json          TEXT NOT NULL,
  unread        INTEGER,
  read_s        INTEGER,
  deleted       INTEGER NOT NULL DEFAULT 0,
  source        INTEGER NOT NULL,
  first_seen_ms INTEGER NOT NULL,
  UNIQUE (account, avito_id)
) STRICT;
CREATE INDEX messages_by_time ON messages (chat, sent_s, rank, tie, avito_id);
CREATE INDEX messages_unread ON messages (chat) WHERE unread = 1;

CREATE TABLE events (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  account     INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  body        BLOB NOT NULL,
  size        INTEGER NOT NULL,
  signature   TEXT,
  signature_matches INTEGER,
  state       INTEGER NOT NULL DEFAULT 0,
  outcome     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX events_to_do ON events (id) WHERE state = 0;
CREATE INDEX events_by_time ON events (received_ms);

CREATE TABLE outbox (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account        INTEGER NOT NULL REFERENCES accounts (id),
  chat           INTEGER NOT NULL REFERENCES chats (id),
  created_ms     INTEGER NOT NULL,
  text           TEXT,
  image_file     TEXT,
  image_name     TEXT,
  image_mime     TEXT,
  image_id       TEXT,
  image_sizes    TEXT,
  state          INTEGER NOT NULL DEFAULT 0,
  attempts       INTEGER NOT NULL DEFAULT 0,
  uncertain      INTEGER NOT NULL DEFAULT 0,
  attempt_after  INTEGER,
  attempt_s      INTEGER,
  ended_ms       INTEGER,
  retry_at_ms    INTEGER,
  code           TEXT,
  detail         TEXT,
  message        INTEGER UNIQUE REFERENCES messages (id)
) STRICT;
CREATE INDEX outbox_open ON outbox (account, chat, id) WHERE state < 5;
CREATE INDEX outbox_by_chat ON outbox (chat, id) WHERE state < 5;
CREATE INDEX outbox_files ON outbox (account) WHERE image_file IS NOT NULL AND state >= 5;
