-- Words of ASCII were cut at the letter v (E'\v' was meant for a tabulator): "marvin" was found as "mar" and "in", and so was everybody whose
-- words begin with these. Each tenant's migration then cuts its words anew.

CREATE OR REPLACE FUNCTION search_pieces(folded text, is_asked boolean) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    script CONSTANT text := '\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af'
        || '\u2600-\u27bf\U0001f300-\U0001faff\U00020000-\U0003ffff';
    spaced text;
    pieces text;
    run text;
BEGIN
    IF octet_length(folded) = char_length(folded) THEN
        RETURN regexp_replace(folded COLLATE "C", '[][ \t\n\r\f\v''"@.\-_/\\:;,+*#(){}<>&=!?|~^%$`]+', ' ', 'g');
    END IF;
    spaced := regexp_replace(folded, ('[^[:alnum:]\u0900-\u0963\u0966-\u0dff' || script || ']+') COLLATE "und-x-icu", ' ', 'g');
    IF spaced !~ ('[' || script || ']') THEN RETURN spaced; END IF;
    pieces := regexp_replace(spaced, '[' || script || ']+', ' ', 'g');
    FOR run IN SELECT match[1] FROM regexp_matches(spaced, '([' || script || ']+)', 'g') AS match LOOP
        FOR place IN 1 .. char_length(run) LOOP
            IF NOT is_asked OR char_length(run) = 1 THEN pieces := pieces || ' ' || substr(run, place, 1); END IF;
            IF place < char_length(run) THEN pieces := pieces || ' ' || substr(run, place, 2); END IF;
        END LOOP;
    END LOOP;
    RETURN pieces;
END
$$;

-- Makes anew the generated column `search` of the current schema's tables, in the rows whose text holds these letters; how many that are.
-- What a schema holds is read from pg_depend, which has an index by schema, and pg_class has none: the time of one tenant must not grow with the
-- number of its neighbours.
-- A generated column is only reckoned again where a column that it depends on is written, with whatever value. Indexes over the words of
-- tenants' own fields keep their entries where no column has changed, so they are built anew.
CREATE FUNCTION cut_words_again(letters text) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    place record;
    own regclass;
    changed bigint;
    total bigint := 0;
BEGIN
    FOR place IN
        SELECT a.attrelid::regclass AS relation, min(source.attname) AS column
        FROM pg_depend AS here JOIN pg_class AS c ON c.oid = here.objid AND c.relkind = 'r'
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'search' AND a.attgenerated = 's'
            JOIN pg_attrdef AS formula ON formula.adrelid = a.attrelid AND formula.adnum = a.attnum
            JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = formula.oid AND d.deptype = 'n'
                AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid > 0
            JOIN pg_attribute AS source ON source.attrelid = a.attrelid AND source.attnum = d.refobjsubid
        WHERE here.refclassid = 'pg_namespace'::regclass AND here.refobjid = current_schema()::regnamespace
            AND here.classid = 'pg_class'::regclass
        GROUP BY a.attrelid ORDER BY a.attrelid
    LOOP
        EXECUTE format('UPDATE %1$s AS r SET %2$I = %2$I WHERE strpos(lower(r::text), %3$L) > 0', place.relation, place.column, letters);
        GET DIAGNOSTICS changed = ROW_COUNT;
        total := total + changed;
    END LOOP;
    FOR own IN
        SELECT i.indexrelid::regclass FROM pg_depend AS here JOIN pg_index AS i ON i.indrelid = here.objid
        WHERE here.refclassid = 'pg_namespace'::regclass AND here.refobjid = current_schema()::regnamespace
            AND here.classid = 'pg_class'::regclass AND i.indexprs IS NOT NULL
            AND pg_get_expr(i.indexprs, i.indrelid) LIKE '%search_vector(%'
        ORDER BY i.indexrelid
    LOOP
        EXECUTE format('REINDEX INDEX %s', own);
    END LOOP;
    RETURN total;
END
$$;

GRANT EXECUTE ON FUNCTION cut_words_again TO PUBLIC;
