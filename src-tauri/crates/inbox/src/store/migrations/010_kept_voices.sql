-- Recordings that are fetched as their messages come, before anybody plays them.
ALTER TABLE media ADD COLUMN keep INTEGER NOT NULL DEFAULT 0; -- 1: to be fetched
CREATE INDEX media_to_keep ON media (account, id) WHERE keep = 1;
