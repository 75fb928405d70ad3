#!/usr/bin/env python3
"""Measures the server against the database beneath it, in one run on one machine, and prints ratios.

    Tests/Load/load.py [--binary .build/release/tenantry] [--tenants 1000] [--seconds 5]

Starts `tenantry dev` in a new folder, provisions tenants, fills each with 60 contacts, and lets wrk call /healthz, GET by id, list of 50,
search and create over 10 tenants and over all of them; then pgbench sends the same isolated statement straight to PostgreSQL. Each three
times in turn: the one in the middle counts. Absolute figures say much about the machine; the ratios say something about the server. Needs
wrk, psql and pgbench.
"""
import argparse, concurrent.futures, glob, http.client, itertools, json, multiprocessing, os, pathlib, platform, random, re, shutil, statistics, subprocess, sys, tempfile, threading, time, urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--json", help="also write the figures to this file")
    return parser.parse_args()


class Server:
    # Passwords are cheap: a thousand sign-ins are not what is measured.
    def __init__(self, binary, folder, spares=2, settings=("security.scrypt_log_n=10",)):
        ready = folder / "ready.json"
        self.process = subprocess.Popen(
            [binary, "dev", "--data", str(folder / "data"), "--port", "0", "--no-demo", "--ready-file", str(ready), "--",
             "log.level=error", f"pool.spare_tenants={spares}", *settings],
            stdout=open(folder / "log", "w"), stderr=subprocess.STDOUT)
        deadline = time.time() + 120
        while not ready.exists():
            if self.process.poll() is not None or time.time() > deadline:
                sys.exit("tenantry dev did not start:\n" + (folder / "log").read_text()[-2000:])
            time.sleep(0.1)
        self.ready = json.loads(ready.read_text())

    def call(self, method, url, body=None, token=None, **more):
        headers = {"Content-Type": "application/json", "Accept": "application/json"} | more
        if token: headers["Authorization"] = "Bearer " + token
        request = urllib.request.Request(url, json.dumps(body).encode() if body is not None else None, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def provision(self, number):
        slug, password = f"load-{number:05d}", "a long enough password"
        self.order(slug, password)
        session = self.call("POST", f"{self.ready['api']}/v1/session",
                            {"tenant": slug, "email": f"admin@{slug}.example", "password": password})
        return slug, session["token"]

    def order(self, slug, password=None):
        """A new tenant; how long that took, in seconds. Without a password none has to be hashed."""
        began = time.time()
        self.call("PUT", f"{self.ready['operator_api']}/operator/v1/tenants/{slug}", self.form(slug, password), self.ready["operator_token"])
        return time.time() - began

    @staticmethod
    def form(slug, password=None):
        """What an order of a tenant says."""
        admin = {"email": f"admin@{slug}.example", "name": "Admin"} | ({"password": password} if password else {})
        return {"name": slug, "plan": "unlimited", "admin": admin}

    def memory(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def sql(url, text):
    answer = subprocess.run(["psql", url, "-XAtq", "-v", "ON_ERROR_STOP=1"], input=text, capture_output=True, text=True)
    if answer.returncode: sys.exit("psql: " + answer.stderr[-1000:])
    return answer.stdout


def as_tenant(url, schema, role, text):
    """Statements in a tenant's schema: the owner becomes a member of its role for as long as that takes."""
    return sql(url, f"""
        GRANT "{role}" TO CURRENT_USER;
        BEGIN; SET LOCAL ROLE "{role}"; SET LOCAL search_path = "{schema}", cell;
        {text}
        COMMIT;
        REVOKE "{role}" FROM CURRENT_USER;""")


def schemas(url):
    """What each tenant's schema and role are called, by slug."""
    rows = sql(url, "SELECT slug, schema_name, role_name FROM control.tenants WHERE slug LIKE 'load-%' ORDER BY slug")
    return {slug: (schema, role) for slug, schema, role in (row.split("|") for row in rows.split())}


def fill(url, schema, role):
    """Sixty contacts, and their ids."""
    return as_tenant(url, schema, role, """
        INSERT INTO contacts (id, first_name, last_name, email, phone, title, lifecycle_stage, address_city, address_country, owner_id,
            created_by_type, created_by_id, updated_by_type, updated_by_id)
        SELECT cell.uuid_v7(), 'First' || n, 'Last' || n, 'p' || n || '@example.com', '+49 30 ' || n, 'Buyer', 'customer', 'Berlin', 'DE',
            users.id, 'user', users.id, 'user', users.id
        FROM generate_series(1, 60) AS n, users;
        ANALYZE contacts;
        SELECT id FROM contacts;""").split()


# Each run of wrk has a number, so that what it creates is no duplicate of another's within the same second.
parts = itertools.count(1)


def wrk(server, kind, targets, options):
    environment = dict(os.environ, LOAD_KIND=kind, LOAD_TARGETS=str(targets), LOAD_PART=str(next(parts)))
    answer = subprocess.run(
        ["wrk", "-t", "1", "-c", str(options.clients), "-d", f"{options.seconds}s", "-s", str(HERE / "requests.lua"), server.ready["api"]],
        capture_output=True, text=True, env=environment)
    found = re.search(r"RESULT (.*)", answer.stdout)
    if not found: sys.exit("wrk: " + answer.stdout + answer.stderr)
    return json.loads(found.group(1))


def median(answers):
    """The one in the middle, with what failed in all of them."""
    middle = sorted(answers, key=lambda answer: answer["rate"])[len(answers) // 2]
    return middle | {"failed": sum(answer["failed"] for answer in answers)}


class Neighbours:
    """Someone else's requests, as some people at work would send them, from a process of their own: what the others' program does is no part of them."""

    def __init__(self, server, targets):
        lines = [line.split() for line in targets.read_text().splitlines()]
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.work, args=[server.ready["api"].removeprefix("http://"), lines, theirs])
        self.process.start()

    @staticmethod
    def work(address, lines, pipe):
        isOver = threading.Event()

        def person(_):
            connection, times = http.client.HTTPConnection(address), []
            while not isOver.is_set():
                words = random.choice(lines)
                began = time.time()
                connection.request("GET", "/v1/contacts/" + random.choice(words[1:]), headers={"Authorization": "Bearer " + words[0]})
                connection.getresponse().read()
                times.append((began, (time.time() - began) * 1000))
                time.sleep(0.05)
            return times

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            people = [pool.submit(person, number) for number in range(8)]
            pipe.recv()
            isOver.set()
            pipe.send(sum((person.result() for person in people), []))

    def times(self, since, until):
        """What the requests took, in ms, that were sent between two moments. Nobody asks any more then."""
        self.pipe.send("enough")
        times = sorted(took for began, took in self.pipe.recv() if since <= began <= until)
        self.process.join()
        return {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]}


def spares_ready(url, wanted):
    """Waits until so many schemas stand ready, as far as the cell has room, and nobody makes more or leaves the roles of those that were taken."""
    room = int(sql(url, "SELECT tenant_limit - (SELECT count(*) FROM control.tenants) FROM control.cells"))
    while int(sql(url, "SELECT CASE WHEN count(taken_at) = 0 THEN count(*) ELSE -1 END FROM cell.spares")) < min(wanted, room): time.sleep(0.5)


def crowd(server, targets, options):
    """Fifty new tenants at once, and what the others notice of it. One thread orders them, over connections that stand: fifty threads that
    begin at the same moment would be most of what is noticed."""
    orders = [http.client.HTTPConnection(server.ready["operator_api"].removeprefix("http://")) for _ in range(50)]
    for order in orders: order.connect()
    people = Neighbours(server, targets)
    time.sleep(6)
    before = people.times(time.time() - 5, time.time())
    people = Neighbours(server, targets)
    time.sleep(1)
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + server.ready["operator_token"]}
    made = 0
    began = time.time()
    for number, order in enumerate(orders):
        slug = f"crowd-{number:05d}"
        order.request("PUT", f"/operator/v1/tenants/{slug}", json.dumps(server.form(slug, "a long enough password")), headers)
    for order in orders:
        try: made += order.getresponse().status == 201
        except (OSError, http.client.HTTPException): pass
    ended = time.time()
    return before, people.times(began, ended), len(orders) - made, ended - began


COLUMNS = """r.id, r.version, r.created_at AT TIME ZONE 'UTC', r.updated_at AT TIME ZONE 'UTC', r.created_by_type, r.created_by_id,
    r.updated_by_type, r.updated_by_id, r.owner_id, r.deleted_at AT TIME ZONE 'UTC', r.first_name, r.last_name, r.email, r.phone, r.title,
    r.company_id, r.lifecycle_stage, r.source, r.address_street, r.address_city, r.address_region, r.address_postal_code,
    r.address_country, r.birthday, r.language, r.time_zone, r.email_opt_out, r.external_id, r.tags"""


def pgbench(url, folder, tenants, ids, kind, options):
    """The server's own statements from C: one pipelined flush, prepared per tenant, four connections."""
    scripts = []
    sql(url, "".join(f'GRANT "{role}" TO CURRENT_USER;' for role in tenants.values()))
    for schema, role in tenants.items():
        wanted = random.sample(ids[schema], min(20, len(ids[schema])))
        statement = (f"SELECT {COLUMNS} FROM {schema}.contacts AS r WHERE r.id = '{random.choice(wanted)}' AND r.deleted_at IS NULL;"
                     if kind == "get" else
                     f"SELECT {COLUMNS}, r.created_at::text FROM {schema}.contacts AS r WHERE true AND r.deleted_at IS NULL"
                     " ORDER BY r.created_at DESC, r.id DESC LIMIT 51;")
        path = folder / f"{kind}-{schema}.sql"
        path.write_text(
            "\\startpipeline\n"
            f"SELECT set_config('role', '{role}', true), set_config('search_path', '{schema}, cell', true),"
            " set_config('statement_timeout', '10000', true);\n"
            + " ".join(statement.split()) + "\n\\endpipeline\n")
        scripts += ["-f", str(path)]
    answer = subprocess.run(
        ["pgbench", url, "-n", "-M", "prepared", "-c", "4", "-j", "1", "-T", str(options.seconds)] + scripts,
        capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", answer.stdout)
    if not found: sys.exit("pgbench: " + answer.stderr[-1500:])
    return float(found.group(1))


def need(*programs):
    """Ends when one of these is missing; pgbench may lie beside the server."""
    for program in programs:
        if not shutil.which(program) and program == "pgbench":
            os.environ["PATH"] += os.pathsep + max(glob.glob("/usr/lib/postgresql/*/bin"), default="")
        if not shutil.which(program): sys.exit(f"{program} is missing")


def main():
    options = arguments()
    need("wrk", "psql", "pgbench")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-load-"))
    folder.chmod(0o755)
    server = Server(options.binary, folder, spares=50)
    figures = {}  # kind of call -> few or many tenants -> what wrk said
    try:
        url = server.ready["database_url"]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            tenants = list(pool.map(server.provision, range(options.tenants)))
        homes = schemas(url)
        ids = {}
        lines = []
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for (slug, token), found in zip(tenants, pool.map(lambda tenant: fill(url, *homes[tenant[0]]), tenants)):
                ids[homes[slug][0]] = found
                lines.append(token + " " + " ".join(found))
        few, many = folder / "few", folder / "many"
        few.write_text("\n".join(lines[:10]) + "\n")
        many.write_text("\n".join(lines) + "\n")

        spares_ready(url, 50)  # nor is their making measured
        healths = []
        for kind in ["get", "list", "search", "create"]:
            for targets in [few, many]: wrk(server, kind, targets, options)  # so that both rows are warm
            rounds = []
            for _ in range(3):
                if kind == "get": healths.append(wrk(server, "health", few, options)["rate"])
                rounds.append((wrk(server, kind, few, options), wrk(server, kind, many, options)))
            figures[kind] = {"few": median([few for few, _ in rounds]), "many": median([many for _, many in rounds])}
        health = statistics.median(healths)
        memory = server.memory()
        # A thousand fill a cell; those who come now are beyond that.
        sql(url, "UPDATE control.cells SET tenant_limit = tenant_limit + 100")
        made = sorted(server.order(f"made-{number:05d}") for number in range(8))
        spares_ready(url, 50)
        alone = sorted(server.order(f"alone-{number:05d}") for number in range(40))
        spares_ready(url, 50)
        before, during, refused, took = crowd(server, few, options)
        first = dict(list(homes.values())[:10])
        limits = {kind: statistics.median(pgbench(url, folder, first, ids, kind, options) for _ in range(3)) for kind in ["get", "list"]}
    finally:
        server.stop()

    expected = 1 / (1 / health + 1 / limits["get"])
    cores = os.cpu_count()
    print(f"\n{platform.machine()}, {cores} cores shared by wrk, server and PostgreSQL; {options.clients} clients; {time.strftime('%Y-%m-%d')}\n")
    print(f"| call | 10 tenants, req/s | p99 ms | {options.tenants} tenants, req/s | p99 ms | ratio |\n|---|---|---|---|---|---|")
    print(f"| /healthz | {health:,.0f} | | | | |")
    for kind, both in figures.items():
        few, many = both["few"], both["many"]
        print(f"| {kind} | {few['rate']:,.0f} | {few['p99_ms']:.1f} | {many['rate']:,.0f} | {many['p99_ms']:.1f} |"
              f" {many['rate'] / few['rate']:.2f} |")
    print(f"| SQL alone (pgbench): get | {limits['get']:,.0f} | | | | |\n| SQL alone (pgbench): list | {limits['list']:,.0f} | | | | |\n")
    get, listing = figures["get"]["few"]["rate"], figures["list"]["few"]["rate"]
    print(f"GET by id: {get / expected:.2f} of 1/(1/healthz + 1/SQL) (target 0.70)")
    print(f"{options.tenants} tenants: {figures['get']['many']['rate'] / get:.2f} of 10 tenants (target 0.85)")
    print(f"List of 50: {listing / get:.2f} of GET (target 0.30)")
    print(f"Server memory afterwards: {memory:.0f} MB (target below 150)")
    print(f"A new tenant over HTTP, one after another: p50 {alone[20] * 1000:.0f} ms, slowest {alone[-1] * 1000:.0f} ms (target p50 150);"
          f" slowest of those who came after a thousand others, when no schema stood ready: {made[-1] * 1000:.0f} ms")
    print(f"Fifty new tenants at once: {took:.1f} s, {refused} failed; others' GET p50 {before['p50']:.2f} -> {during['p50']:.2f} ms"
          f" ({during['p50'] / before['p50']:.2f}), p95 {before['p95']:.2f} -> {during['p95']:.2f} ms ({during['p95'] / before['p95']:.2f}; target 1.50)")
    failed = sum(row["failed"] for both in figures.values() for row in both.values())
    print(f"Failed requests: {failed}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(dict(figures=figures, health=health, limits=limits, memory=memory), indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
