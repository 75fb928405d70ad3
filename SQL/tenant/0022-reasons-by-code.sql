-- Why rows of files were not taken, and why a whole import failed, by code: so that it can be said in the language of who reads it.

-- For each of `reasons` its code and the column that it is about (null: the row as such). Empty where only sentences were written.
ALTER TABLE import_errors ADD COLUMN codes text[] NOT NULL DEFAULT '{}', ADD COLUMN places text[] NOT NULL DEFAULT '{}';

ALTER TABLE imports ADD COLUMN failure_code text;
