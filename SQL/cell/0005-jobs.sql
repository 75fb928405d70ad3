-- Work that is promised to happen later, for every tenant of the cell: a transaction that promises it commits the promise with it.
--
-- These tables belong to the cell, not to tenants: enqueueing is one more statement of the tenant's own transaction, and looking for work
-- costs the same for one tenant or a thousand. Tenants' roles reach them only through the functions granted at the end.
-- Two things keep the queue fast while someone holds an old snapshot (a backup): a claim never changes the row of its lane, and it reads a
-- lane's jobs from where the last claim ended; what ended moves to a table that is emptied by TRUNCATE.

-- Kinds of jobs that processes here know, for what holds for all tenants together.
CREATE TABLE job_kinds (
    kind text PRIMARY KEY,
    paused_at timestamptz(3),
    -- The rate's clock: when the next start would be on time (GCRA).
    rate_free_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- One tenant's jobs of one kind. Whoever claims locks the lane, so limits cannot be overshot and nobody waits.
CREATE TABLE job_lanes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT job_lanes_tenant_reference REFERENCES tenants ON DELETE CASCADE,
    kind text NOT NULL,
    paused_at timestamptz(3),
    rate_free_at timestamptz NOT NULL DEFAULT '-infinity',
    -- Seen while the tenant was closed; since when it has been open again. Jobs older than that are started at a gentle pace.
    held_at timestamptz(3),
    returned_at timestamptz,
    CONSTRAINT job_lanes_tenant_kind_unique UNIQUE (tenant_id, kind)
);

-- A process that works. It says every few seconds that it lives; when it has been silent for too long, its jobs are anyone's again.
CREATE TABLE job_workers (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    concurrency integer NOT NULL,
    started_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    leased_until timestamptz NOT NULL
);

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    lane_id bigint NOT NULL,
    version integer NOT NULL,
    state text NOT NULL DEFAULT 'ready' CONSTRAINT jobs_state_known CHECK (state IN ('ready', 'running', 'dead')),
    -- 0 urgent, 1 normal, 2 bulk: the order within a lane.
    priority smallint NOT NULL CONSTRAINT jobs_priority_known CHECK (priority IN (0, 1, 2)),
    run_at timestamptz NOT NULL,
    unique_key text,
    payload jsonb NOT NULL,
    -- Together with worker_id the token that a completion must show.
    attempt integer NOT NULL DEFAULT 0,
    maximum_attempts integer NOT NULL CONSTRAINT jobs_maximum_attempts_positive CHECK (maximum_attempts > 0),
    rescued integer NOT NULL DEFAULT 0,
    enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    worker_id uuid,
    started_at timestamptz,
    error text,
    died_at timestamptz(3),
    CONSTRAINT jobs_worker_when_running CHECK ((state = 'running') = (worker_id IS NOT NULL)),
    CONSTRAINT jobs_died_at_when_dead CHECK ((state = 'dead') = (died_at IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX jobs_ready ON jobs (lane_id, priority, run_at) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (lane_id, started_at) WHERE state = 'running';
CREATE INDEX jobs_dead ON jobs (lane_id, id) WHERE state = 'dead';
CREATE UNIQUE INDEX jobs_unique_key ON jobs (lane_id, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead';

-- What ended well, for a day at least. Each day has its own table of three in turn; the one of tomorrow is emptied today.
CREATE TABLE finished_jobs (
    slot smallint NOT NULL,
    id uuid NOT NULL,
    lane_id bigint NOT NULL,
    version integer NOT NULL,
    priority smallint NOT NULL,
    run_at timestamptz NOT NULL,
    unique_key text,
    payload jsonb NOT NULL,
    attempt integer NOT NULL,
    maximum_attempts integer NOT NULL,
    rescued integer NOT NULL,
    enqueued_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL
) PARTITION BY LIST (slot);
CREATE TABLE finished_jobs_0 PARTITION OF finished_jobs FOR VALUES IN (0);
CREATE TABLE finished_jobs_1 PARTITION OF finished_jobs FOR VALUES IN (1);
CREATE TABLE finished_jobs_2 PARTITION OF finished_jobs FOR VALUES IN (2);
CREATE INDEX finished_jobs_id ON finished_jobs (id);

CREATE TABLE finished_job_slots (
    slot smallint PRIMARY KEY,
    emptied_on date NOT NULL
);

-- What became of jobs, counted by the processes that did them; `starts` is a histogram of seconds between due and started.
CREATE TABLE job_figures (
    kind text PRIMARY KEY,
    done bigint NOT NULL DEFAULT 0,
    again bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    dead bigint NOT NULL DEFAULT 0,
    rescued bigint NOT NULL DEFAULT 0,
    starts bigint[] NOT NULL DEFAULT '{}',
    start_seconds double precision NOT NULL DEFAULT 0
);

-- When a schedule fires next. Who moves `next_at` on has fired it: nobody else can for that instant.
CREATE TABLE job_schedules (
    name text PRIMARY KEY,
    rule text NOT NULL,
    next_at timestamptz NOT NULL,
    fired_at timestamptz
);

-- A tenant that goes takes its jobs along. No foreign key: each enqueue would lock the lane's row.
CREATE FUNCTION forget_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM jobs WHERE lane_id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER job_lanes_forget_jobs AFTER DELETE ON job_lanes FOR EACH ROW EXECUTE FUNCTION forget_jobs();

-- The lane of a tenant and a kind, made when it is the first time.
CREATE FUNCTION job_lane(tenant uuid, job_kind text) RETURNS bigint
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    lane bigint;
BEGIN
    SELECT id INTO lane FROM job_lanes WHERE tenant_id = tenant AND kind = job_kind;
    IF lane IS NULL THEN
        INSERT INTO job_lanes (tenant_id, kind) VALUES (tenant, job_kind) ON CONFLICT DO NOTHING RETURNING id INTO lane;
        IF lane IS NULL THEN SELECT id INTO lane FROM job_lanes WHERE tenant_id = tenant AND kind = job_kind; END IF;
    END IF;
    RETURN lane;
END
$$;

-- Whose transaction this is: the tenant whose role was taken on. The caller cannot name another.
CREATE FUNCTION job_tenant(OUT id uuid, OUT slug text)
    LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
    SELECT t.id, t.slug INTO job_tenant.id, job_tenant.slug FROM tenants AS t WHERE t.role = current_setting('role');
    IF job_tenant.id IS NULL THEN RAISE EXCEPTION 'Only a tenant enqueues.' USING ERRCODE = '42501'; END IF;
END
$$;

-- Promises jobs of one kind; they exist when the caller's transaction commits. A unique key that is waiting or running keeps what there is,
-- or, with `replaces`, gives it the new time and payload if it has not begun. Answers how many are new or were replaced.
CREATE FUNCTION enqueue_jobs(
    job_kind text, job_version integer, ids uuid[], payloads jsonb[], run_ats timestamptz[], keys text[], job_priority integer,
    attempts integer, replaces boolean
) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    tenant record := job_tenant();
    lane bigint := job_lane(tenant.id, job_kind);
    written integer;
BEGIN
    INSERT INTO jobs AS old (id, lane_id, version, priority, run_at, unique_key, payload, maximum_attempts, enqueued_at)
    SELECT new.id, lane, job_version, job_priority, coalesce(new.run_at, moment), new.key, new.payload, attempts, moment
    FROM unnest(ids, payloads, run_ats, keys) AS new (id, payload, run_at, key)
    ON CONFLICT (lane_id, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead' DO UPDATE
    SET run_at = excluded.run_at, payload = excluded.payload, version = excluded.version, priority = excluded.priority, attempt = 0,
        maximum_attempts = excluded.maximum_attempts, enqueued_at = excluded.enqueued_at, error = NULL
    WHERE replaces AND old.state = 'ready';
    GET DIAGNOSTICS written = ROW_COUNT;
    -- A hint to look at once; what is due later is found in time by looking. One transaction at a time tells of a lane, since PostgreSQL lets
    -- transactions that notify commit one after another; the others' jobs are found by the same look or the next.
    IF written > 0 AND EXISTS (SELECT FROM unnest(run_ats) AS at WHERE at IS NULL OR at < moment + interval '3 seconds')
        AND pg_try_advisory_xact_lock(704, lane::integer)
    THEN
        PERFORM pg_notify('jobs', lane || ' ' || tenant.slug || ' ' || job_kind);
    END IF;
    RETURN written;
END
$$;

-- Takes back a promise by its unique key, unless it has begun. Answers how many were waiting.
CREATE FUNCTION cancel_job(job_kind text, key text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    tenant record := job_tenant();
    cancelled integer;
BEGIN
    DELETE FROM jobs USING job_lanes AS lane
    WHERE lane.tenant_id = tenant.id AND lane.kind = job_kind AND jobs.lane_id = lane.id AND jobs.unique_key = key
        AND jobs.state = 'ready';
    GET DIAGNOSTICS cancelled = ROW_COUNT;
    RETURN cancelled;
END
$$;

-- How many starts a rate allows now: at most `most` within any span of `seconds`, evenly, a tenth of them at once.
CREATE FUNCTION job_rate_allows(free_at timestamptz, moment timestamptz, most integer, seconds double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(0, floor(
        extract(epoch FROM moment + make_interval(secs => burst * spacing) - greatest(free_at, moment)) / spacing + 1e-6)::integer)
    FROM (SELECT greatest(1, most / 10) AS burst, seconds / (most - greatest(1, most / 10) + 1) AS spacing) AS rate
$$;

-- When the rate's clock stands after so many starts.
CREATE FUNCTION job_rate_after(free_at timestamptz, moment timestamptz, most integer, seconds double precision, starts integer)
    RETURNS timestamptz
    LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(free_at, moment) + make_interval(secs => starts * seconds / (most - greatest(1, most / 10) + 1))
$$;

-- A time as a whole number, which programs carry without loss.
CREATE FUNCTION job_microseconds(at timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM at) * 1000000)::bigint
$$;

-- Claims up to `wanted` due jobs of each lane in turn. Each array has one element per lane; a limit or rate that is NULL is none.
-- `since` bounds where a lane's ready jobs begin, so that what was claimed before is not read again.
-- Answers a row per job ('job') and one per lane: 'served', 'busy' (someone else is at it), 'full', 'slow' (its rate), 'paused', 'gone', with
-- the seconds until its next job and the next `since`. One row 'expired' when the worker has lost its lease.
CREATE FUNCTION claim_jobs(
    worker uuid, lanes bigint[], since bigint[], wanted integer[], lane_limits integer[], kind_limits integer[],
    lane_rates integer[], lane_seconds double precision[], kind_rates integer[], kind_seconds double precision[]
) RETURNS TABLE (
    outcome text, lane bigint, next_in double precision, next_since bigint, id uuid, version integer, attempt integer,
    maximum_attempts integer, payload jsonb, late double precision
)
    LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan TO off SET enable_bitmapscan TO off SET enable_hashjoin TO off
    SET enable_mergejoin TO off SET plan_cache_mode TO force_generic_plan AS $$
DECLARE
    moment timestamptz;
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
        from_at := timestamptz 'epoch' + since[place] * interval '1 microsecond';
        SELECT * INTO this FROM job_lanes AS l WHERE l.id = lanes[place] FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            IF NOT EXISTS (SELECT FROM job_lanes AS l WHERE l.id = lanes[place]) THEN outcome := 'gone'; END IF;
            RETURN NEXT;
            CONTINUE;
        END IF;
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
            this.returned_at := moment;
            UPDATE job_lanes AS l SET held_at = NULL, returned_at = moment WHERE l.id = this.id;
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
                        AND j.run_at >= from_at AND j.run_at <= moment
                    ORDER BY j.run_at LIMIT places - taken
                    FOR NO KEY UPDATE SKIP LOCKED)
                UPDATE jobs AS j
                SET state = 'running', attempt = j.attempt + 1, worker_id = worker, started_at = moment
                FROM due WHERE j.id = due.id
                RETURNING 'job', this.id, NULL::double precision, NULL::bigint, j.id, j.version, j.attempt, j.maximum_attempts,
                    j.payload, extract(epoch FROM moment - greatest(j.run_at, j.enqueued_at))::double precision;
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
        next_in := extract(epoch FROM next_at - moment);
        next_since := job_microseconds(least(next_at, moment - interval '2 seconds'));
        RETURN NEXT;
    END LOOP;
END
$$;

-- Every lane that has a job due within `horizon` seconds, with the seconds until the first: one look per lane and priority, however long
-- the lanes are.
CREATE FUNCTION due_job_lanes(horizon double precision) RETURNS TABLE (
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
    SELECT l.id, t.slug, l.kind, extract(epoch FROM min(first.run_at) - clock_timestamp())::double precision,
        job_microseconds(min(first.run_at))
    FROM first JOIN job_lanes AS l ON l.id = first.lane_id JOIN tenants AS t ON t.id = l.tenant_id
    WHERE first.run_at < clock_timestamp() + make_interval(secs => horizon)
    GROUP BY l.id, t.slug, l.kind
$$;

-- Writes down what became of jobs, each only if worker and attempt are still those that have it: whoever comes too late changes nothing.
-- Outcomes: 'done', 'again' (the attempt does not count), 'retry', 'dead', with the milliseconds until then. Answers those that held.
CREATE FUNCTION end_jobs(worker uuid, ids uuid[], attempts integer[], outcomes text[], delays bigint[], errors text[])
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
        run_at = CASE WHEN e.outcome = 'dead' THEN j.run_at ELSE moment + make_interval(secs => e.delay / 1000.0) END,
        worker_id = NULL, started_at = NULL, error = e.error
    FROM unnest(ids, attempts, outcomes, delays, errors) AS e (id, attempt, outcome, delay, error)
    WHERE j.id = e.id AND j.attempt = e.attempt AND j.worker_id = worker AND j.state = 'running' AND e.outcome <> 'done'
    RETURNING j.id;
END
$$;

-- Gives the jobs of workers back that were silent for too long; the attempt counts, so that what kills its worker ends as dead.
-- Answers kind, how many start again, how many are dead.
CREATE FUNCTION rescue_jobs() RETURNS TABLE (kind text, rescued bigint, dead bigint)
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
            run_at = CASE WHEN j.attempt >= j.maximum_attempts THEN j.run_at ELSE clock_timestamp() END,
            rescued = j.rescued + 1, worker_id = NULL, started_at = NULL, error = 'The process that had it fell silent.'
        WHERE j.state = 'running' AND j.worker_id = ANY (silent) RETURNING j.lane_id, j.state
    )
    SELECT l.kind, count(*) FILTER (WHERE f.state = 'ready'), count(*) FILTER (WHERE f.state = 'dead')
    FROM freed AS f JOIN job_lanes AS l ON l.id = f.lane_id GROUP BY l.kind;
    DELETE FROM job_workers AS w WHERE w.id = ANY (silent);
END
$$;

-- A worker leaves: what it did not finish is anyone's at once, and the attempt does not count. Answers how many there were.
CREATE FUNCTION leave_jobs(worker uuid) RETURNS integer
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    freed integer;
BEGIN
    PERFORM FROM job_workers AS w WHERE w.id = worker FOR UPDATE;
    UPDATE jobs AS j
    SET state = 'ready', attempt = j.attempt - 1, run_at = clock_timestamp(), worker_id = NULL, started_at = NULL
    WHERE j.state = 'running' AND j.worker_id = worker;
    GET DIAGNOSTICS freed = ROW_COUNT;
    DELETE FROM job_workers AS w WHERE w.id = worker;
    RETURN freed;
END
$$;

-- Empties the table that tomorrow's finished jobs go to, once a day. It waits for nobody longer than the caller's lock_timeout.
CREATE FUNCTION rotate_finished_jobs() RETURNS boolean
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    today CONSTANT date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    tomorrow CONSTANT smallint := (today + 1 - date '2000-01-01') % 3;
BEGIN
    INSERT INTO finished_job_slots AS s (slot, emptied_on) VALUES (tomorrow, today)
    ON CONFLICT (slot) DO UPDATE SET emptied_on = today WHERE s.emptied_on < today;
    IF NOT FOUND THEN RETURN false; END IF;
    EXECUTE format('TRUNCATE finished_jobs_%s', tomorrow);
    RETURN true;
END
$$;

-- Fires a schedule for one instant: moves it on and enqueues a job for every tenant of the cell, spread over some seconds. Answers how many,
-- or NULL when someone else has fired it. A job of the schedule that still waits is enough.
CREATE FUNCTION fire_job_schedule(
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
    ON CONFLICT (lane_id, unique_key) WHERE unique_key IS NOT NULL AND state <> 'dead' DO NOTHING;
    GET DIAGNOSTICS fired = ROW_COUNT;
    RETURN fired;
END
$$;

GRANT EXECUTE ON FUNCTION enqueue_jobs, cancel_job TO PUBLIC;
