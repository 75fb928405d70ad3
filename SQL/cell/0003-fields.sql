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
-- Half and full width, ligatures and digits of other scripts are one; signs that nobody sees (soft hyphens, joiners, vowel points) fall away.
CREATE FUNCTION search_fold(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words) THEN lower(words COLLATE "C") COLLATE "und-x-icu"
        ELSE normalize(
            regexp_replace(
                normalize(
                    translate(
                        replace(replace(replace(replace(lower(words COLLATE "und-x-icu"), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
                        'øđłıħŧðςةىکی٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९', 'odlihtdσهيكي012345678901234567890123456789'),
                    NFKD),
                '[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0640\u064b-\u065f\u0670\u200b-\u200d\ufe00-\ufe0f\ufeff]', '', 'g'),
            NFC) END
$$;

-- Folded words with a space for every sign between them. Scripts that write without spaces (Chinese, Japanese, Korean, Thai, Lao, Burmese,
-- Khmer) and pictures are cut: into pairs of neighbours, and for what is searched (`is_asked` false) into single characters too, so that any
-- part of a run is found.
CREATE FUNCTION search_pieces(folded text, is_asked boolean) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    script CONSTANT text := '\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u312f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af'
        || '\u2600-\u27bf\U0001f300-\U0001faff\U00020000-\U0003ffff';
    spaced text;
    pieces text;
    run text;
BEGIN
    IF octet_length(folded) = char_length(folded) THEN
        RETURN translate(folded, E'''"@.-_/\\:;,+*#()[]{}<>&=!?|~^%$`\t\n\r\f\v', '                                     ');
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

-- The other ways in which people write the same words: O'Connor and OConnor, Meyer-Schmidt and Meyerschmidt, Müller and Mueller.
CREATE FUNCTION search_spellings(words text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    spelt text;
    spellings text[] := '{}';
BEGIN
    IF words ~ '[^\s\d][''‐‑’ʼ´״׳-][^\s\d]' THEN
        spellings := ARRAY[regexp_replace(words, '([^\s\d])[''‐‑’ʼ´״׳-](?=[^\s\d])', '\1', 'g')];
    END IF;
    IF octet_length(words) > char_length(words) THEN
        FOREACH spelt IN ARRAY words || spellings LOOP
            spelt := normalize(lower(spelt COLLATE "und-x-icu"), NFC);
            IF spelt ~ '[äöüåø]' THEN
                spellings := spellings
                    || replace(replace(replace(replace(replace(spelt, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'å', 'aa'), 'ø', 'oe');
            END IF;
        END LOOP;
    END IF;
    RETURN spellings;
END
$$;

-- What a record can be found by. Signs separate words, so that a part of an e-mail address is a word too; of long numbers every end is one,
-- so that a telephone number is found with and without its country code, and by its last digits.
CREATE FUNCTION search_vector(words text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    spellings text[] := cell.search_spellings(words);
    pieces text := cell.search_pieces(cell.search_fold(
        CASE WHEN spellings = '{}' THEN words ELSE words || ' ' || array_to_string(spellings, ' ') END), false);
    lexemes text[] := string_to_array(pieces, ' ');
    lexeme text;
BEGIN
    IF pieces ~ '\d{7}' THEN
        FOREACH lexeme IN ARRAY lexemes LOOP
            CONTINUE WHEN length(lexeme) NOT BETWEEN 7 AND 20 OR lexeme ~ '\D';
            FOR place IN 2 .. length(lexeme) - 3 LOOP lexemes := lexemes || substr(lexeme, place); END LOOP;
        END LOOP;
    END IF;
    -- A lexeme has at most 2,046 bytes; nobody types a hundred characters of one word.
    IF octet_length(pieces) > 300 AND pieces ~ '[^ ]{100}' THEN
        lexemes := ARRAY(SELECT left(long, 100) FROM unnest(lexemes) AS long);
    END IF;
    RETURN array_to_tsvector(array_remove(lexemes, ''));
END
$$;

-- These are PL/pgSQL, which keeps its plans for the session: a function in SQL is planned again by each statement, which took ten times as long.
--
-- One word as someone typed it, in every spelling, as the text of a tsquery: `ending` is `:*` for the beginning of a word or nothing for a
-- whole one. NULL for what has neither letter nor digit.
CREATE FUNCTION search_term(word text, ending text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT '(' || string_agg(DISTINCT one.spelling, ' | ') || ')'
        FROM unnest(word || cell.search_spellings(word) || CASE WHEN word ~ '^0+\d' THEN ltrim(word, '0') END) AS form,
            LATERAL (
                SELECT '(' || string_agg('''' || left(piece, 100) || '''' || ending, ' & ') || ')' AS spelling
                FROM regexp_split_to_table(cell.search_pieces(cell.search_fold(form), true), ' +') AS piece
                WHERE piece <> '') AS one
        WHERE one.spelling IS NOT NULL);
END
$$;

-- A telephone number as someone typed it, whatever stands for the country: the beginnings of numbers without their first zeros and with none,
-- one, two or three more digits dropped. NULL for anything else.
CREATE FUNCTION search_number(words text, ending text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT string_agg(DISTINCT '''' || ltrim(substr(ltrim(cell.digits(words), '0'), 1 + dropped), '0') || '''' || ending, ' | ')
        FROM generate_series(0, CASE WHEN length(ltrim(cell.digits(words), '0')) >= 9 THEN 3 ELSE 0 END) AS dropped
        WHERE words ~ '^[\d\s+()/.-]+$' AND length(ltrim(cell.digits(words), '0')) BETWEEN 6 AND 20);
END
$$;

-- The words that someone typed, in any order, each as the beginning of a word (`ending` ':*') or as a whole one (''); null when there is none.
CREATE FUNCTION search_query(words text, ending text DEFAULT ':*') RETURNS tsquery
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT ('(' || string_agg(term, ' & ') || ')' || coalesce(' | ' || cell.search_number(cell.search_fold(words), ending), ''))::tsquery
        FROM (SELECT cell.search_term(word, ending) AS term FROM regexp_split_to_table(words, '\s+') AS word) AS terms
        WHERE term IS NOT NULL);
END
$$;

GRANT EXECUTE ON FUNCTION minor_digits, half_even, money_json, digits, search_fold, search_pieces, search_spellings, search_vector,
    search_term, search_number, search_query TO PUBLIC;
