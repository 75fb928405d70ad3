-- Mail of all accounts together: what became of it, whose waits, and the logos that travel with it.
--
-- As with jobs, the tables belong to the cell, and tenants' roles reach them only through the functions granted at the end: an account costs
-- no tables, and a figure of all of them costs the same for one or a thousand.

-- Counted by the processes that send. `label` is one of a few words: a mail's kind, or why it was not sent.
CREATE TABLE mail_figures (
    outcome text NOT NULL,
    label text NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (outcome, label)
);

-- How long mail servers took to take a mail or not: a histogram of seconds, and their sum.
CREATE TABLE mail_dialogues (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT mail_dialogues_only_row CHECK (only_row),
    lengths bigint[] NOT NULL,
    seconds double precision NOT NULL
);

-- Tenants whose mail waits since too much of it came back.
CREATE TABLE mail_pauses (
    tenant_id uuid PRIMARY KEY CONSTRAINT mail_pauses_tenant_reference REFERENCES tenants ON DELETE CASCADE,
    at timestamptz(3) NOT NULL DEFAULT now()
);

-- The picture above the words of a tenant's mails.
CREATE TABLE mail_logos (
    tenant_id uuid PRIMARY KEY CONSTRAINT mail_logos_tenant_reference REFERENCES tenants ON DELETE CASCADE,
    image bytea NOT NULL CONSTRAINT mail_logos_image_small CHECK (octet_length(image) <= 262144),
    digest text NOT NULL GENERATED ALWAYS AS (encode(sha256(image), 'hex')) STORED
);

CREATE FUNCTION count_mail(mail_outcome text, mail_label text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO mail_figures AS f (outcome, label, count) VALUES (left(mail_outcome, 20), left(mail_label, 20), 1)
    ON CONFLICT (outcome, label) DO UPDATE SET count = f.count + 1
$$;

-- Says that the mail of the tenant whose transaction this is waits, or goes out again.
CREATE FUNCTION mail_waits(is_paused boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
BEGIN
    IF is_paused THEN
        INSERT INTO mail_pauses (tenant_id) VALUES (tenant.id) ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM mail_pauses WHERE tenant_id = tenant.id;
    END IF;
END
$$;

-- The logo of the tenant whose transaction this is; null when it has none.
CREATE FUNCTION mail_logo() RETURNS bytea
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
BEGIN
    RETURN (SELECT image FROM mail_logos WHERE tenant_id = tenant.id);
END
$$;

-- What tells it from another, to the one who has it already.
CREATE FUNCTION mail_logo_digest() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
BEGIN
    RETURN (SELECT digest FROM mail_logos WHERE tenant_id = tenant.id);
END
$$;

-- Keeps another, or none. Answers whether there was one.
CREATE FUNCTION keep_mail_logo(picture bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
    was_there boolean := EXISTS (SELECT FROM mail_logos WHERE tenant_id = tenant.id);
BEGIN
    IF picture IS NULL THEN
        DELETE FROM mail_logos WHERE tenant_id = tenant.id;
    ELSE
        INSERT INTO mail_logos (tenant_id, image) VALUES (tenant.id, picture)
        ON CONFLICT (tenant_id) DO UPDATE SET image = excluded.image;
    END IF;
    RETURN was_there;
END
$$;

-- Whether work of these kinds that was due by then is still to be done, for the tenant whose transaction this is.
CREATE FUNCTION jobs_unfinished(job_kinds text[], until timestamptz) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
    lane bigint;
BEGIN
    FOR lane IN SELECT l.id FROM job_lanes AS l WHERE l.tenant_id = tenant.id AND l.kind = ANY (job_kinds) LOOP
        IF EXISTS (SELECT FROM jobs AS j WHERE j.lane_id = lane AND j.state = 'running' AND j.run_at <= until)
            OR EXISTS (
                SELECT FROM unnest('{0,1,2}'::smallint[]) AS p (priority) CROSS JOIN LATERAL (
                    SELECT FROM jobs AS j WHERE j.lane_id = lane AND j.state = 'ready' AND j.priority = p.priority AND j.run_at <= until
                    ORDER BY j.run_at LIMIT 1) AS first)
        THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;

GRANT EXECUTE ON FUNCTION count_mail, mail_waits, mail_logo, mail_logo_digest, keep_mail_logo, jobs_unfinished TO PUBLIC;
