-- Every version of the settings, so that people see who decided what and can go back.

CREATE TABLE settings_history (
    version integer PRIMARY KEY,
    at timestamptz(3) NOT NULL DEFAULT now(),
    actor_type text,
    actor_id uuid,
    request_id text,
    document jsonb NOT NULL,
    -- Dotted names of what differs from the version before.
    changed text[] NOT NULL DEFAULT '{}'
);

INSERT INTO settings_history (version, document) SELECT version, document FROM settings;
