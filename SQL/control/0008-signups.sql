-- Firms that asked for an account by themselves and have not confirmed their e-mail address yet. A row lives for a day.

CREATE TABLE signups (
    id uuid PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    -- The part of the internet that the request came from.
    address text NOT NULL,
    language text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz(3) NOT NULL,
    -- SHA-256 of the secret in the link; null until the mail is written.
    token_hash bytea CONSTRAINT signups_token_hash_unique UNIQUE,
    -- When the mail is to be sent, or tried again; null once it has left or will not.
    mail_at timestamptz DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    confirmed_at timestamptz(3)
);
CREATE INDEX signups_mail_at ON signups (mail_at) WHERE mail_at IS NOT NULL;
CREATE INDEX signups_email ON signups (lower(email), created_at);
CREATE INDEX signups_address ON signups (address, created_at);
CREATE INDEX signups_created_at ON signups (created_at);
CREATE INDEX signups_expires_at ON signups (expires_at);
