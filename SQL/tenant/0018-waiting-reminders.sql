-- outside a transaction: the tables are filled. What waits for its reader's digest; and reminders by who is told, with `all` where it is about no single record.

CREATE INDEX CONCURRENTLY occurrences_waiting ON occurrences (recipient, due_at) WHERE status = 'planned';
CREATE INDEX CONCURRENTLY reminders_told ON reminders USING gin ((recipients || CASE WHEN about_id IS NULL THEN '["all"]'::jsonb ELSE '[]'::jsonb END) jsonb_path_ops) WITH (fastupdate = off) WHERE active AND deleted_at IS NULL;
