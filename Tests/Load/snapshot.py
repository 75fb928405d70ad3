#!/usr/bin/env python3
"""Measures a snapshot of a large tenant and its way back, while its neighbour works.

    Tests/Load/snapshot.py [--binary .build/release/tenantry] [--megabytes 1024]

Starts `tenantry dev` in a new folder, provisions two tenants and fills one with contacts and companies until its tables and indexes take so
much. Then `tenantry tenant snapshot` and `tenantry tenant restore`, and beside them pg_dump and pg_restore of the same schema, restored into a
database of its own with one job, as the restore of a tenant has one connection. The neighbour reads and writes meanwhile. Needs psql, pg_dump
and pg_restore.
"""
import argparse, json, os, pathlib, platform, shutil, subprocess, sys, tempfile, time
from load import ROOT, Server, as_tenant, need, schemas, sql
from sales import Neighbour, Person
from search import fill

STEP = 50_000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--megabytes", type=int, default=1024)
    return parser.parse_args()


def size(url, schema):
    """Megabytes of tables with their indexes."""
    return int(sql(url, f"SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                        f"WHERE n.nspname = '{schema}' AND c.relkind = 'r'")) / 1024 / 1024


def timed(words, **more):
    began = time.time()
    answer = subprocess.run(words, capture_output=True, text=True, **more)
    if answer.returncode: sys.exit(f"{' '.join(words)}: {answer.stdout[-1000:]}{answer.stderr[-1000:]}")
    return time.time() - began


def main():
    options = arguments()
    need("psql", "pg_dump", "pg_restore")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-snapshot-"))
    folder.chmod(0o755)
    server = Server(options.binary, folder)
    try:
        url = server.ready["database_url"]
        (slug, token), (_, other) = server.provision(0), server.provision(1)
        schema, role = schemas(url)[slug]
        person = Person(server, slug, token)
        contacts = 0
        while size(url, schema) < options.megabytes:
            # Of the same names, but of other addresses: what is unique stays so.
            fill(url, schema, role, STEP, contacts)
            contacts += STEP
        megabytes = size(url, schema)
        count = lambda: person.call("GET", "/v1/contacts?limit=1&count=exact")["page"]["count"]
        before = count()

        def command(*words):
            return timed([options.binary, "tenant", *words, "--reason", "load", "--json", "--", f"database_url={url}",
                          f"blobs.directory={folder}/data/blobs"])

        def neighbour():
            one = Neighbour(Person(server, "", other))
            one.start()
            return one

        alone = neighbour()
        time.sleep(10)
        alone = alone.p95()
        file = folder / "large.snapshot"
        one = neighbour()
        snapshot = command("snapshot", slug, "--to", str(file))
        meanwhile_snapshot = one.p95()
        id = person.call("POST", "/v1/contacts", {"last_name": "Written after the snapshot"})["id"]
        one = neighbour()
        restore = command("restore", slug, "--from", str(file))
        meanwhile_restore = one.p95()
        person = Person(server, slug, server.call("POST", f"{server.ready['api']}/v1/session", {
            "tenant": slug, "email": f"admin@{slug}.example", "password": "a long enough password"})["token"])
        if count() != before: sys.exit("The restore did not bring the tenant back.")

        print(f"{platform.machine()}, {os.cpu_count()} cores; {time.strftime('%Y-%m-%d')}; {contacts} contacts, {megabytes:.0f} MB of tables and indexes", flush=True)
        print(f"snapshot {snapshot:.1f} s, {file.stat().st_size / 1024 / 1024:.0f} MB; restore {restore:.1f} s")
        print(f"neighbour's p95: {alone:.1f} ms alone, {meanwhile_snapshot:.1f} ms during the snapshot, {meanwhile_restore:.1f} ms during the restore", flush=True)

        dump = folder / "large.dump"
        sql(url, f'GRANT "{role}" TO CURRENT_USER')
        dumped = timed(["pg_dump", url, "--format=custom", "--compress=1", f"--schema={schema}", f"--file={dump}"])
        # The functions that the tables' generated columns need, and nothing else.
        sql(url, "CREATE DATABASE bare")
        bare = url.replace("/tenantry?", "/bare?")
        base = folder / "base.sql"
        timed(["pg_dump", url, "--schema-only", "--schema=cell", "--no-owner", "--no-privileges", f"--file={base}"])
        sql(bare, "CREATE SCHEMA cell;" + sql(url, "SELECT format('CREATE EXTENSION %I SCHEMA %I;', e.extname, n.nspname) FROM pg_extension AS e "
                                              "JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE n.nspname = 'cell'"))
        # What is there already says so, and nothing else can be wrong with what was dumped just now.
        subprocess.run(["psql", bare, "-Xq", "-f", str(base)], capture_output=True)
        restored = timed(["pg_restore", f"--dbname={bare}", "--no-owner", "--no-privileges", "--exit-on-error", str(dump)])
        print(f"pg_dump {dumped:.1f} s, ratio {snapshot / dumped:.2f}; pg_restore {restored:.1f} s, ratio {restore / restored:.2f}")
    finally:
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
