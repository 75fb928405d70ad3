#!/usr/bin/env python3
"""How late mails are when very many reminders of very many tenants fall due in one minute.

    Tests/Load/timeliness.py [--binary .build/release/tenantry] [--reminders 100000] [--tenants 500] [--workers 2] [--bulk 0.2]

A PostgreSQL of its own, one `tenantry serve`, some `tenantry work` whose mail goes into a folder. One tenant has a fifth of all reminders
(`--bulk`), the others share the rest: nobody's may wait behind that one's. All fall due at the same minute. Prints how many were sent in a
second, and how late they were: of the tenant with the bulk, and of everyone else. PostgreSQL, the workers and this program share the
machine. Needs what Deploy/packages.sh --test installs.
"""
import argparse, concurrent.futures, datetime, json, os, pathlib, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tests/Chaos"))
from reminders import PASSWORD, Database, Worker, call  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--reminders", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bulk", type=float, default=0.2, help="which part of all is one tenant's")
    return parser.parse_args()


def provision(api, operators, operator, number):
    slug = f"punctual-{number:04d}"
    call(f"{operators}/operator/v1/tenants/{slug}",
         {"name": slug, "plan": "unlimited", "admin": {"email": f"admin@{slug}.example", "name": "Admin", "password": PASSWORD}}, operator, "PUT")
    return slug, call(f"{api}/v1/session", {"tenant": slug, "email": f"admin@{slug}.example", "password": PASSWORD})["token"]


def fill(api, slug, token, count, local):
    """So many reminders of one tenant for one minute, each to an address of its own."""
    for start in range(0, count, 200):
        operations = [
            {"op": "create", "body": {
                "when": {"local": local, "time_zone": "UTC"}, "recipients": [{"email": f"p{index}@{slug}.example"}],
                "subject": f"Reminder {index}", "body": "Call."}}
            for index in range(start, min(start + 200, count))]
        results = call(f"{api}/v1/reminders/batch", {"atomic": True, "operations": operations}, token)["results"]
        assert all(result["status"] == 201 for result in results), results[0]


def percentile(values, part): return values[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-timeliness-"))
    folder.chmod(0o755)
    database = Database(folder / "postgres", "shared_buffers = 512MB\nmax_wal_size = 4GB\nsynchronous_commit = on\n")
    log = open(folder / "log", "w")
    settings = [f"database_url={database.url}", "log.level=error", "mail.transport=file", f"mail.directory={folder}/mail",
                "mail.from=Tenantry <crm@tenantry.example>", "mail.per_domain=10000", "mail.per_tenant=10000", "secret_key=" + "punctual" * 8]
    subprocess.run([options.binary, "migrate", "--", *settings], check=True, stdout=log, stderr=log)
    operator = json.loads(subprocess.run(
        [options.binary, "operator", "create", "--name", "load", "--role", "admin", "--json", "--", *settings], check=True, capture_output=True, text=True).stdout)["token"]
    server = subprocess.Popen([options.binary, "serve", "--json", "--", "listen=127.0.0.1:0", *settings], stdout=subprocess.PIPE, stderr=log, text=True)
    addresses = json.loads(server.stdout.readline())
    api, operators = addresses["api"], addresses.get("operator_api") or addresses["api"]
    workers = []
    try:
        bulk = int(options.reminders * options.bulk)
        share, rest = divmod(options.reminders - bulk, options.tenants - 1)
        counts = [bulk] + [share + (index < rest) for index in range(options.tenants - 1)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            began = time.time()
            tenants = list(pool.map(lambda number: provision(api, operators, operator, number), range(options.tenants)))
            print(f"{options.tenants} tenants after {time.time() - began:.0f} s", flush=True)
            # How long it takes to make them is found out with a tenant that falls due in another year.
            began = time.time()
            fill(api, *provision(api, operators, operator, options.tenants), 400, "2040-01-01T00:00")
            needed = (time.time() - began) / 400 * options.reminders * 1.3 + 30
            due = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=needed + 60)).replace(second=0, microsecond=0)
            local = due.strftime("%Y-%m-%dT%H:%M")
            list(pool.map(lambda pair: fill(api, *pair[0], pair[1], local), zip(tenants, counts)))
        left = due.timestamp() - time.time()
        if left < 20: sys.exit(f"Making the reminders took {20 - left:.0f} s too long; say a smaller number.")
        print(f"{options.reminders} reminders of {options.tenants} tenants, {bulk} of them of one, fall due at {due:%H:%M} UTC, in {left:.0f} s.", flush=True)
        workers = [Worker(options.binary, settings, log) for _ in range(options.workers)]
        schemas = [database.schema(slug) for slug, _ in tenants]
        while time.time() < due.timestamp(): time.sleep(0.2)
        deadline, before = due.timestamp() + 3600, -1
        while time.time() < deadline:
            # What is left is cheap to ask for; the ledgers are read once at the end.
            left = int(database.psql("tenantry", """
                SELECT count(*) FROM cell.jobs AS j JOIN cell.job_lanes AS l ON l.id = j.lane_id
                WHERE l.kind IN ('due_reminder', 'send_reminder', 'plan_reminders') AND j.run_at < now() + interval '1 day'"""))
            if left == 0: break
            if left != before: print(f"  {time.time() - due.timestamp():5.0f} s: {left} jobs left", flush=True)
            before = left
            time.sleep(5)
        took = time.time() - due.timestamp()
        late, states = {}, {}
        for schema in schemas:
            rows = database.psql("tenantry", f"SELECT status, coalesce(extract(epoch FROM settled_at - due_at), -1) FROM {schema}.occurrences")
            for line in rows.splitlines():
                status, seconds = line.split("|")
                states[status] = states.get(status, 0) + 1
                if status == "sent": late.setdefault(schema, []).append(float(seconds))
    finally:
        for process in [worker.process for worker in workers] + [server]: process.terminate()
        for process in [worker.process for worker in workers] + [server]: process.wait(30)
        database.control("stop", "--mode", "fast")
    everyone = sorted(second for schema in schemas[1:] for second in late.get(schema, []))
    one, all_of_them = sorted(late.get(schemas[0], [])), sorted(second for seconds in late.values() for second in seconds)
    print(f"{states} after {took:.0f} s, {len(all_of_them) / max(percentile(all_of_them, 1), 0.001):.0f} sent in a second; {os.cpu_count()} processors, {options.workers} workers")
    for name, values in (("all", all_of_them), ("everyone but the bulk", everyone), ("the bulk's", one)):
        print(f"  lateness of {name}: p50 {percentile(values, 0.5):.1f} s, p99 {percentile(values, 0.99):.1f} s, longest {percentile(values, 1):.1f} s")
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if states == {"sent": options.reminders} else 1)


if __name__ == "__main__":
    main()
