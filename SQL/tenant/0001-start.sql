-- A tenant's schema from nothing: people and their rights, credentials, the first record types, the change log.
-- Every record table begins with the same columns in the same order; see Records/CommonFields.swift.

CREATE TABLE settings (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT settings_only_row CHECK (only_row),
    version integer NOT NULL DEFAULT 1,
    document jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE roles (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text CONSTRAINT roles_name_required NOT NULL,
    key text,
    rights jsonb NOT NULL DEFAULT '{}',
    hidden_fields jsonb NOT NULL DEFAULT '{}',
    readonly_fields jsonb NOT NULL DEFAULT '{}',
    admin jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX roles_name_unique ON roles (lower(name)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX roles_key_unique ON roles (key);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT users_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    email text NOT NULL,
    name text NOT NULL,
    role_id uuid NOT NULL CONSTRAINT users_role_id_reference REFERENCES roles,
    team_ids uuid[] NOT NULL DEFAULT '{}',
    time_zone text,
    locale text,
    status text NOT NULL DEFAULT 'invited' CONSTRAINT users_status_known CHECK (status IN ('invited', 'active', 'disabled')),
    digest text NOT NULL DEFAULT 'none' CONSTRAINT users_digest_known CHECK (digest IN ('none', 'daily', 'weekly')),
    password_hash text,
    CONSTRAINT users_active_has_password CHECK (status <> 'active' OR password_hash IS NOT NULL)
);
CREATE UNIQUE INDEX users_email_unique ON users (lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX users_role_id ON users (role_id);
ALTER TABLE roles ADD CONSTRAINT roles_owner_id_reference FOREIGN KEY (owner_id) REFERENCES users;

-- A person signed in. Only the SHA-256 of the token is kept.
CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT sessions_user_id_reference REFERENCES users ON DELETE CASCADE,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL,
    address text,
    user_agent text
);
CREATE INDEX sessions_user_id ON sessions (user_id);

-- A program's credential; its rights never exceed its maker's.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL CONSTRAINT api_keys_token_hash_unique UNIQUE,
    name text NOT NULL,
    prefix text NOT NULL,
    role_id uuid NOT NULL CONSTRAINT api_keys_role_id_reference REFERENCES roles,
    user_id uuid NOT NULL CONSTRAINT api_keys_user_id_reference REFERENCES users,
    allowed_ips text[],
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3),
    last_used_at timestamptz(3),
    revoked_at timestamptz(3)
);
CREATE INDEX api_keys_user_id ON api_keys (user_id);

-- The answer that a repeated request gets again (IETF draft Idempotency-Key); kept 24 hours.
CREATE TABLE idempotent_requests (
    credential uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    status smallint,
    version integer,
    location text,
    body text,
    PRIMARY KEY (credential, key)
);
CREATE INDEX idempotent_requests_created_at ON idempotent_requests (created_at);

-- What happened to every record: audit, timeline, undo and incremental export are views of it.
-- `transaction` orders rows by commit for readers that follow (rows of running transactions are not yet theirs to see).
CREATE TABLE changes (
    id uuid PRIMARY KEY,
    at timestamptz(3) NOT NULL DEFAULT now(),
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    type text NOT NULL,
    record_id uuid NOT NULL,
    version integer NOT NULL,
    action text NOT NULL CONSTRAINT changes_action_known
        CHECK (action IN ('create', 'update', 'trash', 'restore', 'purge', 'merge', 'undo', 'import')),
    actor_type text,
    actor_id uuid,
    request_id text,
    operation_id uuid,
    fields jsonb NOT NULL
);
CREATE INDEX changes_record ON changes (record_id, version, id);
-- What happened to a record in the order of time, for its timeline.
CREATE INDEX changes_timeline ON changes (record_id, at, id);
-- Rows come in the order of their time, so a few bytes per hundred pages find a span of it.
CREATE INDEX changes_at ON changes USING brin (at) WITH (autosummarize = on);
CREATE INDEX changes_operation ON changes (operation_id) WHERE operation_id IS NOT NULL;
CREATE INDEX changes_transaction ON changes (transaction, id);

CREATE TABLE companies (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT companies_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    domain text,
    industry text,
    employees integer CONSTRAINT companies_employees_not_negative CHECK (employees >= 0),
    phone text,
    website text,
    address_street text,
    address_city text,
    address_region text,
    address_postal_code text,
    address_country text,
    parent_id uuid CONSTRAINT companies_parent_id_reference REFERENCES companies,
    external_id text,
    search tsvector GENERATED ALWAYS AS (
        search_vector(coalesce(name, '') || ' ' || coalesce(domain, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(digits(phone), ''))) STORED,
    CONSTRAINT companies_parent_id_no_cycle CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX companies_domain_unique ON companies (lower(domain)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX companies_external_id_unique ON companies (external_id COLLATE "und-x-icu") WHERE deleted_at IS NULL;
CREATE INDEX companies_created_at ON companies (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_updated_at ON companies (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX companies_name ON companies (name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX companies_owner_id ON companies (owner_id, id);
CREATE INDEX companies_parent_id ON companies (parent_id, id);
CREATE INDEX companies_search ON companies USING gin (search);

CREATE TABLE contacts (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT contacts_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    first_name text,
    last_name text,
    email text,
    phone text,
    title text,
    company_id uuid CONSTRAINT contacts_company_id_reference REFERENCES companies,
    lifecycle_stage text CONSTRAINT contacts_lifecycle_stage_known CHECK (lifecycle_stage IN ('prospect', 'customer', 'former')),
    source text,
    address_street text,
    address_city text,
    address_region text,
    address_postal_code text,
    address_country text,
    birthday date,
    language text,
    time_zone text,
    email_opt_out boolean NOT NULL DEFAULT false,
    external_id text,
    search tsvector GENERATED ALWAYS AS (
        search_vector(coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')
            || ' ' || coalesce(digits(phone), ''))) STORED,
    CONSTRAINT contacts_name_or_email_required CHECK (first_name IS NOT NULL OR last_name IS NOT NULL OR email IS NOT NULL)
);
CREATE UNIQUE INDEX contacts_email_unique ON contacts (lower(email)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX contacts_external_id_unique ON contacts (external_id COLLATE "und-x-icu") WHERE deleted_at IS NULL;
CREATE INDEX contacts_created_at ON contacts (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_updated_at ON contacts (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_last_name ON contacts (last_name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX contacts_company_id ON contacts (company_id, id);
CREATE INDEX contacts_owner_id ON contacts (owner_id, id);
CREATE INDEX contacts_phone_digits ON contacts (regexp_replace(phone, '\D', '', 'g')) WHERE deleted_at IS NULL;
CREATE INDEX contacts_search ON contacts USING gin (search);
