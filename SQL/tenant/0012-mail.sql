-- Mail that leaves in the tenant's name: what became of each, whom not to write to any more, and what the links in it open.

-- All texts are of a bounded length: no TOAST table for every tenant.
CREATE TABLE mails (
    -- Stands in the Message-ID, by which a mail whose fate is unknown can be looked for.
    id uuid PRIMARY KEY,
    kind varchar(20) NOT NULL,
    recipient varchar(254) NOT NULL,
    subject varchar(100) NOT NULL,
    -- The record in whose timeline it stands.
    about_id uuid,
    -- sending: it was handed to a server, or its worker died before it said what came of that; waiting: it was not taken yet.
    state varchar(8) NOT NULL CONSTRAINT mails_state_known CHECK (state IN ('sending', 'waiting', 'sent', 'failed', 'refused', 'unknown')),
    -- Why it is not sent.
    reason varchar(80),
    attempts integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    sent_at timestamptz(3),
    -- When it came back.
    bounced_at timestamptz(3)
);
CREATE INDEX mails_about ON mails (about_id, created_at, id) WHERE about_id IS NOT NULL;
-- The latest ones, of which too many came back.
CREATE INDEX mails_sent_at ON mails (sent_at) WHERE sent_at IS NOT NULL;

-- Addresses, in lower case, to which no more mail goes.
CREATE TABLE suppressions (
    address varchar(254) PRIMARY KEY,
    reason varchar(12) NOT NULL CONSTRAINT suppressions_reason_known CHECK (reason IN ('bounce', 'complaint', 'unsubscribed')),
    -- A server's words.
    detail varchar(200),
    -- The mail that came back, or that its reader complained of.
    mail_id uuid,
    created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- What a link in a mail opens, by its purpose: {"password_reset": {"hash", "until"}}. Only the SHA-256 of the link's secret is kept, and one
-- link for each purpose: a new one ends the old.
ALTER TABLE users ADD COLUMN links jsonb NOT NULL DEFAULT '{}';
-- When the owner of the address showed that it is theirs; null again when the address changes.
ALTER TABLE users ADD COLUMN email_confirmed_at timestamptz(3);
ALTER TABLE users ADD COLUMN email_opt_out boolean NOT NULL DEFAULT false;
-- Digests of the networks and programs that the user has signed in from, the latest last.
ALTER TABLE users ADD COLUMN seen_from text[] NOT NULL DEFAULT '{}';

-- Since when too many mails came back for more to be sent; and from when on they are counted.
ALTER TABLE settings ADD COLUMN mail_paused_at timestamptz(3);
ALTER TABLE settings ADD COLUMN mail_resumed_at timestamptz(3);

-- The month (UTC) that the number is of, for what begins anew each month.
ALTER TABLE usage ADD COLUMN month date;
