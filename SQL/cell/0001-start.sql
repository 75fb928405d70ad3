-- What belongs to one cell: whose it is, which tenants live here, and how far each tenant's schema has been migrated.
-- Tenants' roles may use this schema but read none of its tables; they may call the functions that a file grants, and no others.

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE this_cell (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT this_cell_only_row CHECK (only_row),
    installation uuid NOT NULL,
    name text NOT NULL
);

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT tenants_slug_unique UNIQUE,
    schema text NOT NULL CONSTRAINT tenants_schema_unique UNIQUE,
    role text NOT NULL CONSTRAINT tenants_role_unique UNIQUE,
    created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- The truth about a tenant's schema: a row is written in the transaction that made the change. The control schema only repeats it.
CREATE TABLE tenant_migrations (
    tenant_id uuid NOT NULL CONSTRAINT tenant_migrations_tenant_reference REFERENCES tenants ON DELETE CASCADE,
    number integer NOT NULL,
    name text NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, number)
);
