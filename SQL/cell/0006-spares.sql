-- Schemas that stand ready for tenants to come: role, schema and empty tables. Whoever orders a tenant gets one, and
-- nobody's work is disturbed by some two hundred new relations at that moment.
CREATE TABLE spares (
    id uuid PRIMARY KEY,
    -- Names of the schema and of the role that owns it. Whoever takes it keeps them.
    schema text NOT NULL CONSTRAINT spares_schema_unique UNIQUE,
    role text NOT NULL CONSTRAINT spares_role_unique UNIQUE,
    -- The number of the last tenant's file that it was made from.
    schema_version integer NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    -- The row stays until the owner has left the role: each change of membership makes every connection look up all of them again.
    taken_at timestamptz(3)
);
CREATE INDEX spares_ready ON spares (created_at) WHERE taken_at IS NULL;
