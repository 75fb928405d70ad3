-- A test tenant's clock: set by whoever tests, it stands still until it is moved on.
--
-- Kinds of jobs that follow it are due by it: their lanes carry the clock, so a claim sees what time it is for the lane without looking
-- elsewhere. Whatever else the tenant has promised, imports for instance, is done in real time; so is everything of every other tenant.

-- Null: the tenant lives in real time.
ALTER TABLE tenants ADD COLUMN clock timestamptz(3);
-- What it was set to first: what fell due before that is past.
ALTER TABLE tenants ADD COLUMN clock_began timestamptz(3);
ALTER TABLE job_kinds ADD COLUMN follows_clock boolean NOT NULL DEFAULT false;
-- The tenant's, in lanes of kinds that follow it.
ALTER TABLE job_lanes ADD COLUMN clock timestamptz(3);

-- The clock of the tenant whose transaction this is; null in real time.
CREATE FUNCTION tenant_clock() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT t.clock FROM tenants AS t WHERE t.role = current_setting('role')
$$;

-- What it was set to first; null in real time.
CREATE FUNCTION tenant_clock_began() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT t.clock_began FROM tenants AS t WHERE t.role = current_setting('role')
$$;

-- What time it is for the tenant whose transaction this is.
CREATE FUNCTION tenant_now() RETURNS timestamptz
    LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce(tenant_clock(), now())
$$;

-- Sets the tenant's clock, the first time to any time and from then on only forwards ('clock_backwards' otherwise), and wakes workers for what
-- is due by it. Answers whether it was the first time. `kinds` follow it.
CREATE FUNCTION set_tenant_clock(moment timestamptz, kinds text[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
    before timestamptz;
BEGIN
    -- Stronger than what a new lane holds, so none is made meanwhile that does not know of it.
    SELECT t.clock INTO before FROM tenants AS t WHERE t.id = tenant.id FOR UPDATE;
    IF before > moment THEN PERFORM refuse('TN002', 'clock_backwards'); END IF;
    UPDATE tenants AS t SET clock = moment, clock_began = coalesce(t.clock_began, moment) WHERE t.id = tenant.id;
    IF before IS NULL THEN
        INSERT INTO job_kinds (kind, follows_clock) SELECT k, true FROM unnest(kinds) AS k
        ON CONFLICT (kind) DO UPDATE SET follows_clock = true WHERE NOT job_kinds.follows_clock;
        -- Each of them reads everything anew and finds out when it is due by this clock.
        UPDATE jobs AS j SET run_at = moment FROM job_lanes AS l
        WHERE l.tenant_id = tenant.id AND l.kind = ANY (kinds) AND j.lane_id = l.id AND j.state = 'ready';
    END IF;
    UPDATE job_lanes AS l SET clock = moment WHERE l.tenant_id = tenant.id AND l.kind = ANY (kinds);
    PERFORM pg_notify('jobs', l.id || ' ' || tenant.slug || ' ' || l.kind) FROM job_lanes AS l
    WHERE l.tenant_id = tenant.id AND l.clock IS NOT NULL
        AND EXISTS (SELECT FROM jobs AS j WHERE j.lane_id = l.id AND j.state = 'ready' AND j.run_at <= moment);
    RETURN before IS NULL;
END
$$;

-- What is left to do of these kinds: how much is at work, how much is due or will be at once in real time, and when the next is due by
-- the clock, up to the millisecond.
CREATE FUNCTION clock_work(kinds text[], OUT running bigint, OUT due bigint, OUT next_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(sum(lane.running), 0)::bigint, coalesce(sum(lane.due), 0)::bigint,
        date_trunc('milliseconds', min(lane.next_at) + interval '999 microseconds')
    FROM job_lanes AS l JOIN tenants AS t ON t.id = l.tenant_id CROSS JOIN LATERAL (
        SELECT (SELECT count(*) FROM jobs AS j WHERE j.lane_id = l.id AND j.state = 'running') AS running,
            (SELECT count(*) FROM jobs AS j WHERE j.lane_id = l.id AND j.state = 'ready'
                AND j.run_at <= coalesce(l.clock, clock_timestamp() + interval '700 milliseconds')) AS due,
            (SELECT min(j.run_at) FROM jobs AS j WHERE l.clock IS NOT NULL AND j.lane_id = l.id AND j.state = 'ready'
                AND j.run_at > l.clock) AS next_at) AS lane
    WHERE t.role = current_setting('role') AND l.kind = ANY (kinds)
$$;

GRANT EXECUTE ON FUNCTION tenant_clock, tenant_clock_began, tenant_now, set_tenant_clock, clock_work TO PUBLIC;

-- From here on: what the queue did before, by the clock of the lane.

-- The lane of a tenant and a kind, made when it is the first time.
CREATE OR REPLACE FUNCTION job_lane(tenant uuid, job_kind text) RETURNS bigint
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lane bigint;
BEGIN
    SELECT id INTO lane FROM job_lanes WHERE tenant_id = tenant AND kind = job_kind;
    IF lane IS NULL THEN
        INSERT INTO job_lanes (tenant_id, kind, clock)
        SELECT t.id, job_kind, CASE WHEN EXISTS (SELECT FROM job_kinds AS k WHERE k.kind = job_kind AND k.follows_clock) THEN t.clock END
        FROM tenants AS t WHERE t.id = tenant FOR KEY SHARE
        ON CONFLICT DO NOTHING RETURNING id INTO lane;
        IF lane IS NULL THEN SELECT id INTO lane FROM job_lanes WHERE tenant_id = tenant AND kind = job_kind; END IF;
    END IF;
    RETURN lane;
END
$$;

CREATE OR REPLACE FUNCTION enqueue_jobs(
    job_kind text, job_version integer, ids uuid[], payloads jsonb[], run_ats timestamptz[], keys text[], job_priority integer,
    attempts integer, replaces boolean
) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    tenant record := job_tenant();
    lane CONSTANT bigint := job_lane(tenant.id, job_kind);
    today CONSTANT timestamptz := coalesce((SELECT l.clock FROM job_lanes AS l WHERE l.id = lane), moment);
    written integer;
BEGIN
    INSERT INTO jobs AS old (id, lane_id, version, priority, run_at, unique_key, payload, maximum_attempts, enqueued_at)
    SELECT new.id, lane, job_version, job_priority, coalesce(new.run_at, today), new.key, new.payload, attempts, moment
    FROM unnest(ids, payloads, run_ats, keys) AS new (id, payload, run_at, key)
    ON CONFLICT (lane_id, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead' DO UPDATE
    SET run_at = excluded.run_at, payload = excluded.payload, version = excluded.version, priority = excluded.priority, attempt = 0,
        maximum_attempts = excluded.maximum_attempts, enqueued_at = excluded.enqueued_at, error = NULL
    WHERE replaces AND old.state = 'ready';
    GET DIAGNOSTICS written = ROW_COUNT;
    -- A hint to look at once; what is due later is found in time by looking. One transaction at a time tells of a lane, since PostgreSQL lets
    -- transactions that notify commit one after another; the others' jobs are found by the same look or the next.
    IF written > 0 AND EXISTS (SELECT FROM unnest(run_ats) AS at WHERE at IS NULL OR at < today + interval '3 seconds')
        AND pg_try_advisory_xact_lock(704, lane::integer)
    THEN
        PERFORM pg_notify('jobs', lane || ' ' || tenant.slug || ' ' || job_kind);
    END IF;
    RETURN written;
END
$$;

-- It answers one column more.
DROP FUNCTION claim_jobs;

-- Claims up to `wanted` due jobs of each lane in turn. Each array has one element per lane; a limit or rate that is NULL is none.
-- `since` bounds where a lane's ready jobs begin, so that what was claimed before is not read again.
-- Answers a row per job ('job') and one per lane: 'served', 'busy' (someone else is at it), 'full', 'slow' (its rate), 'paused', 'gone', with
-- the seconds until its next job and the next `since`. One row 'expired' when the worker has lost its lease.
CREATE FUNCTION claim_jobs(
    worker uuid, lanes bigint[], since bigint[], wanted integer[], lane_limits integer[], kind_limits integer[],
    lane_rates integer[], lane_seconds double precision[], kind_rates integer[], kind_seconds double precision[]
) RETURNS TABLE (
    outcome text, lane bigint, next_in double precision, next_since bigint, id uuid, version integer, attempt integer,
    maximum_attempts integer, payload jsonb, late double precision, clock timestamptz
)
    LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off
    SET enable_mergejoin TO off SET plan_cache_mode TO force_generic_plan AS $$
DECLARE
    moment timestamptz;
    -- What time it is for the lane.
    today timestamptz;
    this job_lanes;
    general job_kinds;
    places integer;
    claimed integer;
    taken integer;
    next_at timestamptz;
    first_at timestamptz;
    from_at timestamptz;
    pace CONSTANT integer := 10;
BEGIN
    -- Held to the end, so that nobody declares the worker dead meanwhile.
    PERFORM FROM job_workers AS w WHERE w.id = worker AND w.leased_until > clock_timestamp() FOR KEY SHARE;
    IF NOT FOUND THEN
        outcome := 'expired';
        RETURN NEXT;
        RETURN;
    END IF;
    FOR place IN 1 .. cardinality(lanes) LOOP
        moment := clock_timestamp();
        outcome := 'busy';
        lane := lanes[place];
        next_in := NULL;
        next_since := since[place];
        -- Exact also for the far times of a test: no microseconds beyond what a double holds.
        from_at := timestamptz 'epoch' + since[place] / 1000000 * interval '1 second' + since[place] % 1000000 * interval '1 microsecond';
        SELECT * INTO this FROM job_lanes AS l WHERE l.id = lanes[place] FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            IF NOT EXISTS (SELECT FROM job_lanes AS l WHERE l.id = lanes[place]) THEN outcome := 'gone'; END IF;
            RETURN NEXT;
            CONTINUE;
        END IF;
        today := coalesce(this.clock, moment);
        SELECT * INTO general FROM job_kinds AS k WHERE k.kind = this.kind;
        IF kind_limits[place] IS NOT NULL OR kind_rates[place] IS NOT NULL THEN
            SELECT * INTO general FROM job_kinds AS k WHERE k.kind = this.kind FOR NO KEY UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                RETURN NEXT;
                CONTINUE;
            END IF;
        END IF;
        IF this.paused_at IS NOT NULL OR general.paused_at IS NOT NULL THEN
            outcome := 'paused';
            RETURN NEXT;
            CONTINUE;
        END IF;
        places := wanted[place];
        outcome := 'full';
        IF lane_limits[place] IS NOT NULL THEN
            places := least(places, lane_limits[place] - (
                SELECT count(*) FROM jobs AS j WHERE j.lane_id = this.id AND j.state = 'running')::integer);
        END IF;
        IF kind_limits[place] IS NOT NULL AND places > 0 THEN
            places := least(places, kind_limits[place] - (
                SELECT count(*) FROM job_lanes AS l JOIN jobs AS j ON j.lane_id = l.id AND j.state = 'running'
                WHERE l.kind = this.kind)::integer);
        END IF;
        IF places > 0 AND lane_rates[place] IS NOT NULL THEN
            places := least(places, job_rate_allows(this.rate_free_at, moment, lane_rates[place], lane_seconds[place]));
            IF places <= 0 THEN
                outcome := 'slow';
                next_in := extract(epoch FROM this.rate_free_at - moment);
            END IF;
        END IF;
        IF places > 0 AND kind_rates[place] IS NOT NULL THEN
            places := least(places, job_rate_allows(general.rate_free_at, moment, kind_rates[place], kind_seconds[place]));
            IF places <= 0 THEN
                outcome := 'slow';
                next_in := extract(epoch FROM general.rate_free_at - moment);
            END IF;
        END IF;
        -- Its tenant was closed and is open again: what has waited does not come all at once.
        IF this.held_at IS NOT NULL THEN
            -- A clock that stands still has no pace.
            this.returned_at := CASE WHEN this.clock IS NULL THEN moment END;
            UPDATE job_lanes AS l SET held_at = NULL, returned_at = this.returned_at WHERE l.id = this.id;
        END IF;
        IF places > 0 AND this.returned_at IS NOT NULL THEN
            SELECT min(first.run_at) INTO first_at FROM unnest('{0,1,2}'::smallint[]) AS p (priority) CROSS JOIN LATERAL (
                SELECT j.run_at FROM jobs AS j WHERE j.lane_id = this.id AND j.state = 'ready' AND j.priority = p.priority
                ORDER BY j.run_at LIMIT 1) AS first;
            IF first_at < this.returned_at THEN
                places := least(places, job_rate_allows(this.rate_free_at, moment, pace, 1));
                IF places <= 0 THEN
                    outcome := 'slow';
                    next_in := extract(epoch FROM this.rate_free_at - moment);
                ELSE
                    UPDATE job_lanes AS l SET rate_free_at = job_rate_after(this.rate_free_at, moment, pace, 1, places) WHERE l.id = this.id;
                END IF;
            ELSE
                UPDATE job_lanes AS l SET returned_at = NULL WHERE l.id = this.id;
            END IF;
        END IF;
        IF places <= 0 THEN
            RETURN NEXT;
            CONTINUE;
        END IF;

        taken := 0;
        next_at := NULL;
        FOR level IN 0 .. 2 LOOP
            IF taken < places THEN
                RETURN QUERY
                WITH due AS MATERIALIZED (
                    SELECT j.id FROM jobs AS j
                    WHERE j.lane_id = this.id AND j.state = 'ready' AND j.priority = level::smallint
                        AND j.run_at >= from_at AND j.run_at <= today
                    ORDER BY j.run_at LIMIT places - taken
                    FOR NO KEY UPDATE SKIP LOCKED)
                UPDATE jobs AS j
                SET state = 'running', attempt = j.attempt + 1, worker_id = worker, started_at = moment
                FROM due WHERE j.id = due.id
                RETURNING 'job', this.id, NULL::double precision, NULL::bigint, j.id, j.version, j.attempt, j.maximum_attempts,
                    j.payload, CASE WHEN this.clock IS NULL THEN extract(epoch FROM moment - greatest(j.run_at, j.enqueued_at))::double precision
                        ELSE 0 END, this.clock;
                GET DIAGNOSTICS claimed = ROW_COUNT;
                taken := taken + claimed;
            END IF;
            SELECT j.run_at INTO first_at FROM jobs AS j
            WHERE j.lane_id = this.id AND j.state = 'ready' AND j.priority = level::smallint AND j.run_at >= from_at
            ORDER BY j.run_at LIMIT 1;
            next_at := least(next_at, first_at);
        END LOOP;
        IF taken > 0 AND lane_rates[place] IS NOT NULL THEN
            UPDATE job_lanes AS l SET rate_free_at = job_rate_after(this.rate_free_at, moment, lane_rates[place], lane_seconds[place], taken)
            WHERE l.id = this.id;
        END IF;
        IF taken > 0 AND kind_rates[place] IS NOT NULL THEN
            UPDATE job_kinds AS k
            SET rate_free_at = job_rate_after(general.rate_free_at, moment, kind_rates[place], kind_seconds[place], taken)
            WHERE k.kind = this.kind;
        END IF;
        -- Two seconds back, for transactions that enqueued earlier than they committed; who took longer is found by the sweep.
        outcome := 'served';
        next_in := extract(epoch FROM next_at - today);
        next_since := job_microseconds(least(next_at, today - interval '2 seconds'));
        RETURN NEXT;
    END LOOP;
END
$$;

-- Every lane that has a job due within `horizon` seconds, with the seconds until the first: one look per lane and priority, however long
-- the lanes are.
CREATE OR REPLACE FUNCTION due_job_lanes(horizon double precision) RETURNS TABLE (
    lane bigint, slug text, kind text, next_in double precision, since bigint
)
    LANGUAGE sql SET search_path FROM CURRENT SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_sort TO off AS $$
    WITH RECURSIVE first AS (
        (SELECT lane_id, priority, run_at FROM jobs WHERE state = 'ready' ORDER BY lane_id, priority, run_at LIMIT 1)
        UNION ALL
        SELECT next.lane_id, next.priority, next.run_at FROM first CROSS JOIN LATERAL (
            SELECT lane_id, priority, run_at FROM jobs
            WHERE state = 'ready' AND (lane_id, priority) > (first.lane_id, first.priority)
            ORDER BY lane_id, priority, run_at LIMIT 1) AS next
    )
    SELECT l.id, t.slug, l.kind,
        extract(epoch FROM min(first.run_at) - coalesce(l.clock, clock_timestamp()))::double precision,
        job_microseconds(min(first.run_at))
    FROM first JOIN job_lanes AS l ON l.id = first.lane_id JOIN tenants AS t ON t.id = l.tenant_id
    WHERE CASE WHEN l.clock IS NULL THEN first.run_at < clock_timestamp() + make_interval(secs => horizon) ELSE first.run_at <= l.clock END
    GROUP BY l.id, t.slug, l.kind
$$;

-- Writes down what became of jobs, each only if worker and attempt are still those that have it: whoever comes too late changes nothing.
-- Outcomes: 'done', 'again' (the attempt does not count), 'retry', 'dead', with the milliseconds until then. Answers those that held.
CREATE OR REPLACE FUNCTION end_jobs(worker uuid, ids uuid[], attempts integer[], outcomes text[], delays bigint[], errors text[])
    RETURNS SETOF uuid
    LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan TO off SET enable_hashjoin TO off SET enable_mergejoin TO off AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    today CONSTANT smallint := ((moment AT TIME ZONE 'UTC')::date - date '2000-01-01') % 3;
BEGIN
    RETURN QUERY
    WITH ended AS (
        SELECT * FROM unnest(ids, attempts, outcomes) AS e (id, attempt, outcome) WHERE e.outcome = 'done'
    ), gone AS (
        DELETE FROM jobs AS j USING ended AS e
        WHERE j.id = e.id AND j.attempt = e.attempt AND j.worker_id = worker AND j.state = 'running' RETURNING j.*
    )
    INSERT INTO finished_jobs AS f (slot, id, lane_id, version, priority, run_at, unique_key, payload, attempt, maximum_attempts, rescued,
        enqueued_at, started_at, finished_at)
    SELECT today, g.id, g.lane_id, g.version, g.priority, g.run_at, g.unique_key, g.payload, g.attempt, g.maximum_attempts, g.rescued,
        g.enqueued_at, g.started_at, moment
    FROM gone AS g RETURNING f.id;

    IF outcomes <@ ARRAY['done'] THEN RETURN; END IF;
    RETURN QUERY
    UPDATE jobs AS j
    SET state = CASE WHEN e.outcome = 'dead' THEN 'dead' ELSE 'ready' END,
        died_at = CASE WHEN e.outcome = 'dead' THEN moment END,
        attempt = j.attempt - (e.outcome = 'again')::integer,
        run_at = CASE WHEN e.outcome = 'dead' THEN j.run_at
            ELSE coalesce((SELECT l.clock FROM job_lanes AS l WHERE l.id = j.lane_id), moment) + make_interval(secs => e.delay / 1000.0) END,
        worker_id = NULL, started_at = NULL, error = e.error
    FROM unnest(ids, attempts, outcomes, delays, errors) AS e (id, attempt, outcome, delay, error)
    WHERE j.id = e.id AND j.attempt = e.attempt AND j.worker_id = worker AND j.state = 'running' AND e.outcome <> 'done'
    RETURNING j.id;
END
$$;

-- Gives the jobs of workers back that were silent for too long; the attempt counts, so that what kills its worker ends as dead.
-- Answers kind, how many start again, how many are dead.
CREATE OR REPLACE FUNCTION rescue_jobs() RETURNS TABLE (kind text, rescued bigint, dead bigint)
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    silent uuid[];
BEGIN
    silent := ARRAY(SELECT w.id FROM job_workers AS w WHERE w.leased_until < clock_timestamp() FOR UPDATE SKIP LOCKED);
    IF silent = '{}' THEN RETURN; END IF;
    RETURN QUERY
    WITH freed AS (
        UPDATE jobs AS j
        SET state = CASE WHEN j.attempt >= j.maximum_attempts THEN 'dead' ELSE 'ready' END,
            died_at = CASE WHEN j.attempt >= j.maximum_attempts THEN clock_timestamp() END,
            run_at = CASE WHEN j.attempt >= j.maximum_attempts THEN j.run_at
                ELSE coalesce((SELECT l.clock FROM job_lanes AS l WHERE l.id = j.lane_id), clock_timestamp()) END,
            rescued = j.rescued + 1, worker_id = NULL, started_at = NULL, error = 'The process that had it fell silent.'
        WHERE j.state = 'running' AND j.worker_id = ANY (silent) RETURNING j.lane_id, j.state
    )
    SELECT l.kind, count(*) FILTER (WHERE f.state = 'ready'), count(*) FILTER (WHERE f.state = 'dead')
    FROM freed AS f JOIN job_lanes AS l ON l.id = f.lane_id GROUP BY l.kind;
    DELETE FROM job_workers AS w WHERE w.id = ANY (silent);
END
$$;

-- A worker leaves: what it did not finish is anyone's at once, and the attempt does not count. Answers how many there were.
CREATE OR REPLACE FUNCTION leave_jobs(worker uuid) RETURNS integer
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    freed integer;
BEGIN
    PERFORM FROM job_workers AS w WHERE w.id = worker FOR UPDATE;
    UPDATE jobs AS j
    SET state = 'ready', attempt = j.attempt - 1, worker_id = NULL, started_at = NULL,
        run_at = coalesce((SELECT l.clock FROM job_lanes AS l WHERE l.id = j.lane_id), clock_timestamp())
    WHERE j.state = 'running' AND j.worker_id = worker;
    GET DIAGNOSTICS freed = ROW_COUNT;
    DELETE FROM job_workers AS w WHERE w.id = worker;
    RETURN freed;
END
$$;

-- Fires a schedule for one instant: moves it on and enqueues a job for every tenant of the cell for whom the kind lives in real time, spread
-- over some seconds. Answers how many, or NULL when someone else has fired it. A job of the schedule that still waits is enough.
CREATE OR REPLACE FUNCTION fire_job_schedule(
    schedule text, due timestamptz, following timestamptz, job_kind text, job_version integer, job_payload jsonb, job_priority integer,
    attempts integer, spread double precision
) RETURNS integer
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    fired integer;
BEGIN
    UPDATE job_schedules SET next_at = following, fired_at = moment WHERE name = schedule AND next_at = due AND next_at <= moment;
    IF NOT FOUND THEN RETURN NULL; END IF;
    INSERT INTO jobs (id, lane_id, version, priority, run_at, unique_key, payload, maximum_attempts)
    SELECT uuid_v7(), job_lane(t.id, job_kind), job_version, job_priority, moment + make_interval(secs => random() * spread),
        'schedule ' || schedule, job_payload, attempts
    FROM tenants AS t
    WHERE t.clock IS NULL OR NOT EXISTS (SELECT FROM job_kinds AS k WHERE k.kind = job_kind AND k.follows_clock)
    ON CONFLICT (lane_id, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead' DO NOTHING;
    GET DIAGNOSTICS fired = ROW_COUNT;
    RETURN fired;
END
$$;
