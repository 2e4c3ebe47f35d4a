-- What the seller decided about a reply whose facts changed within Avito's hour: 0 nothing yet, 1 it stays, 2 it was taken back.
ALTER TABLE drafts ADD COLUMN recall INTEGER NOT NULL DEFAULT 0;
