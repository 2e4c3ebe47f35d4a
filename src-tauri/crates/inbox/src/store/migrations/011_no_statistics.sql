-- How many rows the tables had when the program was last closed. Of an archive with one delivery it said that walking through all of
-- them costs nothing, and the journal did so, for each batch, while they became a hundred thousand.
DROP TABLE IF EXISTS sqlite_stat1;
DROP TABLE IF EXISTS sqlite_stat4;
