-- The directory of the whole installation: its cells, tenants, plans and operators. Only the owner's connections come here.

CREATE TABLE installation (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_only_row CHECK (only_row),
    id uuid NOT NULL,
    -- Stands in for a configured key; null as long as one is configured.
    secret_key bytea CONSTRAINT installation_secret_key_length CHECK (length(secret_key) >= 32),
    created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- One database with a login role of its own. `url` is the owner's way to it; null: this very database.
CREATE TABLE cells (
    name text PRIMARY KEY CONSTRAINT cells_name_form CHECK (name ~ '^[a-z][a-z0-9]{0,19}$'),
    url text CONSTRAINT cells_url_unique UNIQUE,
    login_role text NOT NULL CONSTRAINT cells_login_role_unique UNIQUE,
    tenants_role text NOT NULL CONSTRAINT cells_tenants_role_unique UNIQUE,
    -- Tells whether the login role's password was made from the key in force; it cannot be turned back into the key.
    login_key_check bytea,
    tenant_limit integer NOT NULL DEFAULT 1000 CONSTRAINT cells_tenant_limit_positive CHECK (tenant_limit > 0),
    state text NOT NULL DEFAULT 'open' CONSTRAINT cells_state_known CHECK (state IN ('open', 'closed')),
    schema_version integer NOT NULL DEFAULT 0,
    created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX cells_one_beside_control ON cells ((url IS NULL)) WHERE url IS NULL;

-- What a tenant may use. A version never changes once it is written; a tenant keeps the one it was sold.
CREATE TABLE plans (
    name text CONSTRAINT plans_name_form CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
    version integer CONSTRAINT plans_version_positive CHECK (version > 0),
    limits jsonb NOT NULL CONSTRAINT plans_limits_object CHECK (jsonb_typeof(limits) = 'object'),
    rates jsonb NOT NULL CONSTRAINT plans_rates_object CHECK (jsonb_typeof(rates) = 'object'),
    features jsonb NOT NULL CONSTRAINT plans_features_object CHECK (jsonb_typeof(features) = 'object'),
    price jsonb NOT NULL CONSTRAINT plans_price_object CHECK (jsonb_typeof(price) = 'object'),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);

-- A row stays for ever: the slug of a deleted tenant is never given to another.
CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL CONSTRAINT tenants_slug_unique UNIQUE
        CONSTRAINT tenants_slug_form CHECK (slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'),
    name text NOT NULL,
    cell text NOT NULL CONSTRAINT tenants_cell_reference REFERENCES cells,
    state text NOT NULL DEFAULT 'provisioning' CONSTRAINT tenants_state_known
        CHECK (state IN ('provisioning', 'trial', 'active', 'past_due', 'suspended', 'deletion_scheduled', 'deleted')),
    -- What a suspended tenant becomes when it is resumed.
    resumes_as text CONSTRAINT tenants_resumes_as_working CHECK (resumes_as IN ('trial', 'active', 'past_due')),
    -- What a tenant becomes when its scheduled deletion is cancelled.
    cancels_to text CONSTRAINT tenants_cancels_to_living CHECK (cancels_to IN ('trial', 'active', 'past_due', 'suspended')),
    plan text NOT NULL,
    plan_version integer NOT NULL,
    overrides jsonb NOT NULL DEFAULT '{}' CONSTRAINT tenants_overrides_object CHECK (jsonb_typeof(overrides) = 'object'),
    test boolean NOT NULL DEFAULT false,
    blueprint text,
    schema_version integer NOT NULL DEFAULT 0,
    quarantined_reason text,
    -- Keyed digest of the request that asked for the tenant: the same request again finds it, another is refused.
    fingerprint bytea NOT NULL,
    admin_id uuid NOT NULL,
    admin_email text NOT NULL,
    trial_ends_at timestamptz(3),
    deletion_due_at timestamptz(3) CONSTRAINT tenants_deletion_due_at_when_scheduled
        CHECK ((state = 'deletion_scheduled') = (deletion_due_at IS NOT NULL)),
    deleted_at timestamptz(3) CONSTRAINT tenants_deleted_at_when_deleted CHECK ((state = 'deleted') = (deleted_at IS NOT NULL)),
    -- When the last trace of its schema was removed from the cell.
    dropped_at timestamptz(3),
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    -- Every process reads what changed since it last looked.
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT tenants_plan_reference FOREIGN KEY (plan, plan_version) REFERENCES plans (name, version)
);
CREATE INDEX tenants_changed_at ON tenants (changed_at);
CREATE INDEX tenants_cell ON tenants (cell);
CREATE INDEX tenants_deletion_due_at ON tenants (deletion_due_at) WHERE deletion_due_at IS NOT NULL;

CREATE TABLE operators (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CONSTRAINT operators_role_known CHECK (role IN ('viewer', 'support', 'admin')),
    token_hash bytea NOT NULL CONSTRAINT operators_token_hash_unique UNIQUE,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    last_used_at timestamptz(3),
    revoked_at timestamptz(3)
);
CREATE UNIQUE INDEX operators_name_unique ON operators (name) WHERE revoked_at IS NULL;

-- A failed sign-in counts for fifteen minutes, for its account and for the address it came from.
-- The account is a keyed digest of tenant and e-mail: nobody can read here whom someone tried to be.
CREATE TABLE sign_in_failures (
    account bytea NOT NULL,
    address text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sign_in_failures_account ON sign_in_failures (account, at);
CREATE INDEX sign_in_failures_address ON sign_in_failures (address, at);
CREATE INDEX sign_in_failures_at ON sign_in_failures (at);
