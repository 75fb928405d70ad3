-- outside a transaction: the tables are filled. What people call a record is found by a part of a word, and by a slip of the pen.

CREATE INDEX CONCURRENTLY companies_similar ON companies USING gin (search_fold(name) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
CREATE INDEX CONCURRENTLY deals_similar ON deals USING gin (search_fold(name) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
CREATE INDEX CONCURRENTLY contacts_similar ON contacts USING gin (search_fold(coalesce(first_name, '') || ' ' || coalesce(last_name, '')) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
CREATE INDEX CONCURRENTLY leads_similar ON leads USING gin (search_fold(coalesce(first_name, '') || ' ' || coalesce(last_name, '')) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
CREATE INDEX CONCURRENTLY activities_similar ON activities USING gin (search_fold(subject) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
CREATE INDEX CONCURRENTLY tasks_similar ON tasks USING gin (search_fold(title) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
