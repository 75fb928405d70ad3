-- What operators did, as a chain: each row holds the hash of the one before, so that nothing can be changed or left out unnoticed.

CREATE TABLE audit (
    seq bigint PRIMARY KEY,
    at timestamptz(3) NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    target text,
    reason text,
    request_id text,
    prev_hash text NOT NULL,
    hash text NOT NULL
);
CREATE INDEX audit_target ON audit (target, seq);

-- The row as it is hashed: RFC 8785, its members in alphabetical order without spaces. `to_json` escapes text as that standard does.
CREATE FUNCTION canonical_audit(seq bigint, at timestamptz, actor text, action text, target text, reason text, prev_hash text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '{"action":' || to_json(action)
        || ',"actor":' || to_json(actor)
        || ',"at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"'
        || ',"prev_hash":"' || prev_hash || '"'
        || ',"reason":' || coalesce(to_json(reason)::text, 'null')
        || ',"seq":' || seq
        || ',"target":' || coalesce(to_json(target)::text, 'null') || '}'
$$;

CREATE FUNCTION audit_hash(prev_hash text, canonical text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(prev_hash || canonical, 'UTF8')), 'hex')
$$;

-- Appends the next row; two callers wait for each other, so the chain has one end. The first row follows sixty-four zeros.
CREATE FUNCTION append_audit(actor text, action text, target text, reason text, request_id text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    before audit;
    place bigint;
    moment timestamptz(3);
    link text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('tenantry audit'));
    SELECT * INTO before FROM audit ORDER BY seq DESC LIMIT 1;
    place := coalesce(before.seq, 0) + 1;
    moment := clock_timestamp();
    link := coalesce(before.hash, repeat('0', 64));
    INSERT INTO audit VALUES (
        place, moment, actor, action, target, reason, request_id, link,
        audit_hash(link, canonical_audit(place, moment, actor, action, target, reason, link)));
    RETURN place;
END
$$;
