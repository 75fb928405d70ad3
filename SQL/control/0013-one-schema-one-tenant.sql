-- outside a transaction: indexes and checks are built while tenants are read and written. No two tenants are led to one schema, or act as one role.

ALTER TABLE tenants VALIDATE CONSTRAINT tenants_schema_name_required, VALIDATE CONSTRAINT tenants_role_name_required;

-- By cell, as digits are drawn there; the row of a tenant that has gone keeps its names, which others may draw again.
CREATE UNIQUE INDEX CONCURRENTLY tenants_schema_name_unique ON tenants (cell, schema_name) WHERE dropped_at IS NULL;
CREATE UNIQUE INDEX CONCURRENTLY tenants_role_name_unique ON tenants (cell, role_name) WHERE dropped_at IS NULL;
