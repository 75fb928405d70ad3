-- The operators' desk: the audit keeps what it has, grants let operators into an account for a while, a tenant moves to another cell.

-- Where the audit ends. A row cut off its end is missed by this one.
CREATE TABLE audit_head (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT audit_head_only_row CHECK (only_row),
    seq bigint NOT NULL,
    hash text NOT NULL
);
INSERT INTO audit_head (seq, hash)
SELECT coalesce(max(seq), 0), coalesce((SELECT hash FROM audit ORDER BY seq DESC LIMIT 1), repeat('0', 64)) FROM audit;

-- What the audit's end was at some moment, with a digest that only the holder of the installation's key can make: whoever writes the whole
-- chain anew, its end included, cannot write these.
CREATE TABLE audit_seals (
    seq bigint PRIMARY KEY,
    hash text NOT NULL,
    mac bytea NOT NULL,
    at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

-- Covers what is not in `hash`: which request it was.
ALTER TABLE audit ADD COLUMN request_hash text;
UPDATE audit SET request_hash = audit_hash(hash, coalesce(to_json(request_id)::text, 'null'));
ALTER TABLE audit ADD CONSTRAINT audit_request_hash_required CHECK (request_hash IS NOT NULL) NOT VALID;

-- Appends the next row; two callers wait for each other at the head, so the chain has one end. The first row follows sixty-four zeros.
CREATE OR REPLACE FUNCTION append_audit(actor text, action text, target text, reason text, request_id text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    head audit_head;
    place bigint;
    moment timestamptz(3);
    link text;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    place := head.seq + 1;
    moment := clock_timestamp();
    link := audit_hash(head.hash, canonical_audit(place, moment, actor, action, target, reason, head.hash));
    INSERT INTO audit (seq, at, actor, action, target, reason, request_id, prev_hash, hash, request_hash)
    VALUES (
        place, moment, actor, action, target, reason, request_id, head.hash, link,
        audit_hash(link, coalesce(to_json(request_id)::text, 'null')));
    UPDATE audit_head SET seq = place, hash = link;
    RETURN place;
END
$$;

CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are added and never changed.', TG_TABLE_NAME USING ERRCODE = '42501';
END
$$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seals_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An operator's way into one account: for a while, with a reason, seen by the account.
CREATE TABLE grants (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT grants_tenant_reference REFERENCES tenants,
    -- Null: given at a terminal of the installation.
    operator_id uuid CONSTRAINT grants_operator_reference REFERENCES operators,
    -- As the audit names whoever it was given to.
    actor text NOT NULL,
    reason text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT grants_token_hash_unique UNIQUE,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    expires_at timestamptz(3) NOT NULL,
    revoked_at timestamptz(3)
);
CREATE INDEX grants_tenant ON grants (tenant_id, created_at);

-- The cell that a tenant is on its way to, and since when nothing is written for the last part of that way.
ALTER TABLE tenants ADD COLUMN moving_to text CONSTRAINT tenants_moving_to_reference REFERENCES cells;
ALTER TABLE tenants ADD COLUMN writes_paused_at timestamptz(3);

-- What took long, for operators who look for the reason; kept for a week. Values are not kept.
CREATE TABLE slow_statements (
    tenant_id uuid NOT NULL CONSTRAINT slow_statements_tenant_reference REFERENCES tenants ON DELETE CASCADE,
    at timestamptz(3) NOT NULL,
    milliseconds integer NOT NULL,
    statement text NOT NULL
);
CREATE INDEX slow_statements_tenant ON slow_statements (tenant_id, at);
CREATE INDEX slow_statements_at ON slow_statements (at);
