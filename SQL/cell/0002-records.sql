-- What the record engine of every tenant shares: refusals with a name, and the difference of two states of a record, ids.

-- Ends the transaction with a SQLSTATE and a constraint name, so that a condition over several rows is refused like any other constraint.
CREATE FUNCTION refuse(state text, name text) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = state, CONSTRAINT = name, MESSAGE = name;
END
$$;

-- {"phone": {"before": "1", "after": "2"}} for every member that differs.
CREATE FUNCTION field_changes(before jsonb, after jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(jsonb_object_agg(key, jsonb_build_object('before', b.value, 'after', a.value)), '{}')
    FROM jsonb_each(before) AS b FULL JOIN jsonb_each(after) AS a USING (key)
    WHERE coalesce(b.value, 'null') IS DISTINCT FROM coalesce(a.value, 'null')
$$;

-- UUID version 7 (RFC 9562): ordered by the millisecond in which it was made.
CREATE FUNCTION uuid_v7() RETURNS uuid
    LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(
        set_bit(set_bit(
            overlay(
                uuid_send(gen_random_uuid())
                PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;

GRANT EXECUTE ON FUNCTION refuse, field_changes, uuid_v7 TO PUBLIC;
