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
