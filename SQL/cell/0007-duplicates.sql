-- What two texts share that mean the same, and the removal of a person from what stays.

-- Letters without accents and case, one space for any; at most so many that an index takes it.
CREATE FUNCTION duplicate_key(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(btrim(regexp_replace(cell.search_fold(words), '\s+', ' ', 'g')), 200)
$$;

-- The text without a person's words, whatever their case; names only as whole words. Each stands as a regular expression.
CREATE FUNCTION without_words(words text, patterns text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    pattern text;
BEGIN
    FOREACH pattern IN ARRAY patterns LOOP
        words := regexp_replace(words, pattern COLLATE "und-x-icu", '…', 'gi');
    END LOOP;
    RETURN words;
END
$$;

-- The same in every text of a document; its names stay.
CREATE FUNCTION without_words(document jsonb, patterns text[]) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE jsonb_typeof(document)
        WHEN 'string' THEN to_jsonb(cell.without_words(document #>> '{}', patterns))
        WHEN 'array' THEN coalesce(
            (SELECT jsonb_agg(cell.without_words(value, patterns) ORDER BY place)
                FROM jsonb_array_elements(document) WITH ORDINALITY AS element (value, place)), '[]')
        WHEN 'object' THEN coalesce(
            (SELECT jsonb_object_agg(key, cell.without_words(value, patterns)) FROM jsonb_each(document)), '{}')
        ELSE document END;
END
$$;

-- Takes a person out of the jobs of the tenant whose transaction this is: what waits or has died for one of the ids or holds one of the words
-- goes, what runs or has ended loses its content. Answers how many.
CREATE FUNCTION forget_in_jobs(ids uuid[], patterns text[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
    lanes bigint[] := ARRAY(SELECT l.id FROM job_lanes AS l WHERE l.tenant_id = tenant.id);
    either text := array_to_string(ids::text[] || patterns, '|');
    gone integer;
    emptied integer;
BEGIN
    DELETE FROM jobs AS j
    WHERE j.lane_id = ANY (lanes) AND j.state <> 'running'
        AND (concat_ws(' ', j.unique_key, j.error) COLLATE "und-x-icu" ~* either
            OR j.payload IS DISTINCT FROM cell.without_words(j.payload, ids::text[] || patterns));
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE jobs AS j SET payload = '{}', error = NULL
    WHERE j.lane_id = ANY (lanes) AND j.state = 'running'
        AND (j.error COLLATE "und-x-icu" ~* either OR j.payload IS DISTINCT FROM cell.without_words(j.payload, ids::text[] || patterns));
    GET DIAGNOSTICS emptied = ROW_COUNT;
    gone := gone + emptied;
    UPDATE finished_jobs AS j SET payload = '{}', unique_key = NULL
    WHERE j.lane_id = ANY (lanes)
        AND (j.unique_key COLLATE "und-x-icu" ~* either OR j.payload IS DISTINCT FROM cell.without_words(j.payload, ids::text[] || patterns));
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN gone + emptied;
END
$$;

GRANT EXECUTE ON FUNCTION duplicate_key, without_words(text, text[]), without_words(jsonb, text[]), forget_in_jobs TO PUBLIC;
