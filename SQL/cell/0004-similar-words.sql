-- Words that are nearly the same, and parts of words, by the groups of three letters that they share.

CREATE EXTENSION pg_trgm;
