-- How much a tenant has of what its plan limits: the number a write compares, kept in the transaction of that write.
-- `records` is the sum of all `records.<type>`; see Records/Usage.

CREATE TABLE usage (
    -- Of a bounded length: no TOAST table for every tenant.
    resource varchar(60) PRIMARY KEY,
    used bigint NOT NULL
);

INSERT INTO usage (resource, used)
SELECT 'users', count(*) FROM users WHERE deleted_at IS NULL AND status IN ('active', 'invited')
UNION ALL SELECT 'api_keys', count(*) FROM api_keys WHERE revoked_at IS NULL
UNION ALL SELECT 'custom_objects', count(*) FROM custom_objects WHERE deleted_at IS NULL
UNION ALL SELECT 'custom_fields', count(*) FROM custom_fields
    WHERE deleted_at IS NULL AND type NOT IN (SELECT plural FROM custom_objects WHERE deleted_at IS NOT NULL)
UNION ALL SELECT 'records.contacts', count(*) FROM contacts WHERE deleted_at IS NULL
UNION ALL SELECT 'records.companies', count(*) FROM companies WHERE deleted_at IS NULL
UNION ALL SELECT 'records.leads', count(*) FROM leads WHERE deleted_at IS NULL
UNION ALL SELECT 'records.deals', count(*) FROM deals WHERE deleted_at IS NULL
UNION ALL SELECT 'records.activities', count(*) FROM activities WHERE deleted_at IS NULL
UNION ALL SELECT 'records.tasks', count(*) FROM tasks WHERE deleted_at IS NULL
-- The tables of a tenant's own types have names that only its rows know.
UNION ALL SELECT 'records.' || plural, (xpath(
        '/row/n/text()',
        query_to_xml(format('SELECT count(*) AS n FROM %I WHERE deleted_at IS NULL', 'c_' || plural), false, true, '')
    ))[1]::text::bigint
    FROM custom_objects WHERE deleted_at IS NULL;

INSERT INTO usage (resource, used) SELECT 'records', coalesce(sum(used), 0) FROM usage WHERE resource LIKE 'records.%';
