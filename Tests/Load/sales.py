#!/usr/bin/env python3
"""Measures a salesperson's calls in a tenant with few deals and in one with many, in one run on one machine.

    Tests/Load/sales.py [--binary .build/release/tenantry] [--few 1000] [--many 100000] [--calls 300]

Starts `tenantry dev` in a new folder, provisions two tenants and fills them: per hundred deals sixty contacts, twenty companies and two
hundred activities. Then one person after another asks for lists, moves a deal, pages a timeline, reads the forecast and searches. The
targets: a list of many deals within twice the time of few, at the 95th percentile. Needs psql.
"""
import argparse, http.client, json, os, pathlib, platform, random, shutil, sys, tempfile, threading, time
from load import ROOT, Server, as_tenant, schemas


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--forecast", type=int, default=10_000, help="deals of a third tenant, whose forecast is read")
    parser.add_argument("--calls", type=int, default=300)
    return parser.parse_args()


FIRMS = "(SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM companies) AS firms"


def fill(url, schema, role, deals):
    """Deals spread over the pipeline's stages, a third of them open."""
    as_tenant(url, schema, role, f"""
        SET LOCAL statement_timeout = 0;
        INSERT INTO companies (id, name, owner_id) SELECT cell.uuid_v7(), 'Company ' || n, users.id
        FROM generate_series(1, {deals // 5}) AS n, users;
        INSERT INTO contacts (id, first_name, last_name, email, company_id, owner_id)
        SELECT cell.uuid_v7(), 'First' || n, 'Last' || n % 977, 'p' || n || '@example.com', firms.id, users.id
        FROM generate_series(1, {deals * 6 // 10}) AS n JOIN {FIRMS} ON firms.place = n.n % {deals // 5}, users;
        INSERT INTO deals (id, name, pipeline_id, stage_id, position, amount, amount_currency, close_date, probability, company_id, status,
            lost_reason, stage_entered_at, closed_at, owner_id, created_at, updated_at)
        SELECT cell.uuid_v7(), 'Deal ' || md5(n::text), stages.pipeline_id, stages.id, n / 12, (random() * 100000)::numeric(19, 2), 'EUR',
            current_date + (n % 700) - 500, stages.probability, firms.id, stages.kind, CASE WHEN stages.kind = 'lost' THEN 'Price' END, now(),
            CASE WHEN stages.kind <> 'open' THEN now() END, users.id, now() - n * interval '1 minute', now() - n * interval '1 minute'
        FROM generate_series(1, {deals}) AS n JOIN {FIRMS} ON firms.place = n.n % {deals // 5}
            JOIN stages ON stages.position = CASE WHEN n.n % 12 < 4 THEN n.n % 3 WHEN n.n % 12 < 7 THEN 3 ELSE 4 END, users;
        UPDATE deals SET position = counted.place
        FROM (SELECT id, row_number() OVER (PARTITION BY stage_id ORDER BY id) - 1 AS place FROM deals) AS counted WHERE deals.id = counted.id;
        INSERT INTO deal_stages (id, deal_id, stage_id, entered_at) SELECT cell.uuid_v7(), id, stage_id, created_at FROM deals;
        INSERT INTO activities (id, kind, subject, at, company_id, contact_ids, owner_id)
        SELECT cell.uuid_v7(), 'call', 'Talk ' || n, now() - n * interval '1 minute', firms.id,
            CASE WHEN n.n <= 10000 THEN ARRAY(SELECT id FROM contacts ORDER BY id LIMIT 1) ELSE '{{}}' END, users.id
        FROM generate_series(1, {deals * 2}) AS n JOIN {FIRMS} ON firms.place = CASE WHEN n.n <= 10000 THEN 0 ELSE n.n % {deals // 5} END, users;
        INSERT INTO changes (id, at, type, record_id, version, action, fields)
        SELECT cell.uuid_v7(), created_at, 'deals', id, 1, 'create', '{{}}' FROM deals;""")
    as_tenant(url, schema, role, "ANALYZE companies, contacts, deals, deal_stages, activities, changes;")


class Person:
    def __init__(self, server, slug, token):
        self.connection = http.client.HTTPConnection(server.ready["api"].removeprefix("http://"))
        self.headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        self.slug = slug

    def call(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body is not None else None, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300: sys.exit(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text)

    def time(self, calls, make):
        """Milliseconds of each call; the first few are not counted, as they plan."""
        times = []
        self.connection.close()  # opened again by the next call: the server has closed one that was idle while another person was measured
        for number in range(calls + 20):
            arguments = make(number)
            began = time.perf_counter()
            self.call(*arguments)
            if number >= 20: times.append((time.perf_counter() - began) * 1000)
        times.sort()
        return times[len(times) // 2], times[int(len(times) * 0.95)]


class Neighbour(threading.Thread):
    """Another tenant's people, who read and write in turn."""
    def __init__(self, person):
        super().__init__(daemon=True)
        self.person, self.times, self.isOver = person, [], False

    def run(self):
        number = 0
        while not self.isOver:
            began = time.perf_counter()
            if number % 2: self.person.call("GET", "/v1/contacts?limit=20")
            else: self.person.call("POST", "/v1/contacts", {"last_name": f"Neighbour {number}"})
            self.times.append(time.perf_counter() - began)
            number += 1
            time.sleep(0.01)

    def p95(self):
        self.isOver = True
        self.join()
        return sorted(self.times)[int(len(self.times) * 0.95)] * 1000


def deep(person, path, pages):
    """The cursor after so many pages."""
    after = ""
    for _ in range(pages): after = "&after=" + person.call("GET", path + after)["page"]["next"]
    return after.removeprefix("&after=")


def kinds(person):
    """What is asked, each as a function of the call's number."""
    pipeline = person.call("GET", "/v1/pipelines")["data"][0]
    stages = [stage["id"] for stage in pipeline["stages"]]
    deals = [deal["id"] for deal in person.call("GET", "/v1/deals?limit=200&filter[status]=open")["data"]]
    companies = person.call("GET", "/v1/companies?limit=1&filter[name]=Company%201")["data"]
    contacts = person.call("GET", "/v1/contacts?limit=1&sort=id")["data"]
    page = person.call("GET", "/v1/deals?limit=50&sort=-amount")["page"]["next"]
    thousandth = deep(person, f"/v1/companies/{companies[0]['id']}/timeline?limit=200", 5)
    owner = person.call("GET", "/v1/session")["user"]["id"]
    lists = {
        "newest": "limit=50", "by amount": "limit=50&sort=-amount", "by close date": "limit=50&sort=close_date", "by name": "limit=50&sort=name",
        "by change": "limit=50&sort=-updated_at", "second page": f"limit=50&sort=-amount&after={page}",
        "of a stage in order": f"limit=50&filter[stage_id]={stages[1]}&sort=position", "of an owner": f"limit=50&filter[owner_id]={owner}",
        "open, by amount": "limit=50&filter[status]=open&sort=-amount", "closing this month": "limit=50&filter[close_date][gte]=2026-11-01&sort=close_date",
    }
    asked = {f"deals {name}": (lambda number, query=query: ("GET", "/v1/deals?" + query)) for name, query in lists.items()}
    asked["move a deal"] = lambda number: ("POST", f"/v1/deals/{deals[number % len(deals)]}/move", {"stage_id": stages[(number // len(deals) + 1) % 3]})
    asked["drag a deal to the top"] = lambda number: ("POST", f"/v1/deals/{deals[number % len(deals)]}/move", {"stage_id": stages[1], "position": 0})
    asked["timeline of a company"] = lambda number: ("GET", f"/v1/companies/{companies[0]['id']}/timeline?limit=50")
    asked["timeline of a company, after 1,000 entries"] = lambda number: (
        "GET", f"/v1/companies/{companies[0]['id']}/timeline?limit=50&after={thousandth}")
    asked["timeline of a contact"] = lambda number: ("GET", f"/v1/contacts/{contacts[0]['id']}/timeline?limit=50")
    asked["search for a word"] = lambda number: ("GET", f"/v1/search?q=last{random.randrange(977)}")
    return asked


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-sales-"))
    folder.chmod(0o755)
    server = Server(options.binary, folder)
    try:
        url = server.ready["database_url"]
        sizes = {"few": options.few, "many": options.many, "forecast": options.forecast}
        people = {}
        for number, (name, deals) in enumerate(sizes.items()):
            slug, token = server.provision(number)
            fill(url, *schemas(url)[slug], deals)
            people[name] = Person(server, slug, token)
        print(f"{platform.machine()}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d')}; one caller, milliseconds\n")
        print(f"| call | {options.few} deals, p50 | p95 | {options.many} deals, p50 | p95 | p95 ratio |\n|---|---|---|---|---|---|")
        few, many = kinds(people["few"]), kinds(people["many"])
        for name in few:
            # A move makes room among all deals of its stage: it costs in proportion to them.
            calls = min(options.calls, 30) if "a deal" in name else options.calls
            a, b = people["few"].time(calls, few[name]), people["many"].time(calls, many[name])
            print(f"| {name} | {a[0]:.2f} | {a[1]:.2f} | {b[0]:.2f} | {b[1]:.2f} | {b[1] / a[1]:.2f} |", flush=True)
        p50, p95 = people["forecast"].time(max(20, options.calls // 10), lambda number: ("GET", "/v1/forecast?from=2026-06&to=2027-05&by=owner"))
        print(f"\nForecast of twelve months over {options.forecast} deals: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    finally:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
