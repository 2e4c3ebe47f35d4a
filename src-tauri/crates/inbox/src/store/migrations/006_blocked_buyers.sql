-- Whom the seller has blocked. Avito has no call that lists them.
CREATE TABLE blocked_buyers (
  account    INTEGER NOT NULL REFERENCES accounts (id),
  buyer_id   INTEGER NOT NULL, -- Avito's user id
  blocked_ms INTEGER NOT NULL,
  PRIMARY KEY (account, buyer_id)
) STRICT;
