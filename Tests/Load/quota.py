#!/usr/bin/env python3
"""Holds a plan's limit against many writers in several processes, and measures what counting costs.

    Tests/Load/quota.py [--binary .build/release/tenantry] [--rounds 100] [--without PATH]

Exactness: starts `tenantry dev` in a new folder and four `tenantry serve` on its database. Each round makes a tenant with a limit of
contacts, lets 64 writers create twice as many at once through all four, some of them contacts that are refused as duplicates, and in every
tenth round kills one process with -9 in the middle. In the end there must be as many contacts as the limit says, the counter must say so
too, and everyone else must have got 402.

Cost: 16 writers of one tenant. The same write as SQL alone (pgbench, one pipelined flush, 16 connections, so the worst that can happen to
the counter's row) with and without counting; and, with `--without`, the whole server against a binary from before there was counting
(target: 0.7). The processes, the writers and PostgreSQL share the machine: only the ratios say something. Needs psql, pgbench and wrk.
"""
import argparse, http.client, json, os, pathlib, platform, random, re, shutil, signal, subprocess, sys, tempfile, threading, time
from load import ROOT, HERE, Server, need, schemas, spares_ready, sql

PASSWORD = "a long enough password"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--without", help="a binary that does not count, to compare with")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--limit", type=int, default=40)
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=8)
    return parser.parse_args()


class Process:
    """One `tenantry serve` on the database of `dev`."""

    def __init__(self, binary, url):
        self.binary, self.url = binary, url
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--json", "--", "listen=127.0.0.1:0", f"database_url={self.url}", "log.level=error"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        if not line: sys.exit("tenantry serve did not start")
        self.address = json.loads(line)["api"].removeprefix("http://")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def order(server, slug, plan, limits):
    """A tenant with these limits, and its administrator's session."""
    operators, token = server.ready["operator_api"] + "/operator/v1", server.ready["operator_token"]
    admin = {"email": f"admin@{slug}.example", "name": "Admin", "password": PASSWORD}
    server.call("PUT", f"{operators}/tenants/{slug}", {"name": slug, "plan": plan, "admin": admin}, token)
    if limits:
        server.call("POST", f"{operators}/tenants/{slug}/change_plan",
                    {"plan": plan, "overrides": {"limits": limits}, "reason": "load"}, token)
    session = server.call("POST", f"{server.ready['api']}/v1/session",
                          {"tenant": slug, "email": admin["email"], "password": PASSWORD})
    return session["token"]


def until(what, condition):
    deadline = time.time() + 10
    while not condition():
        if time.time() > deadline: sys.exit("waited in vain until " + what)
        time.sleep(0.02)


def call(address, token, method, path, body=None):
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def race(processes, token, options, victim):
    """Everyone writes at once; how often each status came. 0: the process was killed before it answered."""
    statuses, lock, started = {}, threading.Lock(), threading.Barrier(options.writers + 1)
    each = -(-2 * options.limit // options.writers)

    def write(number):
        process = processes[number % len(processes)]
        started.wait()
        for attempt in range(each):
            body = {"last_name": f"{number}-{attempt}"} | ({"email": f"taken{attempt}@example.com"} if number % 8 == 0 else {})
            try: status, answer = call(process.address, token, "POST", "/v1/contacts", body)
            except (OSError, http.client.HTTPException): status = 0
            if status == 402 and (answer["limit"], answer["used"], answer["resource"]) != (options.limit, options.limit, "records.contacts"):
                status = -402
            with lock: statuses[status] = statuses.get(status, 0) + 1

    threads = [threading.Thread(target=write, args=[number]) for number in range(options.writers)]
    for thread in threads: thread.start()
    started.wait()
    if victim:
        time.sleep(random.uniform(0.005, 0.05))
        victim.kill()
    for thread in threads: thread.join()
    return statuses


def exactness(server, processes, options):
    wrong, total = [], {}
    for number in range(options.rounds):
        slug = f"load-{number:05d}"
        token = order(server, slug, "unlimited", {"records.contacts": options.limit})
        for process in processes:
            until("every process knows the limit", lambda: call(process.address, token, "GET", "/v1/entitlements")[1]
                  .get("limits", {}).get("records.contacts", {}).get("max") == options.limit)
        victim = random.choice(processes) if number % 10 == 9 else None
        statuses = race(processes, token, options, victim)
        if victim:
            victim.start()
            # What the dead one had in flight is committed or gone when its connections are.
            time.sleep(0.3)
        # Who came too early to be refused tries again: now the places must be taken to the last.
        while call(processes[0].address, token, "POST", "/v1/contacts", {"last_name": "rest"})[0] == 201: pass
        used = call(processes[0].address, token, "GET", "/v1/usage")[1]["usage"]["records.contacts"]["used"]
        found = call(processes[0].address, token, "GET", "/v1/contacts?limit=1&count=exact")[1]["page"]["count"]
        if not (found == used == options.limit) or not set(statuses) <= {201, 402, 409, 0}:
            wrong.append((slug, found, used, statuses))
        for status, count in statuses.items(): total[status] = total.get(status, 0) + count
    return wrong, total


def wrk(processes, token, folder, options):
    """Creates per second of 16 writers spread over the processes."""
    targets = folder / "targets"
    targets.write_text(token + "\n")
    environment = dict(os.environ, LOAD_KIND="create", LOAD_TARGETS=str(targets))
    runs = [subprocess.Popen(
        ["wrk", "-t", "1", "-c", str(16 // len(processes)), "-d", f"{options.seconds}s", "-s", str(HERE / "requests.lua"),
         "http://" + process.address], stdout=subprocess.PIPE, text=True, env=dict(environment, LOAD_PART=str(part))) for part, process in enumerate(processes)]
    results = [json.loads(re.search(r"RESULT (.*)", run.communicate()[0]).group(1)) for run in runs]
    if any(result["failed"] for result in results): print("failed:", [result["failed"] for result in results])
    return sum(result["rate"] for result in results)


def served(binary, folder, options, limits):
    """The whole server: one tenant, 16 writers, in processes of this binary."""
    folder.mkdir(mode=0o755)
    server = Server(binary, folder)
    processes = [Process(binary, server.ready["database_url"]) for _ in range(options.processes)]
    try:
        token = order(server, "load-one", "unlimited", limits)
        for process in processes: until("every process knows the tenant", lambda: call(process.address, token, "GET", "/v1/contacts")[0] == 200)
        wrk(processes, token, folder, options)
        return wrk(processes, token, folder, options)
    finally:
        for process in processes: process.stop()
        server.stop()


INSERT = """WITH record AS (
    INSERT INTO {schema}.contacts (id, first_name, last_name, phone) VALUES (cell.uuid_v7(), 'Load', 'Test', '+49 30 1') RETURNING *
), logged AS (
    INSERT INTO {schema}.changes (id, type, record_id, version, action, fields)
    SELECT cell.uuid_v7(), 'contacts', record.id, 1, 'create',
        cell.field_changes('{}', jsonb_build_object('last_name', record.last_name, 'phone', record.phone)) FROM record
) SELECT id FROM record;"""

# What Records/Usage/Usage.swift says. pgbench prepares before the search path is set, hence the schema's name.
LIMITS = "unnest('{records,records.contacts}'::text[], '{1000000000,1000000000}'::bigint[]) AS allowed (resource, most)"
TOTAL = """(coalesce((SELECT part.used FROM {schema}.usage AS part WHERE part.resource = %s), 0)
    + coalesce((SELECT sum(part.used) FROM {schema}.usage_slots AS part WHERE part.resource = %s), 0))"""
TURN = "hashtextextended('{schema}.usage', 0)"
COUNT = """WITH moved AS (
    SELECT 'records.' || type AS resource,
        sum(CASE WHEN fields ? 'deleted_at' THEN CASE WHEN fields #>> '{deleted_at,after}' IS NULL THEN 1 ELSE -1 END
            WHEN version = 1 AND action <> 'purge' THEN 1 ELSE 0 END) AS moved
    FROM {schema}.changes WHERE transaction = pg_current_xact_id() AND type <> ALL ('{users,roles,teams,views,pipelines}'::text[]) GROUP BY type
), due AS (
    SELECT resource, moved FROM moved WHERE moved <> 0
    UNION ALL SELECT 'records', sum(moved)::bigint FROM moved HAVING sum(moved) <> 0
), turn AS MATERIALIZED (
    SELECT (CASE WHEN look.is_near THEN pg_advisory_xact_lock(""" + TURN + """) ELSE pg_advisory_xact_lock_shared(""" + TURN + """) END)::text AS taken,
        set_config('tenantry.counted', jsonb_build_object('alone', look.is_near, 'due', (SELECT jsonb_object_agg(resource, moved) FROM due))::text, true) AS noted
    FROM (SELECT (SELECT count(*) FROM (SELECT FROM {schema}.changes WHERE transaction = pg_current_xact_id() LIMIT 9) AS made) > 8
        OR EXISTS (SELECT FROM """ + LIMITS + " WHERE " + TOTAL.replace("%s", "allowed.resource") + """ + 1000 > allowed.most) AS is_near) AS look
) INSERT INTO {schema}.usage_slots AS u (resource, slot, used)
SELECT due.resource, pg_backend_pid() % 16, due.moved FROM turn CROSS JOIN due WHERE turn.taken IS NOT NULL ORDER BY due.resource
ON CONFLICT (resource, slot) DO UPDATE SET used = u.used + excluded.used;
WITH noted AS (SELECT current_setting('tenantry.counted')::jsonb AS note), counted AS (
    SELECT due.resource, due.moved::bigint AS moved, allowed.most, """ + TOTAL.replace("%s", "due.resource") + """ AS used, (noted.note ->> 'alone')::boolean AS is_alone
    FROM noted CROSS JOIN jsonb_each_text(noted.note -> 'due') AS due (resource, moved) JOIN """ + LIMITS + """ USING (resource) WHERE due.moved::bigint > 0
) SELECT cell.refuse('TN002', resource) FROM counted WHERE used + CASE WHEN is_alone THEN 0 ELSE 128 END > most ORDER BY length(resource) DESC LIMIT 1;"""


def pgbench(url, schema, role, folder, options, statements, clients=16):
    path = folder / "write.sql"
    path.write_text(
        f"\\startpipeline\nSELECT set_config('role', '{role}', true), set_config('search_path', '{schema}, cell', true),"
        " set_config('statement_timeout', '10000', true);\n" + "\n".join(" ".join(text.replace("{schema}", schema).split()) for text in statements) + "\n\\endpipeline\n")
    answer = subprocess.run(["pgbench", url, "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(options.seconds), "-f", str(path)],
                            capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", answer.stdout)
    if not found: sys.exit("pgbench: " + answer.stderr[-1500:])
    return float(found.group(1))


def main():
    options = arguments()
    need("wrk", "psql", "pgbench")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-quota-"))
    folder.chmod(0o755)
    first = folder / "exact"
    first.mkdir(mode=0o755)
    server = Server(options.binary, first)
    processes = [Process(options.binary, server.ready["database_url"]) for _ in range(options.processes)]
    try:
        wrong, total = exactness(server, processes, options) if options.rounds else ([], {})
        url = server.ready["database_url"]
        order(server, "load-sql", "unlimited", {})
        schema, role = schemas(url)["load-sql"]
        spares_ready(url, 2)  # a session that reads its roles while another is granted may miss one
        sql(url, f'GRANT "{role}" TO CURRENT_USER;')
        rates = []
        for statements in [[INSERT], [INSERT], [INSERT, COUNT], [INSERT], [INSERT, COUNT]]:
            rates.append(pgbench(url, schema, role, folder, options, statements))
        spread = [pgbench(url, schema, role, folder, options, statements, options.processes) for statements in [[INSERT], [INSERT, COUNT]]]
    finally:
        for process in processes: process.stop()
        server.stop()
    print(f"\n{platform.machine()}, {os.cpu_count()} cores shared by everything; {time.strftime('%Y-%m-%d')}")
    print(f"{options.rounds} rounds of {options.writers} writers in {options.processes} processes at a limit of {options.limit}: "
          f"{total.get(201, 0)} made, {total.get(402, 0)} refused with the numbers, {total.get(409, 0)} duplicates, {total.get(0, 0)} killed; "
          f"{len(wrong)} rounds ended elsewhere than at the limit")
    for row in wrong: print("  ", row)
    plain, counted = (rates[1] + rates[3]) / 2, (rates[2] + rates[4]) / 2
    print(f"SQL alone, 16 connections, one tenant: {plain:,.0f}/s without counting, {counted:,.0f}/s with it: {counted / plain:.2f}")
    print(f"SQL alone, {options.processes} connections (as many as processes): {spread[0]:,.0f}/s and {spread[1]:,.0f}/s: {spread[1] / spread[0]:.2f}")
    if options.without:
        before = served(options.without, folder / "before", options, {})
        after = served(options.binary, folder / "after", options, {"records": 10_000_000, "records.contacts": 10_000_000})
        print(f"Server, {options.processes} processes, 16 writers, one tenant: {before:,.0f}/s before, {after:,.0f}/s with limits: {after / before:.2f} (target 0.70)")
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
