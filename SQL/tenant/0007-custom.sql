-- Fields and record types that the tenant has added. What they describe are real columns and tables named c_..., made at run time.

CREATE TABLE custom_fields (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT custom_fields_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    type text NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    kind text NOT NULL,
    options jsonb NOT NULL DEFAULT '[]',
    is_required boolean NOT NULL DEFAULT false,
    is_unique boolean NOT NULL DEFAULT false,
    default_value jsonb
);
CREATE UNIQUE INDEX custom_fields_name_unique ON custom_fields (type, name);

CREATE TABLE custom_objects (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT custom_objects_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    plural text NOT NULL,
    label_field text NOT NULL,
    -- Repeats the object's custom_fields, for the readers of an object.
    fields jsonb NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX custom_objects_plural_unique ON custom_objects (plural);
