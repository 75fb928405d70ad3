#!/usr/bin/env python3
"""Measures imports of contacts, and kills the worker in the middle of them.

    Tests/Load/import.py [--binary .build/release/tenantry] [--rows 1000000] [--kill-rows 100000] [--kills 10]

Starts `tenantry dev` in a new folder. Imports a file of contacts and prints rows/s (from the start of the upload to the end, and of the
work alone), the ratio to a bare COPY of the same rows into a table with the same columns and indexes, the most memory that the program had,
and the p95 of another tenant's reads and writes meanwhile, against alone. Then imports a smaller file and ends the program with SIGKILL at
random moments; counts what is there in the end. Client, server and PostgreSQL share the machine: only the ratios say something.
"""
import argparse, json, os, pathlib, random, shutil, signal, sys, tempfile, time
from load import ROOT, Server, as_tenant, schemas
from sales import Neighbour, Person

HEADER = "First Name,Last Name,E-Mail,Phone,Title,Stage,City,Country,External ID"
COLUMNS = "first_name, last_name, email, phone, title, lifecycle_stage, address_city, address_country, external_id"
MAPPING = dict(zip(HEADER.split(","), COLUMNS.replace("address_", "address.").split(", ")))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kill-rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    return parser.parse_args()


def write(path, name, rows):
    first = ["Ann", "Bob", "Chen", "Dora", "Emil", "Fatima", "Grace", "Hugo", "Ines", "Jan"]
    with open(path, "w") as file:
        file.write(HEADER + "\n")
        for n in range(rows):
            file.write(f"{first[n % 10]},{name}son {n * 7919 % 50021},{name}{n}@load.example,+49 30 {n:07d},Buyer,customer,"
                       f"City {n % 997},DE,{name}-{n}\n")


def order(person, path):
    made = person.call("POST", "/v1/imports", {"type": "contacts", "mapping": MAPPING})
    with open(path, "rb") as file:
        headers = person.headers | {"Content-Type": "text/csv", "Content-Length": str(os.path.getsize(path))}
        person.connection.request("PUT", f"/v1/imports/{made['id']}/content", file, headers)
        answer = person.connection.getresponse()
        text = answer.read()
        if answer.status != 200: sys.exit(f"PUT: {answer.status} {text[:500]}")
    person.call("POST", f"/v1/imports/{made['id']}/start")
    return made["id"]


def wait(person, id, watch=lambda: None, until=lambda state: False):
    while True:
        state = person.call("GET", f"/v1/imports/{id}")
        if state["state"] not in ("queued", "validating", "running") or until(state): return state
        watch()
        time.sleep(0.05)


def measure(server, folder, rows):
    (slug, token), (_, other) = server.provision(1), server.provision(2)
    person = Person(server, slug, token)
    path = folder / "contacts.csv"
    write(path, "p", rows)
    alone = Neighbour(Person(server, "", other))
    alone.start()
    time.sleep(10)
    alone = alone.p95()

    url, most = server.ready["database_url"], [server.memory()]
    schema, role = schemas(url)[slug]
    began = time.time()
    as_tenant(url, schema, role, "CREATE TABLE bare (LIKE contacts INCLUDING ALL); "
              "ALTER TABLE bare ALTER id SET DEFAULT cell.uuid_v7();"
              f"\n\\copy bare ({COLUMNS}) FROM '{path}' (FORMAT csv, HEADER)\n")
    bare = time.time() - began
    as_tenant(url, schema, role, "DROP TABLE bare;")

    meanwhile = Neighbour(Person(server, "", other))
    meanwhile.start()
    began = time.time()
    id = order(person, path)
    sent = time.time()
    state = wait(person, id, lambda: most.append(server.memory()))
    ended = time.time()
    p95 = meanwhile.p95()
    if state["counters"]["created"] != rows: sys.exit(f"Not everything came in: {state}")
    print(f"{rows} contacts: {rows / (ended - began):.0f} rows/s, the work alone {rows / (ended - sent):.0f} rows/s; "
          f"a bare COPY with the same indexes {rows / bare:.0f} rows/s, {(ended - began) / bare:.2f} times as long")
    print(f"memory: {most[0]:.0f} MB before, at most {max(most):.0f} MB")
    print(f"neighbour's p95: {alone:.1f} ms alone, {p95:.1f} ms meanwhile, {p95 / alone:.2f} times")


def kill(binary, folder, server, rows, kills):
    slug, token = server.provision(3)
    path = folder / "killed.csv"
    write(path, "k", rows)
    person = Person(server, slug, token)
    id = order(person, path)
    done = []
    for _ in range(kills):
        # After the work has gone on from where it was left: until then there is nothing to be lost.
        goal = (done or [0])[-1] + random.randint(1, rows // (kills + 2))
        wait(person, id, lambda: None, until=lambda state: state["counters"]["created"] >= goal)
        time.sleep(random.uniform(0, 0.5))
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        (folder / "ready.json").unlink()
        server = Server(binary, folder)
        person = Person(server, slug, token)
        done.append(person.call("GET", f"/v1/imports/{id}")["counters"]["created"])
    state = wait(person, id)
    used = person.call("GET", "/v1/usage")["usage"]["records.contacts"]["used"]
    url = server.ready["database_url"]
    schema, role = schemas(url)[slug]
    count = as_tenant(url, schema, role, "SELECT count(*), count(DISTINCT external_id) FROM contacts; "
                      "SELECT count(*), count(DISTINCT record_id) FROM changes WHERE type = 'contacts';").split()
    print(f"killed {kills} times, with {done} rows done: {state['counters']}, used {used}, contacts {count[0]}, changes {count[1]}")
    right = f"{rows}|{rows}"
    if state["state"] != "done" or used != rows or count != [right, right]: sys.exit("A row is missing, or there twice.")
    return server


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-import-"))
    server = Server(options.binary, folder)
    try:
        measure(server, folder, options.rows)
        if options.kills: server = kill(options.binary, folder, server, options.kill_rows, options.kills)
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__": main()
