#!/usr/bin/env python3
"""Measures how long a look through all contacts for duplicates takes, and what a duplicate rule costs whoever makes a record.

    Tests/Load/duplicates.py [--binary .build/release/tenantry] [--contacts 100000] [--calls 200]

Starts `tenantry dev` in a new folder and fills one tenant: one in a hundred of the contacts is there twice (with the same number in other
writing, or with a slip of the pen in its name at the same firm). Prints the seconds of the scan from the request to `done`, how many of
the twins it found, and how much longer a contact and a company take to make while a rule looks for one like it than when it does not.
The server, the worker, the client and PostgreSQL share the machine: only the ratios say something.
"""
import argparse, os, pathlib, platform, shutil, statistics, sys, tempfile, time
from load import ROOT, Server, as_tenant, schemas
from sales import Person
from search import fill


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=200)
    return parser.parse_args()


def twins(url, schema, role, contacts):
    """Every other one with its number in other writing, every other one with one letter of its name missing, at the same firm."""
    as_tenant(url, schema, role, f"""
        SET LOCAL statement_timeout = 0;
        WITH chosen AS (
            SELECT first_name, last_name, phone, company_id, owner_id, row_number() OVER (ORDER BY id) AS n FROM contacts
            WHERE length(last_name) > 4 ORDER BY id LIMIT {contacts // 100})
        INSERT INTO contacts (id, first_name, last_name, email, phone, company_id, owner_id, external_id)
        SELECT cell.uuid_v7(), CASE WHEN n % 2 = 0 THEN 'Other' ELSE first_name END,
            CASE WHEN n % 2 = 0 THEN 'Name ' || n ELSE overlay(last_name PLACING '' FROM 3 FOR 1) END, 'twin' || n || '@load.example',
            CASE WHEN n % 2 = 0 THEN replace(phone, ' ', '-') END, CASE WHEN n % 2 = 1 THEN company_id END, owner_id, 'twin ' || n
        FROM chosen;""")
    as_tenant(url, schema, role, "ANALYZE contacts;")


def scan(person):
    began = time.perf_counter()
    address = "/v1/duplicates/scans/" + person.call("POST", "/v1/duplicates/scans", {"type": "contacts"})["id"]
    while (state := person.call("GET", address + "?limit=1")["state"]) not in ("done", "failed"): time.sleep(0.05)
    if state == "failed": sys.exit("The scan failed.")
    seconds, groups, after = time.perf_counter() - began, [], ""
    while after is not None:
        page = person.call("GET", f"{address}?limit=200{'&after=' + after if after else ''}")
        groups += page["groups"]
        after = page["page"]["next"]
    return seconds, groups


def made(person, type, body, calls):
    """The time of one create, in ms."""
    times = []
    for number in range(calls + 5):
        began = time.perf_counter()
        person.call("POST", f"/v1/{type}", body(number))
        if number >= 5: times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-duplicates-"))
    folder.chmod(0o755)
    server = Server(options.binary, folder)
    try:
        url = server.ready["database_url"]
        slug, token = server.provision(0)
        schema, role = schemas(url)[slug]
        fill(url, schema, role, options.contacts)
        twins(url, schema, role, options.contacts)
        person = Person(server, slug, token)
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {time.strftime('%Y-%m-%d')}; {options.contacts} contacts")
        seconds, groups = scan(person)
        for reason in ("same phone", "similar name and same company_id"):
            print(f"{reason}: {sum(reason in group['reasons'] for group in groups)} groups (twins: {options.contacts // 200})")
        print(f"A scan took {seconds:.1f} s and found {len(groups)} groups.")
        for type, body in (
            ("contacts", lambda word: lambda number: {"last_name": f"New {word} {number}", "phone": f"+1 555 {word} {number:07}"}),
            ("companies", lambda word: lambda number: {"name": f"Hoffmann and Sons {word} {number}"})):
            ruled = made(person, type, body(1), options.calls)
            person.call("PUT", f"/v1/duplicate_rules/{type}", {"rules": []})
            time.sleep(2)
            free = made(person, type, body(2), options.calls)
            print(f"{type}: {ruled:.2f} ms with the rule, {free:.2f} ms without: {ruled / free:.2f}")
    finally:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
