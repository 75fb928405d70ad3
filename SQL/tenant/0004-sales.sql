-- How something is sold: leads, pipelines with their stages, deals and their way through the stages, quotas.

CREATE TABLE leads (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT leads_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    first_name text,
    last_name text,
    company_name text,
    email text,
    phone text,
    source text,
    status text NOT NULL DEFAULT 'new'
        CONSTRAINT leads_status_known CHECK (status IN ('new', 'working', 'qualified', 'unqualified', 'converted')),
    score integer CONSTRAINT leads_score_range CHECK (score BETWEEN 0 AND 100),
    external_id text,
    converted_contact_id uuid CONSTRAINT leads_converted_contact_id_reference REFERENCES contacts,
    converted_company_id uuid CONSTRAINT leads_converted_company_id_reference REFERENCES companies,
    converted_deal_id uuid,
    converted_at timestamptz(3),
    search tsvector GENERATED ALWAYS AS (
        search_vector(coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(company_name, '') || ' '
            || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(digits(phone), ''))) STORED,
    CONSTRAINT leads_name_required
        CHECK (first_name IS NOT NULL OR last_name IS NOT NULL OR company_name IS NOT NULL OR email IS NOT NULL),
    CONSTRAINT leads_converted_has_contact CHECK ((status = 'converted') = (converted_at IS NOT NULL))
);
CREATE UNIQUE INDEX leads_external_id_unique ON leads (external_id COLLATE "und-x-icu") WHERE deleted_at IS NULL;
CREATE INDEX leads_created_at ON leads (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_status ON leads (status, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX leads_email ON leads (lower(email)) WHERE deleted_at IS NULL;
CREATE INDEX leads_owner_id ON leads (owner_id, id);
CREATE INDEX leads_search ON leads USING gin (search);

CREATE TABLE pipelines (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT pipelines_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    currency text NOT NULL,
    stages jsonb NOT NULL
);

-- The stages of every pipeline as rows, so that a deal can refer to one: repeats pipelines.stages, written with it.
CREATE TABLE stages (
    id uuid PRIMARY KEY,
    pipeline_id uuid NOT NULL CONSTRAINT stages_pipeline_id_reference REFERENCES pipelines ON DELETE CASCADE,
    position integer NOT NULL,
    name text NOT NULL,
    kind text NOT NULL CONSTRAINT stages_kind_known CHECK (kind IN ('open', 'won', 'lost')),
    probability integer NOT NULL CONSTRAINT stages_probability_range CHECK (probability BETWEEN 0 AND 100),
    forecast_category text NOT NULL
        CONSTRAINT stages_forecast_category_known CHECK (forecast_category IN ('pipeline', 'best', 'commit', 'omitted')),
    required_fields text[] NOT NULL DEFAULT '{}',
    CONSTRAINT stages_pipeline_unique UNIQUE (pipeline_id, id)
);

CREATE TABLE deals (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT deals_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    pipeline_id uuid NOT NULL CONSTRAINT deals_pipeline_id_reference REFERENCES pipelines,
    stage_id uuid NOT NULL,
    position integer NOT NULL DEFAULT 0,
    amount numeric(19,4) CONSTRAINT deals_amount_not_negative CHECK (amount >= 0),
    amount_currency text,
    close_date date,
    probability integer NOT NULL CONSTRAINT deals_probability_range CHECK (probability BETWEEN 0 AND 100),
    -- What someone set; the stage's counts where nobody did.
    own_probability integer,
    contact_id uuid CONSTRAINT deals_contact_id_reference REFERENCES contacts,
    company_id uuid CONSTRAINT deals_company_id_reference REFERENCES companies,
    lost_reason text,
    external_id text,
    status text NOT NULL CONSTRAINT deals_status_known CHECK (status IN ('open', 'won', 'lost')),
    weighted_amount numeric GENERATED ALWAYS AS (amount * probability / 100) STORED,
    stage_entered_at timestamptz(3) NOT NULL DEFAULT now(),
    closed_at timestamptz(3),
    search tsvector GENERATED ALWAYS AS (search_vector(name)) STORED,
    CONSTRAINT deals_stage_id_reference FOREIGN KEY (pipeline_id, stage_id) REFERENCES stages (pipeline_id, id),
    CONSTRAINT deals_amount_has_currency CHECK ((amount IS NULL) = (amount_currency IS NULL)),
    CONSTRAINT deals_lost_reason_required CHECK (status <> 'lost' OR lost_reason IS NOT NULL)
);
CREATE UNIQUE INDEX deals_external_id_unique ON deals (external_id COLLATE "und-x-icu") WHERE deleted_at IS NULL;
CREATE INDEX deals_created_at ON deals (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_updated_at ON deals (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_name ON deals (name COLLATE "und-x-icu", id) WHERE deleted_at IS NULL;
CREATE INDEX deals_amount ON deals (amount, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_close_date ON deals (close_date, id) WHERE deleted_at IS NULL;
CREATE INDEX deals_stage ON deals (stage_id, position, id);
CREATE INDEX deals_owner_id ON deals (owner_id, id);
CREATE INDEX deals_contact_id ON deals (contact_id, id);
ALTER TABLE leads ADD CONSTRAINT leads_converted_deal_id_reference FOREIGN KEY (converted_deal_id) REFERENCES deals;
CREATE INDEX deals_company_id ON deals (company_id, id);
CREATE INDEX deals_search ON deals USING gin (search);

-- A deal's way: which stage it was in, from when to when, and who moved it there.
CREATE TABLE deal_stages (
    id uuid PRIMARY KEY,
    deal_id uuid NOT NULL CONSTRAINT deal_stages_deal_id_reference REFERENCES deals ON DELETE CASCADE,
    stage_id uuid NOT NULL,
    entered_at timestamptz(3) NOT NULL,
    left_at timestamptz(3),
    actor_type text,
    actor_id uuid
);
CREATE INDEX deal_stages_deal ON deal_stages (deal_id, entered_at, id);
CREATE INDEX deal_stages_stage ON deal_stages (stage_id, entered_at);

CREATE TABLE quotas (
    user_id uuid NOT NULL CONSTRAINT quotas_user_id_reference REFERENCES users ON DELETE CASCADE,
    month date NOT NULL CONSTRAINT quotas_month_begins CHECK (extract(day FROM month) = 1),
    amount numeric(19,4) NOT NULL CONSTRAINT quotas_amount_not_negative CHECK (amount >= 0),
    amount_currency text NOT NULL,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_by_type text,
    updated_by_id uuid,
    PRIMARY KEY (user_id, month)
);
