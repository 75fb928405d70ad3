-- Lists worth keeping: which records, in which order, with which columns, and who sees the list.

CREATE TABLE views (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT views_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    type text NOT NULL,
    kind text NOT NULL DEFAULT 'view' CONSTRAINT views_kind_known CHECK (kind IN ('view', 'segment')),
    conditions jsonb NOT NULL DEFAULT '{"and":[]}',
    sort text,
    columns text[] NOT NULL DEFAULT '{}',
    shared_with text NOT NULL DEFAULT 'me' CONSTRAINT views_shared_with_known CHECK (shared_with IN ('me', 'team', 'all'))
);
CREATE INDEX views_type ON views (type, name, id) WHERE deleted_at IS NULL;
