-- What people do and have to do: activities and tasks, on any record.

CREATE TABLE activities (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT activities_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    kind text NOT NULL CONSTRAINT activities_kind_known CHECK (kind IN ('call', 'meeting', 'email', 'note')),
    subject text NOT NULL,
    body text,
    at timestamptz(3) NOT NULL,
    duration_minutes integer CONSTRAINT activities_duration_not_negative CHECK (duration_minutes >= 0),
    direction text CONSTRAINT activities_direction_known CHECK (direction IN ('inbound', 'outbound')),
    contact_ids uuid[] NOT NULL DEFAULT '{}',
    company_id uuid CONSTRAINT activities_company_id_reference REFERENCES companies,
    deal_id uuid CONSTRAINT activities_deal_id_reference REFERENCES deals,
    lead_id uuid CONSTRAINT activities_lead_id_reference REFERENCES leads,
    search tsvector GENERATED ALWAYS AS (search_vector(subject || ' ' || left(coalesce(body, ''), 5000))) STORED
);
CREATE INDEX activities_created_at ON activities (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX activities_at ON activities (at, id) WHERE deleted_at IS NULL;
CREATE INDEX activities_owner_id ON activities (owner_id, at, id);
CREATE INDEX activities_contact_ids ON activities USING gin (contact_ids);
CREATE INDEX activities_company_id ON activities (company_id, at, id);
CREATE INDEX activities_deal_id ON activities (deal_id, at, id);
CREATE INDEX activities_lead_id ON activities (lead_id, at, id);
CREATE INDEX activities_search ON activities USING gin (search);

CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT tasks_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    title text NOT NULL,
    body text,
    -- As the person means it; due_at is the instant that follows from it.
    due_local text,
    due_zone text,
    due_at timestamptz(3),
    priority text NOT NULL DEFAULT 'normal' CONSTRAINT tasks_priority_known CHECK (priority IN ('low', 'normal', 'high')),
    status text NOT NULL DEFAULT 'open' CONSTRAINT tasks_status_known CHECK (status IN ('open', 'done', 'cancelled')),
    assignee_id uuid CONSTRAINT tasks_assignee_id_reference REFERENCES users,
    about_type text,
    about_id uuid,
    reminders integer[] NOT NULL DEFAULT '{}',
    completed_at timestamptz(3),
    search tsvector GENERATED ALWAYS AS (search_vector(title || ' ' || left(coalesce(body, ''), 5000))) STORED,
    CONSTRAINT tasks_due_whole CHECK ((due_local IS NULL) = (due_at IS NULL) AND (due_zone IS NULL) = (due_at IS NULL)),
    CONSTRAINT tasks_about_whole CHECK ((about_type IS NULL) = (about_id IS NULL))
);
CREATE INDEX tasks_created_at ON tasks (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_due_at ON tasks (due_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_assignee_id ON tasks (assignee_id, due_at, id) WHERE deleted_at IS NULL;
CREATE INDEX tasks_owner_id ON tasks (owner_id, id);
CREATE INDEX tasks_about ON tasks (about_id, created_at, id);
CREATE INDEX tasks_search ON tasks USING gin (search);

-- SHA-256 of the token in the address of the user's calendar. A tenant's users are few: they need no index to find it.
ALTER TABLE users ADD COLUMN calendar_token_hash bytea;
