-- A tenant that goes takes what its finished jobs were about along, too: before, that stayed until the two or three days of their partition had
-- passed. At the end of the statement, so that one look serves all lanes of a tenant.

CREATE OR REPLACE FUNCTION forget_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM jobs USING gone WHERE lane_id = gone.id;
    DELETE FROM finished_jobs USING gone WHERE lane_id = gone.id;
    RETURN NULL;
END
$$;
DROP TRIGGER job_lanes_forget_jobs ON job_lanes;
CREATE TRIGGER job_lanes_forget_jobs AFTER DELETE ON job_lanes
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_jobs();
