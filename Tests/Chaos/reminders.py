#!/usr/bin/env python3
"""Lets everything go wrong at once while reminders fall due, and counts what arrived.

    Tests/Chaos/reminders.py [--binary .build/release/tenantry] [--reminders 20000] [--tenants 10] [--workers 3] [--seed 1]

A PostgreSQL of its own, one `tenantry serve`, some `tenantry work`, and a mail server that refuses for now, hangs and drops dialogues. The
reminders fall due over two minutes. Meanwhile a worker is killed with -9 every few seconds and started again, PostgreSQL is restarted once,
and once every connection to it is ended. In the end every occurrence must be in a final state or, when a server said "later" and the time
of `--wait` is over, promised once more; every one that was sent must have arrived once, and none may have arrived twice; only one whose
dialogue was cut, by the server or by its worker's death, may be `unknown`, and those are counted.
Needs what Deploy/packages.sh --test and Deploy/python-tools.sh install.
"""
import argparse, atexit, collections, concurrent.futures, datetime, glob, json, os, pathlib, pwd, random, shutil, signal, subprocess, sys, tempfile, time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PASSWORD = "a long enough password"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--python", default=str(ROOT / ".build/python-tools/bin/python"), help="one that knows aiosmtpd")
    parser.add_argument("--reminders", type=int, default=20_000)
    parser.add_argument("--tenants", type=int, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wait", type=int, default=2400, help="for how many seconds what was put off is waited for")
    parser.add_argument("--calm", action="store_true", help="nothing is killed and nothing restarted")
    return parser.parse_args()


class Database:
    """A cluster on a unix socket; root hands it to `postgres`."""

    def __init__(self, folder, more=""):
        self.folder, self.bin = folder, max(glob.glob("/usr/lib/postgresql/*/bin"))
        folder.mkdir()
        if os.getuid() == 0: os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        self.run("initdb", "--pgdata", f"{folder}/data", "--username", "postgres", "--auth", "trust", "--encoding", "UTF8")
        with open(folder / "data/postgresql.conf", "a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nmax_connections = 200\n"
                       "max_locks_per_transaction = 512\njit = off\n" + more)
        # Also when something here fails; twice does no harm.
        atexit.register(self.control, "stop", "--mode", "immediate")
        self.control("start")
        self.psql("postgres", "CREATE ROLE tenantry LOGIN CREATEROLE")
        self.psql("postgres", "CREATE DATABASE tenantry OWNER tenantry")
        self.url = f"postgresql://tenantry@/tenantry?host={folder}"

    def run(self, program, *words):
        words = [f"{self.bin}/{program}", *words]
        if os.getuid() == 0: words = ["runuser", "-u", "postgres", "--", *words]
        done = subprocess.run(words, cwd="/", capture_output=True, text=True)
        if done.returncode: sys.exit(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def control(self, verb, *words):
        done = subprocess.run(
            (["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else [])
            + [f"{self.bin}/pg_ctl", verb, "--pgdata", f"{self.folder}/data", "--log", f"{self.folder}/log", "--wait", "--silent", *words],
            cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode and verb != "stop": sys.exit(f"pg_ctl {verb}: " + (self.folder / "log").read_text()[-2000:])

    def psql(self, database, text):
        return self.run("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "postgres", "-d", database, "-c", text)

    def schema(self, slug):
        """What a tenant's schema is called."""
        return self.psql("tenantry", f"SELECT schema_name FROM control.tenants WHERE slug = '{slug}'").strip()


class Worker:
    def __init__(self, binary, settings, log):
        self.binary, self.settings, self.log, self.deaths = binary, settings, log, 0
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.binary, "work", "--", *self.settings], stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.deaths += 1


def call(url, body=None, token=None, method="POST"):
    headers = {"Content-Type": "application/json"} | ({"Authorization": "Bearer " + token} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer: return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()[:1000]}")


def fill(api, operators, operator, number, each, first):
    """A tenant with reminders that fall due at the three full minutes from `first`; each goes to an address of its own."""
    slug = f"chaos-{number:03d}"
    call(f"{operators}/operator/v1/tenants/{slug}",
         {"name": slug, "plan": "unlimited", "admin": {"email": f"admin@{slug}.example", "name": "Admin", "password": PASSWORD}}, operator, "PUT")
    token = call(f"{api}/v1/session", {"tenant": slug, "email": f"admin@{slug}.example", "password": PASSWORD})["token"]
    contact = call(f"{api}/v1/contacts", {"last_name": "Whom it is about"}, token)["id"]
    operations = []
    for index in range(each):
        local = (first + datetime.timedelta(minutes=index % 3)).strftime("%Y-%m-%dT%H:%M")
        operations.append({"op": "create", "body": {
            "about": {"type": "contacts", "id": contact}, "when": {"local": local, "time_zone": "UTC"},
            "recipients": [{"email": f"p{index}@{slug}.example"}], "subject": f"Reminder {index}", "body": "Call.", "active": True}})
    for start in range(0, each, 200):
        results = call(f"{api}/v1/reminders/batch", {"atomic": True, "operations": operations[start:start + 200]}, token)["results"]
        assert all(result["status"] == 201 for result in results), results[0]
    return slug


def main():
    options = arguments()
    dice = random.Random(options.seed)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-chaos-"))
    folder.chmod(0o755)
    mails = folder / "mail"
    mails.mkdir()
    (mails / "mails").touch()
    database = Database(folder / "postgres")
    log = open(folder / "log", "w")
    post = subprocess.Popen([options.python, str(HERE / "mail_server.py"), str(mails), str(options.seed)], stdout=log, stderr=log)
    while not (mails / "port").exists(): time.sleep(0.05)
    settings = [f"database_url={database.url}", "log.level=error", "mail.transport=smtp", "mail.smtp.host=127.0.0.1",
                f"mail.smtp.port={(mails / 'port').read_text()}", "mail.smtp.security=none", "mail.from=Tenantry <crm@tenantry.example>",
                "secret_key=" + "chaos " * 8]
    subprocess.run([options.binary, "migrate", "--", *settings], check=True, stdout=log, stderr=log)
    operator = json.loads(subprocess.run(
        [options.binary, "operator", "create", "--name", "chaos", "--role", "admin", "--json", "--", *settings], check=True, capture_output=True, text=True).stdout)["token"]
    server = subprocess.Popen([options.binary, "serve", "--json", "--", "listen=127.0.0.1:0", *settings], stdout=subprocess.PIPE, stderr=log, text=True)
    addresses = json.loads(server.stdout.readline())
    workers = []
    try:
        # Everything is in place before the first falls due.
        needed = 40 + options.reminders / 150
        first = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=needed + 60)).replace(second=0, microsecond=0)
        api, operators = addresses["api"], addresses.get("operator_api") or addresses["api"]
        each = options.reminders // options.tenants
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            slugs = list(pool.map(lambda number: fill(api, operators, operator, number, each, first), range(options.tenants)))
        late = (datetime.datetime.now(datetime.timezone.utc) - first).total_seconds()
        if late > 0: sys.exit(f"It took {late:.0f} s too long to make the reminders; say a smaller number.")
        print(f"{each * options.tenants} reminders of {options.tenants} tenants fall due from {first:%H:%M} UTC on.", flush=True)
        workers = [Worker(options.binary, settings, log) for _ in range(options.workers)]
        begin = first.timestamp()
        while time.time() < begin: time.sleep(0.2)
        restart, storm = begin + 40, begin + 80
        while time.time() < begin + 130 and not options.calm:
            time.sleep(dice.uniform(2, 5))
            victim = dice.choice(workers)
            victim.kill()
            if restart and time.time() > restart:
                database.control("restart", "--mode", "fast")
                restart = None
            elif storm and time.time() > storm:
                database.psql("tenantry", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename <> 'postgres'")
                storm = None
            victim.start()
        union = " UNION ALL ".join(
            f"SELECT status, reason, message_id, attempts, extract(epoch FROM settled_at - due_at) * 1000 AS lateness_ms FROM {database.schema(slug)}.occurrences"
            for slug in slugs)
        deadline = time.time() + options.wait
        while time.time() < deadline:
            settled = int(database.psql("tenantry", f"SELECT count(*) FROM ({union}) AS o WHERE status <> 'planned'"))
            if settled >= each * options.tenants: break
            time.sleep(2)
        rows = json.loads(database.psql("tenantry", f"SELECT coalesce(json_agg(o), '[]') FROM ({union}) AS o"))
        states = collections.Counter(row["status"] for row in rows)
        took = time.time() - begin
        promised = int(database.psql("tenantry", """
            SELECT count(*) FROM cell.jobs AS j JOIN cell.job_lanes AS l ON l.id = j.lane_id WHERE l.kind = 'send_reminder' AND j.state <> 'dead'"""))
    finally:
        for process in [worker.process for worker in workers] + [server]: process.terminate()
        for process in [worker.process for worker in workers] + [server]: process.wait(30)
        database.control("stop", "--mode", "fast")
        post.terminate()

    taken = [json.loads(line) for line in open(mails / "mails")]
    arrived = collections.Counter(mail["to"] for mail in taken)
    by_id = collections.Counter(mail["id"] for mail in taken)
    cut = {mail["id"] for mail in taken if mail["cut"]}
    wanted = each * options.tenants
    sent = [row for row in rows if row["status"] == "sent"]
    unknown = [row for row in rows if row["status"] == "unknown"]
    later = min(promised, states["planned"])
    lost = wanted - later - sum(states[state] for state in ("sent", "skipped", "failed", "unknown"))
    uncertain = sum(by_id[row["message_id"]] > 0 for row in unknown)
    missing = [row for row in sent if by_id[row["message_id"]] == 0]
    twice = [address for address, count in arrived.items() if count > 1]
    undeclared = [mail["id"] for mail in taken if mail["cut"] and mail["id"] not in {row["message_id"] for row in unknown}]
    late = sorted(row["lateness_ms"] for row in sent if row["lateness_ms"] is not None)
    bad = json.loads((mails / "counts").read_text()) if (mails / "counts").exists() else {}
    print(f"workers killed {sum(worker.deaths for worker in workers)} times; the mail server: {bad}")
    print(f"{wanted} due: {dict(states)} after {took:.0f} s; {len(taken)} mails taken, {len(cut)} of them in a dialogue that was cut afterwards")
    print(f"put off and promised again {later}; unknown {len(unknown)}, of which {uncertain} arrived")
    print(f"lost {lost}; said to be sent and not there {len(missing)}; arrived twice {len(twice)}; cut and not called unknown {len(undeclared)}")
    if late: print(f"lateness of those sent: p50 {late[len(late) // 2] / 1000:.1f} s, p99 {late[int(len(late) * 0.99)] / 1000:.1f} s, longest {late[-1] / 1000:.1f} s")
    wrong = lost or missing or twice or states["failed"] or states["skipped"]
    if wrong: print(f"What was written is in {folder}.")
    else: shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
