-- What leaves the account, and who did what to the account itself.

-- A file that someone asked for. Its content lies with the other files under the id, until it expires; then the row goes too.
CREATE TABLE exports (
    id uuid PRIMARY KEY,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    actor_type text NOT NULL,
    actor_id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL,
    format text NOT NULL CONSTRAINT exports_format_known CHECK (format IN ('csv', 'jsonl', 'vcard')),
    -- where, view_id, fields and since, as they were asked for.
    conditions jsonb NOT NULL,
    -- Digest of what the maker's role allowed when the content was made: with another role it is not given out.
    rights bytea,
    state text NOT NULL DEFAULT 'queued' CONSTRAINT exports_state_known CHECK (state IN ('queued', 'running', 'done', 'failed')),
    total bigint NOT NULL DEFAULT 0,
    exported bigint NOT NULL DEFAULT 0,
    deleted bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    sha256 text,
    cursor text,
    detail text,
    finished_at timestamptz(3),
    expires_at timestamptz(3) NOT NULL
);

-- Sign-ins, exports, keys, settings, rights: rows are added and never changed. What is done to records stands in `changes`.
-- Nothing here is long, so that the table needs no second one for what is.
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    actor_type varchar(10),
    actor_id uuid,
    action varchar(40) NOT NULL,
    about_type varchar(60),
    about_id uuid,
    address varchar(45),
    request_id varchar(200),
    detail jsonb NOT NULL DEFAULT '{}'
);
