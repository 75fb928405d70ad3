-- How much of its rates every tenant has used: what all processes share, asked in batches and ahead of need.

-- UNLOGGED, since it is written often and worth little: after a crash or a fail-over everybody begins with a full allowance.
-- No index on what changes, and room in each page, so that an update touches nothing but its row.
CREATE UNLOGGED TABLE rate_marks (
    -- The tenant itself, or one of its credentials.
    subject uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    -- When the allowance of a second, and that of a day, would be whole again (GCRA's theoretical arrival time): nanoseconds since 1970 by
    -- this database's clock.
    burst_mark bigint NOT NULL,
    day_mark bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX rate_marks_tenant ON rate_marks (tenant_id);

-- For each subject: charges what it owes, whatever is left (a negative debt gives back), then grants of what it wants as many whole tokens as
-- both allowances hold. Answers how far ahead of now the marks stand. A period of 0 is no limit. A size times its period is one second, or
-- one day, whatever the plan: so a mark keeps its share when the plan changes.
-- Subjects are locked in one order: two processes never wait for each other.
CREATE FUNCTION take_tokens(
    subjects uuid[], tenants uuid[], owed bigint[], wanted bigint[],
    burst_periods bigint[], burst_sizes bigint[], day_periods bigint[], day_sizes bigint[]
) RETURNS TABLE (place integer, granted bigint, burst_ahead bigint, day_ahead bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    mark rate_marks;
    moment bigint;
    span CONSTANT bigint := 1000000000;
BEGIN
    FOR place IN SELECT n FROM generate_subscripts(subjects, 1) AS n ORDER BY subjects[n] LOOP
        INSERT INTO rate_marks VALUES (subjects[place], tenants[place], 0, 0) ON CONFLICT (subject) DO NOTHING;
        SELECT * INTO mark FROM rate_marks WHERE subject = subjects[place] FOR UPDATE;
        -- After the lock, so that whoever waited for it does not go back in time.
        moment := extract(epoch FROM clock_timestamp()) * 1000000000;
        -- Not further ahead than twice the allowance, should the clock have been set back.
        burst_ahead := least(greatest(mark.burst_mark - moment, 0), 2 * span) + owed[place] * burst_periods[place];
        day_ahead := least(greatest(mark.day_mark - moment, 0), 2 * 86400 * span) + owed[place] * day_periods[place];
        burst_ahead := greatest(burst_ahead, 0);
        day_ahead := greatest(day_ahead, 0);
        granted := wanted[place];
        IF burst_periods[place] > 0 THEN
            granted := least(granted, (burst_sizes[place] * burst_periods[place] - burst_ahead) / burst_periods[place]);
        END IF;
        IF day_periods[place] > 0 THEN
            granted := least(granted, (day_sizes[place] * day_periods[place] - day_ahead) / day_periods[place]);
        END IF;
        granted := greatest(granted, 0);
        burst_ahead := burst_ahead + granted * burst_periods[place];
        day_ahead := day_ahead + granted * day_periods[place];
        UPDATE rate_marks SET burst_mark = moment + burst_ahead, day_mark = moment + day_ahead WHERE subject = subjects[place];
        RETURN NEXT;
    END LOOP;
END
$$;
