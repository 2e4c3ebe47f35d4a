-- The database of one shop folder, as it is after all migrations. A test holds this file equal to the real schema.
-- Times end in _ms (UTC milliseconds by our clock) or _s (UTC seconds by Avito's clock). Flags are 0 or 1.

-- The seller's settings that differ from the defaults, and a few facts about this archive (install id).
CREATE TABLE settings (
  key   TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL -- JSON
) STRICT;

-- Connected Avito accounts. Secrets are not here: they live in the keychain.
CREATE TABLE accounts (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id           INTEGER NOT NULL,            -- Avito's account id
  name              TEXT NOT NULL DEFAULT '',
  client_id         TEXT NOT NULL,
  api_url           TEXT,                        -- null: Avito itself
  calls_per_minute  INTEGER NOT NULL DEFAULT 60, -- the account's budget
  added_ms          INTEGER NOT NULL,            -- older messages never alert
  removed_ms        INTEGER,                     -- removed with the archive kept
  backfill_offset   INTEGER NOT NULL DEFAULT 0,  -- next page of the list of chats
  backfill_listed   INTEGER NOT NULL DEFAULT 0,  -- the list of chats is complete
  backfill_done     INTEGER NOT NULL DEFAULT 0,  -- every chat's history is complete
  backfill_paused   INTEGER NOT NULL DEFAULT 0,  -- by the seller
  caught_up_s       INTEGER,                     -- every chat that changed up to this second was read; null: never looked
  last_checked_ms   INTEGER,
  last_event_ms     INTEGER
) STRICT;
CREATE UNIQUE INDEX accounts_by_user ON accounts (user_id, coalesce(api_url, ''));

-- Pictures and voice files that Avito named. The page knows only the id.
CREATE TABLE media (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  account    INTEGER NOT NULL REFERENCES accounts (id),
  address    TEXT NOT NULL, -- URL, or voice:<voice id>
  mime       TEXT,          -- of the file in media/, once fetched
  size       INTEGER,
  fetched_ms INTEGER,
  keep       INTEGER NOT NULL DEFAULT 0, -- 1: to be fetched
  UNIQUE (account, address)
) STRICT;
CREATE INDEX media_to_keep ON media (account, id) WHERE keep = 1;

CREATE TABLE chats (
  id                 INTEGER PRIMARY KEY AUTOINCREMENT,
  account            INTEGER NOT NULL REFERENCES accounts (id),
  avito_id           TEXT NOT NULL,
  details_known      INTEGER NOT NULL DEFAULT 0, -- 0: known from an event only, buyer and listing not read yet
  buyer_id           INTEGER,
  buyer_name         TEXT,
  buyer_profile_url  TEXT,
  buyer_avatar       INTEGER REFERENCES media (id),
  item_id            INTEGER,
  item_title         TEXT,
  item_price         TEXT,                       -- ready-made text
  item_url           TEXT,
  item_place         TEXT,
  item_status        INTEGER,                    -- Avito's number
  item_picture       INTEGER REFERENCES media (id),
  search_text        TEXT NOT NULL DEFAULT '',   -- buyer and title, folded
  last_words         TEXT NOT NULL DEFAULT '',   -- text of the newest message, folded
  created_ms         INTEGER NOT NULL DEFAULT 0,
  updated_ms         INTEGER NOT NULL DEFAULT 0, -- order of the list
  last_message       INTEGER,                    -- newest message we hold
  last_words_ours    INTEGER,                    -- the newest message that a person wrote is ours; null: none
  unread             INTEGER NOT NULL DEFAULT 0, -- number of unread messages of the buyer
  read_pending       INTEGER NOT NULL DEFAULT 0, -- how often the seller has looked since Avito was told
  hidden_by_tariff   INTEGER NOT NULL DEFAULT 0, -- Avito shows its placeholder instead of the last message
  seen_updated_s     INTEGER NOT NULL DEFAULT -1, -- Avito's `updated` when we last read the chat to its end
  seen_last_id       TEXT NOT NULL DEFAULT '',   -- and the last message then
  confirmed_s        INTEGER,                    -- everything up to this second was read from Avito; null: never read
  history_offset     INTEGER NOT NULL DEFAULT 0, -- next page of old messages
  history_done       INTEGER NOT NULL DEFAULT 0, -- no more old messages to be had
  composer_text      TEXT NOT NULL DEFAULT '',   -- half-typed text
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

-- The archive. Rows are never deleted, except when the seller deletes an account's archive.
-- Whom the seller has blocked. Avito has no call that lists them.
CREATE TABLE blocked_buyers (
  account    INTEGER NOT NULL REFERENCES accounts (id),
  buyer_id   INTEGER NOT NULL, -- Avito's user id
  blocked_ms INTEGER NOT NULL,
  PRIMARY KEY (account, buyer_id)
) STRICT;

CREATE TABLE messages (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account       INTEGER NOT NULL REFERENCES accounts (id),
  chat          INTEGER NOT NULL REFERENCES chats (id),
  avito_id      TEXT NOT NULL,
  author_id     INTEGER,
  outgoing      INTEGER NOT NULL,
  sent_s        INTEGER NOT NULL,
  rank          INTEGER NOT NULL DEFAULT 0, -- 1: Avito's own note; comes after people's words of the same second
  tie           INTEGER NOT NULL DEFAULT 0, -- place among messages of the same second, as Avito lists them
  kind          TEXT NOT NULL,              -- Avito's word
  text          TEXT NOT NULL DEFAULT '',   -- searchable words
  json          TEXT NOT NULL,              -- the message as Avito gave it
  unread        INTEGER,                    -- 1, 0; null: Avito has not said
  read_s        INTEGER,                    -- when the other side read it
  deleted       INTEGER NOT NULL DEFAULT 0, -- deleted at Avito; kind, text and json keep our copy
  source        INTEGER NOT NULL,           -- what brought the fullest form: 0 list of chats, 1 event, 2 sending, 3 reading
  first_seen_ms INTEGER NOT NULL,
  UNIQUE (account, avito_id)
) STRICT;
CREATE INDEX messages_by_time ON messages (chat, sent_s, rank, tie, avito_id);
CREATE INDEX messages_unread ON messages (chat) WHERE unread = 1;

-- Search over all messages. A row's number is (second it was sent << 31) | message's id, so that the newest are found first.
CREATE VIRTUAL TABLE message_words USING fts5 (
  words,
  content = '',
  contentless_delete = 1,
  detail = 'none',
  prefix = '2 3',
  tokenize = "unicode61 remove_diacritics 0 tokenchars '_'"
);

-- Messages that were looked through and have changed since.
CREATE TABLE message_words_due (
  id INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER message_changed AFTER UPDATE OF text, sent_s, chat ON messages
WHEN (new.text, new.sent_s, new.chat) IS NOT (old.text, old.sent_s, old.chat)
BEGIN
  DELETE FROM message_words WHERE rowid = (old.sent_s << 31) | old.id;
  INSERT INTO message_words_due (id) VALUES (old.id) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER message_removed AFTER DELETE ON messages
BEGIN
  DELETE FROM message_words WHERE rowid = (old.sent_s << 31) | old.id;
  DELETE FROM message_words_due WHERE id = old.id;
END;

-- The journal: webhook deliveries as received, written before they are acknowledged.
CREATE TABLE events (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  account     INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  body        BLOB NOT NULL,              -- for what is not JSON: the first 500 characters
  size        INTEGER NOT NULL,           -- bytes as received
  signature   TEXT,                       -- Avito's signature header; kept, never trusted
  signature_matches INTEGER,              -- whether it is the HMAC we guess; null: no header or no key. For information only
  state       INTEGER NOT NULL DEFAULT 0, -- 0 to do, 1 done, 2 not understood, 3 not JSON
  outcome     TEXT NOT NULL DEFAULT '',   -- what came of it, in a word
  kind        TEXT,                       -- Avito's word for the kind of event, or self-test; null: not read yet, or none
  chat        INTEGER,                    -- the chat it concerns
  delay_ms    INTEGER                     -- from the message's time to its arrival here
) STRICT;
CREATE INDEX events_to_do ON events (id) WHERE state = 0;
CREATE INDEX events_by_time ON events (received_ms);

-- Replies on their way to Avito.
CREATE TABLE outbox (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account        INTEGER NOT NULL REFERENCES accounts (id),
  chat           INTEGER NOT NULL REFERENCES chats (id),
  created_ms     INTEGER NOT NULL,
  text           TEXT,                       -- null: a picture
  image_file     TEXT,                       -- file name in outbox/
  image_name     TEXT,                       -- name the seller knows
  image_mime     TEXT,
  image_id       TEXT,                       -- Avito's id once uploaded
  image_sizes    TEXT,                       -- JSON map of the uploaded sizes
  state          INTEGER NOT NULL DEFAULT 0, -- 0 queued, 1 sending, 2 unknown, 3 failed, 5 done, 6 discarded
  attempts       INTEGER NOT NULL DEFAULT 0, -- raised and committed before each attempt
  uncertain      INTEGER NOT NULL DEFAULT 0, -- how many attempts may have reached Avito
  attempt_after  INTEGER,                    -- newest message we held before the first attempt that may have reached Avito
  attempt_s      INTEGER,                    -- newest second of the chat then, by Avito's clock
  ended_ms       INTEGER,                    -- end of the last attempt
  retry_at_ms    INTEGER,                    -- not before; null: at once
  code           TEXT,                       -- reason of waiting or failure
  detail         TEXT,                       -- the server's own words
  message        INTEGER UNIQUE REFERENCES messages (id) -- the real message; one row claims it
) STRICT;
CREATE INDEX outbox_open ON outbox (account, chat, id) WHERE state < 5;
CREATE INDEX outbox_by_chat ON outbox (chat, id) WHERE state < 5;
CREATE INDEX outbox_files ON outbox (account) WHERE image_file IS NOT NULL AND state >= 5;

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
  removed     INTEGER NOT NULL DEFAULT 0, -- 1: is being deleted; 2: by the seller, who may have it back for a while
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
  indexed     INTEGER NOT NULL DEFAULT 0, -- it is in the index
  item        INTEGER                     -- Avito's item; null: what its source holds for
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
-- The webhook line of each account. The address without its path: the path is a secret.
CREATE TABLE lines (
  account         INTEGER PRIMARY KEY NOT NULL,
  wanted          INTEGER NOT NULL DEFAULT 1, -- 0: the seller took the webhook away
  registered_base TEXT,                       -- public address Avito was told
  registered_ms   INTEGER,
  error_code      TEXT,                       -- the last error of the line
  error_detail    TEXT,
  error_ms        INTEGER
) STRICT;

-- Paths under which deliveries are (or were) accepted: SHA-256 of the secret, to know our own addresses in Avito's list.
CREATE TABLE doors (
  account   INTEGER NOT NULL,
  digest    BLOB NOT NULL,
  made_ms   INTEGER NOT NULL,
  closes_ms INTEGER, -- replaced: accepted until then; null: in use
  PRIMARY KEY (account, digest)
) STRICT;

-- Buyers' messages by day: brought by an event, or found by asking although we were live.
CREATE TABLE deliveries (
  account   INTEGER NOT NULL,
  day       TEXT NOT NULL,              -- 2026-11-21, by this machine's calendar
  by_event  INTEGER NOT NULL DEFAULT 0,
  missed    INTEGER NOT NULL DEFAULT 0,
  delay_ms  INTEGER NOT NULL DEFAULT 0, -- of all that came by event, together
  PRIMARY KEY (account, day)
) STRICT;

-- Buyers' messages that were found by asking while live, and whose event may still come.
CREATE TABLE awaited_events (
  message INTEGER PRIMARY KEY NOT NULL,
  account INTEGER NOT NULL,
  sent_s  INTEGER NOT NULL
) STRICT;

-- The delivery ledger: stretches of time in which nothing can have been missed.
CREATE TABLE coverage (
  id      INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms   INTEGER NOT NULL,
  how     INTEGER NOT NULL -- 1 live, 2 polling, 3 read afterwards
) STRICT;
CREATE INDEX coverage_by_end ON coverage (account, to_ms);

-- Chats whose buyer asked something that has no draft yet. A chat stands here once; the row goes when its draft is made.
CREATE TABLE draft_work (
  chat        INTEGER PRIMARY KEY NOT NULL,
  account     INTEGER NOT NULL,
  message     INTEGER NOT NULL,           -- newest of the buyer's messages
  due_ms      INTEGER NOT NULL,           -- when the buyer has paused
  attempts    INTEGER NOT NULL DEFAULT 0, -- how often the model could not be asked
  instruction TEXT                        -- what the seller wants different; null: not asked for by the seller
) STRICT;
CREATE INDEX draft_work_by_time ON draft_work (due_ms);

-- Suggested replies, and what became of them. Rows stay: statistics and the log of what was sent by rules.
CREATE TABLE drafts (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  account    INTEGER NOT NULL,
  chat       INTEGER NOT NULL,
  message    INTEGER NOT NULL,           -- newest message of the question; the draft is stale when it no longer is the newest
  question   TEXT NOT NULL,
  asked_s    INTEGER NOT NULL,           -- when the first message of the question was sent
  state      INTEGER NOT NULL,           -- 0 ready, 1 unanswerable, 2 sent, 3 sent edited, 4 sent by a rule, 5 dismissed, 6 stale, 7 replaced
  maker      INTEGER NOT NULL,           -- 0 model, 1 quote, 2 holding reply, 3 a rule's template
  model      TEXT,
  text       TEXT NOT NULL,
  marks      TEXT NOT NULL,              -- JSON: facts with what speaks for them
  sources    TEXT NOT NULL,              -- JSON: sources as they were then
  chance     REAL NOT NULL,              -- that it answers the question, 0 to 1
  stopped    TEXT NOT NULL DEFAULT '[]', -- JSON: why a model's words were not used
  trouble    TEXT,                       -- why the model did not write it
  created_ms INTEGER NOT NULL,
  settled_ms INTEGER,
  outbox     INTEGER UNIQUE,             -- the reply it became; one draft, one reply
  sent_text  TEXT,                       -- what was sent, where it differs
  edit_share REAL,                       -- how much was changed, 0 to 1
  reason     TEXT,                       -- why the seller turned it down
  rule       INTEGER,                    -- the rule that sent it
  recall     INTEGER NOT NULL DEFAULT 0  -- the reply's facts changed within Avito's hour: 0 nothing decided, 1 it stays, 2 taken back
) STRICT;
CREATE INDEX drafts_by_chat ON drafts (chat, id);
CREATE INDEX drafts_ready ON drafts (account, created_ms) WHERE state = 0;
CREATE INDEX drafts_by_time ON drafts (created_ms);

-- Questions that nothing answers.
CREATE TABLE open_questions (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  account  INTEGER NOT NULL,
  chat     INTEGER NOT NULL,
  message  INTEGER NOT NULL UNIQUE,
  item     INTEGER,
  text     TEXT NOT NULL,
  asked_ms INTEGER NOT NULL,
  state    INTEGER NOT NULL DEFAULT 0, -- 0 open, 1 answered, 2 put away by the seller
  source   INTEGER                     -- the entry that answers it
) STRICT;
CREATE INDEX open_questions_open ON open_questions (asked_ms) WHERE state = 0;

-- What language models were asked for, for the budget.
CREATE TABLE model_uses (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms      INTEGER NOT NULL,
  day        TEXT NOT NULL,    -- by this machine's calendar: 2026-11-21
  model      TEXT NOT NULL,
  prompt     INTEGER NOT NULL, -- tokens
  completion INTEGER NOT NULL,
  rub        REAL NOT NULL     -- by the prices set then
) STRICT;
CREATE INDEX model_uses_by_day ON model_uses (day);

-- When something may be sent without being asked.
CREATE TABLE draft_rules (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  account  INTEGER,          -- null: every account
  item     INTEGER,          -- null: every item
  active   INTEGER NOT NULL, -- 0: off
  since_ms INTEGER NOT NULL, -- when it was switched on: drafts made before are the seller's
  settings TEXT NOT NULL     -- JSON
) STRICT;
