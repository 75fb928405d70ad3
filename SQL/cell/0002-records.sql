-- What the record engine of every tenant shares: refusals with a name, and the difference of two states of a record.

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
    WHERE b.value IS DISTINCT FROM a.value
$$;

GRANT EXECUTE ON FUNCTION refuse, field_changes TO PUBLIC;
