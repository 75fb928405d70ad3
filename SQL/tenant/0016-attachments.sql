-- Files on records. The bytes are in the blob store under the attachment's id; `usage` counts what has a size and is not removed.
-- A row without a digest is an upload that runs or was cut off; a removed one waits for a job to delete its bytes.

CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    type text NOT NULL,
    record_id uuid NOT NULL,
    name text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL CONSTRAINT attachments_size_not_negative CHECK (size >= 0),
    digest bytea,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    removed_at timestamptz(3)
);
CREATE INDEX attachments_record ON attachments (record_id, id);

-- Until when someone follows the changes as they happen: only then does a write tell of itself.
ALTER TABLE settings ADD COLUMN watched_until timestamptz(3);
