#!/usr/bin/env python3
"""Measures exports: rows a second, memory of the process that writes them, and the ratio to a bare COPY of the same table.

    Tests/Load/export.py [--binary .build/release/tenantry] [--contacts 200000]

Starts `tenantry dev` in a new folder without a worker of others, fills the sample tenant with contacts by SQL, and exports them as csv, jsonl
and vcard while it watches the resident memory of the server (whose worker writes the file). The ratio is against `COPY contacts TO STDOUT` by
psql on the same machine. Ends with status 1 when the memory grows by more than 100 MB over what it was before. Needs psql.
"""
import argparse, json, pathlib, sys, tempfile, threading, time, urllib.request
from load import ROOT, Server, as_tenant, need, schemas


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--contacts", type=int, default=200_000)
    return parser.parse_args()


def resident(pid):
    """Megabytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"): return int(line.split()[1]) / 1024
    return 0


class Memory:
    """The highest resident memory while it watches."""

    def __init__(self, pid):
        self.pid, self.peak, self.over = pid, 0, False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.over:
            self.peak = max(self.peak, resident(self.pid))
            time.sleep(0.05)

    def stop(self):
        self.over = True
        self.thread.join()
        return self.peak


def call(address, token, method, path, body=None):
    request = urllib.request.Request(address + path, method=method, data=json.dumps(body).encode() if body else None)
    request.add_header("Authorization", f"Bearer {token}")
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def fill(url, schema, role, count):
    as_tenant(url, schema, role, f"""
        INSERT INTO contacts (id, first_name, last_name, email, phone, title, lifecycle_stage, address_city, address_country, owner_id, tags)
        SELECT cell.uuid_v7(), 'First ' || n, 'Last ' || n, 'n' || n || '@load.example', '+49 30 ' || n, 'Head of ' || n % 50, 'prospect',
            'Berlin', 'DE', users.id, ARRAY['a', 'b' || n % 9]
        FROM generate_series(1, {count}) AS n, users;
        ANALYZE contacts;""")


def main():
    options = arguments()
    need("psql")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        server = Server(options.binary, pathlib.Path(folder))
        try:
            address, url = server.ready["api"], server.ready["database_url"]
            slug, token = server.provision(1)
            schema, role = schemas(url)[slug]
            fill(url, schema, role, options.contacts)
            start = time.monotonic()
            size = len(as_tenant(url, schema, role, "COPY contacts TO STDOUT;"))
            copy = time.monotonic() - start
            print(f"bare COPY: {options.contacts / copy:,.0f} rows/s, {size / 1e6:.0f} MB")
            before, worst = resident(server.process.pid), 0
            for form in ["csv", "jsonl", "vcard"]:
                memory, start = Memory(server.process.pid), time.monotonic()
                export = call(address, token, "POST", "/v1/exports", {"type": "contacts", "format": form})
                while export["state"] not in ("done", "failed"):
                    time.sleep(0.05)
                    export = call(address, token, "GET", f"/v1/exports/{export['id']}")
                took, peak = time.monotonic() - start, memory.stop()
                if export["state"] == "failed": sys.exit(f"{form} failed: {export['detail']}")
                worst = max(worst, peak)
                speed = export["counters"]["exported"] / took
                print(f"{form}: {speed:,.0f} rows/s, {export['bytes'] / 1e6:.0f} MB, ratio to COPY {copy / took:.2f}, "
                      f"resident {peak:.0f} MB (before: {before:.0f})")
            if worst > before + 100: sys.exit("The memory grew by more than 100 MB.")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
