-- A feed speaks of many items: each of its passages holds for its own.
ALTER TABLE source_passages ADD COLUMN item INTEGER; -- Avito's item; null: what its source holds for
