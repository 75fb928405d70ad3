-- What fields of every tenant share: money as people read it, digits of a telephone number, and words as the search finds them.

-- Decimals of a currency's minor unit (ISO 4217); two unless listed.
CREATE FUNCTION minor_digits(currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
            'XOF', 'XPF') THEN 0
        WHEN currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
        WHEN currency IN ('CLF', 'UYW') THEN 4
        ELSE 2 END
$$;

-- Rounds halves to the even neighbour, as sums of money are rounded once per printed figure.
CREATE FUNCTION half_even(value numeric, digits integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN abs(value * 10::numeric ^ digits - trunc(value * 10::numeric ^ digits)) = 0.5
            AND mod(trunc(value * 10::numeric ^ digits), 2) = 0
        THEN trunc(value, digits) ELSE round(value, digits) END
$$;

-- {"amount":"1200.50","currency":"EUR"} with the currency's minor digits; null for a missing amount.
CREATE FUNCTION money_json(amount numeric, currency text) RETURNS json
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('{"amount":"' || cell.half_even(amount, cell.minor_digits(currency))::text || '","currency":"' || currency || '"}')::json
$$;

-- The digits of a telephone number and nothing else.
CREATE FUNCTION digits(phone text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(phone, '\D', '', 'g')
$$;

-- Lower case without accents, whatever the writing: what two words must share to be the same word for someone who searches.
CREATE FUNCTION search_fold(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words) THEN lower(words)
        ELSE normalize(
            regexp_replace(
                normalize(
                    translate(
                        replace(replace(replace(lower(words COLLATE "und-x-icu"), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
                        'øđłıħŧ', 'odliht'),
                    NFKD),
                '[\u0300-\u036f]', '', 'g'),
            NFC) END
$$;

-- Characters of scripts that write without spaces: each stands alone and with its neighbour, so that any part of a word is found.
CREATE FUNCTION search_pieces(words text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    pieces text := regexp_replace(words, '[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+', ' ', 'g');
    run text;
BEGIN
    FOR run IN SELECT match[1]
        FROM regexp_matches(words, '([\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+)', 'g') AS match
    LOOP
        FOR place IN 1 .. char_length(run) LOOP
            pieces := pieces || ' ' || substr(run, place, 1);
            IF place < char_length(run) THEN pieces := pieces || ' ' || substr(run, place, 2); END IF;
        END LOOP;
    END LOOP;
    RETURN pieces;
END
$$;

-- What a record can be found by. Signs separate words, so that a part of an e-mail address is a word too.
CREATE FUNCTION search_vector(words text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words)
        THEN to_tsvector('pg_catalog.simple', translate(lower(words), '''"@.-_/\:;,+*#()[]{}<>&=!?|~^%$`', '                                '))
        ELSE to_tsvector(
            'pg_catalog.simple', regexp_replace(cell.search_pieces(cell.search_fold(words)), '[^[:alnum:]]+' COLLATE "und-x-icu", ' ', 'g')) END
$$;

-- The words that someone typed, each as the beginning of a word; null when there is none.
CREATE FUNCTION search_query(words text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg('''' || word || '''' || CASE WHEN word ~ '[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]'
            THEN '' ELSE ':*' END, ' & ')::tsquery
    FROM (
        SELECT regexp_split_to_table(part, ' +') AS word
        FROM (
            SELECT CASE WHEN part ~ '^[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]{2,}$'
                THEN (SELECT string_agg(substr(part, place, 2), ' ') FROM generate_series(1, char_length(part) - 1) AS place)
                ELSE part END AS part
            FROM regexp_split_to_table(
                regexp_replace(
                    regexp_replace(
                        cell.search_fold(words), '([\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+)', ' \1 ', 'g'),
                    '[^[:alnum:]]+' COLLATE "und-x-icu", ' ', 'g'),
                ' +') AS part
        ) AS parts
    ) AS every
    WHERE word <> ''
$$;

GRANT EXECUTE ON FUNCTION minor_digits, half_even, money_json, digits, search_fold, search_pieces, search_vector, search_query TO PUBLIC;
