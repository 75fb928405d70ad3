-- What comes in from files: each import with its order and how far it is, and what was wrong with which row.

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    -- Whose it is, and whom the change log names.
    actor_type text NOT NULL,
    actor_id uuid NOT NULL,
    user_id uuid NOT NULL,
    request_id text NOT NULL,
    type text NOT NULL,
    mode text NOT NULL CONSTRAINT imports_mode_known CHECK (mode IN ('create', 'update', 'upsert')),
    key text,
    mapping json NOT NULL DEFAULT '{}',
    dry_run boolean NOT NULL DEFAULT false,
    options json NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'created' CONSTRAINT imports_state_known CHECK (
        state IN ('created', 'queued', 'validating', 'running', 'done', 'failed', 'cancelled', 'reverting', 'reverted')),
    -- Which table import_<staging> holds the rows while they are needed.
    staging uuid,
    -- The file as it was read: {"columns", "proposed_mapping", "encoding", "delimiter"}.
    content json,
    total bigint NOT NULL DEFAULT 0,
    -- The rows that are finished: a batch adds its own in its transaction, so none is done twice.
    done int8multirange NOT NULL DEFAULT '{}',
    created bigint NOT NULL DEFAULT 0,
    updated bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    failure text,
    reverted bigint NOT NULL DEFAULT 0,
    conflicts jsonb NOT NULL DEFAULT '[]',
    started_at timestamptz(3),
    finished_at timestamptz(3)
);

CREATE TABLE import_errors (
    import_id uuid NOT NULL CONSTRAINT import_errors_import_id_reference REFERENCES imports ON DELETE CASCADE,
    -- 1 is the first below the header.
    row bigint NOT NULL,
    columns text[] NOT NULL,
    reasons text[] NOT NULL,
    cells text[] NOT NULL,
    PRIMARY KEY (import_id, row)
);
