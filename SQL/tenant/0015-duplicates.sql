-- Which records are taken for one, as the tenant decides it, and what a look through all of them has found.

-- By type: [{"all": ["phone"]}, ...]. A type that is not named here has its own.
ALTER TABLE settings ADD COLUMN duplicate_rules jsonb NOT NULL DEFAULT '{}';

CREATE TABLE duplicate_scans (
    id uuid PRIMARY KEY,
    -- Of a bounded length, like what follows: no TOAST table for every tenant.
    type varchar(63) NOT NULL,
    state varchar(10) NOT NULL DEFAULT 'queued'
        CONSTRAINT duplicate_scans_state_known CHECK (state IN ('queued', 'running', 'done', 'failed')),
    progress real NOT NULL DEFAULT 0,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_id uuid,
    finished_at timestamptz(3)
);
-- One look at a type at a time.
CREATE UNIQUE INDEX duplicate_scans_unfinished ON duplicate_scans (type) WHERE state IN ('queued', 'running');

-- Records that may be one. `number` is the order in which they are shown, the surest first; `reasons` are what speaks for it, each with its
-- fields, so that whoever does not see a field is not told of it.
CREATE TABLE duplicate_groups (
    scan_id uuid NOT NULL CONSTRAINT duplicate_groups_scan_id_reference REFERENCES duplicate_scans ON DELETE CASCADE,
    number integer NOT NULL,
    ids uuid[] NOT NULL,
    score real NOT NULL,
    reasons jsonb NOT NULL,
    PRIMARY KEY (scan_id, number)
);
