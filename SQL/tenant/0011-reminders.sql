-- Reminders, the templates of their mails, and the ledger of what fell due and what became of it.

CREATE TABLE templates (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT templates_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    locale text,
    subject text NOT NULL,
    body text NOT NULL
);
CREATE INDEX templates_created_at ON templates (created_at, id) WHERE deleted_at IS NULL;

CREATE TABLE reminders (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT reminders_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    -- A type without an id: every record of it.
    about_type text,
    about_id uuid,
    -- {"local", "time_zone"} or {"field", "offset_minutes"}.
    moment jsonb NOT NULL,
    moment_field text GENERATED ALWAYS AS (moment ->> 'field') STORED,
    rrule text,
    exdate jsonb NOT NULL DEFAULT '[]',
    recipients jsonb NOT NULL,
    template_id uuid CONSTRAINT reminders_template_id_reference REFERENCES templates,
    subject text,
    body text,
    active boolean NOT NULL DEFAULT true,
    CONSTRAINT reminders_words_required CHECK (template_id IS NOT NULL OR subject IS NOT NULL),
    CONSTRAINT reminders_about_whole CHECK (about_id IS NULL OR about_type IS NOT NULL)
);
CREATE INDEX reminders_created_at ON reminders (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX reminders_about ON reminders (about_id, id) WHERE about_id IS NOT NULL;
-- Which reminders a changed record moves: every write of a record looks here.
CREATE INDEX reminders_moment_field ON reminders (about_type) WHERE moment_field IS NOT NULL AND active AND deleted_at IS NULL;

-- What fell due, one row for each recipient. Its id follows from what it is, so the same is never entered twice. All texts are of a bounded
-- length: no TOAST table for every tenant.
CREATE TABLE occurrences (
    id uuid PRIMARY KEY,
    -- NULL: one of a task's own reminders. No reference: the ledger outlasts what it tells of.
    reminder_id uuid,
    about_type varchar(48),
    about_id uuid,
    -- user:<id>, contact:<id>, lead:<id> or email:<address>
    recipient varchar(206) NOT NULL,
    due_at timestamptz(3) NOT NULL,
    local varchar(16) NOT NULL,
    time_zone varchar(40) NOT NULL,
    status varchar(8) NOT NULL DEFAULT 'planned'
        CONSTRAINT occurrences_status_known CHECK (status IN ('planned', 'sent', 'skipped', 'failed', 'unknown')),
    reason varchar(12) CONSTRAINT occurrences_reason_known CHECK (
        reason IN ('opted_out', 'suppressed', 'trashed', 'inactive', 'suspended', 'plan', 'quiet_hours', 'past', 'no_address')),
    attempts integer NOT NULL DEFAULT 0,
    -- Known before any mail server hears of it.
    message_id varchar(130),
    settled_at timestamptz(3)
);
CREATE INDEX occurrences_due_at ON occurrences (due_at, id);
CREATE INDEX occurrences_reminder ON occurrences (reminder_id, about_id, due_at);
CREATE INDEX occurrences_about ON occurrences (about_id, due_at, id) WHERE about_id IS NOT NULL;

INSERT INTO usage (resource, used) VALUES ('active_reminders', 0);
