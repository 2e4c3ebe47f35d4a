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
  maker      INTEGER NOT NULL,           -- 0 model, 1 quote, 2 holding reply
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
  rule       INTEGER                     -- the rule that sent it
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
