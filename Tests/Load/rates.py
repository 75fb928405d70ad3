#!/usr/bin/env python3
"""Measures whether rates are kept exactly by many processes, and what a tenant far above its rate does to the others.

    Tests/Load/rates.py [--binary .build/release/tenantry] [--seconds 10] [--processes 1 2 4]

Starts `tenantry dev` for its database, then 1, 2 and 4 `tenantry serve` on it. Clients call well above the limit on all of them at once;
the requests that were admitted are set against rate x seconds + one burst (target: within 5 %). Then one tenant calls at a hundred times its
rate while others work below theirs: their p99 with and without it (target: within 1.2). Prints ratios; ends with 1 when a target is missed.
"""
import argparse, http.client, json, os, pathlib, platform, shutil, statistics, subprocess, sys, tempfile, threading, time
from load import ROOT, Server, sql


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rates", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--rounds", type=int, default=6, help="with and without the neighbour, in turn")
    return parser.parse_args()


class Process:
    """One `tenantry serve` on the database of `dev`."""

    def __init__(self, binary, url, log):
        self.process = subprocess.Popen(
            [binary, "serve", "--json", "--", f"database_url={url}", "listen=127.0.0.1:0", "log.level=error", "security.scrypt_log_n=10"],
            stdout=subprocess.PIPE, stderr=open(log, "a"), text=True)
        self.address = json.loads(self.process.stdout.readline())["api"].removeprefix("http://")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


class Tally:
    def __init__(self):
        self.lock, self.admitted, self.refused, self.other, self.times = threading.Lock(), 0, 0, 0, []

    def add(self, status, took):
        with self.lock:
            if status == 200:
                self.admitted += 1
                self.times.append(took)
            elif status == 429: self.refused += 1
            else: self.other += 1


def client(address, token, until, pace, tally):
    """Calls every `pace` seconds, without pause when that is 0."""
    connection = http.client.HTTPConnection(address)
    turn = time.perf_counter()
    while time.perf_counter() < until:
        began = time.perf_counter()
        connection.request("GET", "/v1/contacts?limit=1", headers={"Authorization": "Bearer " + token})
        answer = connection.getresponse()
        answer.read()
        tally.add(answer.status, time.perf_counter() - began)
        turn += pace
        time.sleep(max(0, turn - time.perf_counter()))


def crowd(addresses, token, seconds, requests_per_second, clients):
    """What became of so many requests a second, spread over the addresses."""
    tally, until = Tally(), time.perf_counter() + seconds
    threads = [threading.Thread(target=client, args=(addresses[n % len(addresses)], token, until, clients / requests_per_second, tally))
               for n in range(clients)]
    for thread in threads: thread.start()
    return tally, threads


def tenant(server, slug, plan):
    password = "a long enough password"
    server.call("PUT", f"{server.ready['operator_api']}/operator/v1/tenants/{slug}",
                {"name": slug, "plan": plan, "admin": {"email": "a@load.example", "name": "A", "password": password}}, server.ready["operator_token"])
    return server.call("POST", f"{server.ready['api']}/v1/session", {"tenant": slug, "email": "a@load.example", "password": password})["token"]


def exactness(server, options, folder):
    print("| processes | rate per second | admitted | allowed | ratio |\n|---|---|---|---|---|")
    missed = 0
    for count in options.processes:
        processes = [Process(options.binary, server.ready["database_url"], folder / "log") for _ in range(count)]
        try:
            for rate in options.rates:
                token = tenant(server, f"exact-{count}-{rate}", f"rate_{rate}")
                addresses = [process.address for process in processes]
                began = time.perf_counter()
                tally, threads = crowd(addresses, token, options.seconds, rate * 4, 4 * count)
                for thread in threads: thread.join()
                allowed = rate * (time.perf_counter() - began) + rate
                ratio = tally.admitted / allowed
                missed += not 0.95 <= ratio <= 1.05 or tally.other > 0
                print(f"| {count} | {rate} | {tally.admitted} | {allowed:.0f} | {ratio:.3f} |")
        finally:
            for process in processes: process.stop()
    return missed


def p99(times):
    times = sorted(times)
    return times[int(len(times) * 0.99)] * 1000


def neighbour(server, options, folder):
    """Others' requests, while one tenant calls at a hundred times its rate and while it does not, in turn."""
    process = Process(options.binary, server.ready["database_url"], folder / "log")
    try:
        noisy = tenant(server, "noisy", "rate_10")
        others = [tenant(server, f"quiet-{n}", "unlimited") for n in range(4)]
        measured = {True: [], False: []}
        refused = 0
        for turn in range(options.rounds * 2):
            is_noisy = turn % 2 == 1
            noise = crowd([process.address], noisy, options.seconds, 1000, 8) if is_noisy else None
            work = [crowd([process.address], token, options.seconds, 20, 2) for token in others]
            for tally, threads in work:
                for thread in threads: thread.join()
            if turn >= 2: measured[is_noisy].append(p99(sum((tally.times for tally, _ in work), [])))
            if noise:
                for thread in noise[1]: thread.join()
                refused += noise[0].refused
        alone, beside = (statistics.median(measured[kind]) for kind in (False, True))
        print(f"\nOthers' p99: {alone:.2f} ms alone, {beside:.2f} ms beside a tenant at 100 x its rate ({refused} of its requests refused):"
              f" {beside / alone:.2f} (target 1.20)")
        return beside / alone > 1.2
    finally:
        process.stop()


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-rates-"))
    folder.chmod(0o755)
    server = Server(options.binary, folder)
    print(f"\n{platform.machine()}, {os.cpu_count()} cores shared by clients, servers and PostgreSQL; {time.strftime('%Y-%m-%d')}\n")
    try:
        for rate in set(options.rates) | {10}:
            sql(server.ready["database_url"], f"""
                INSERT INTO control.plans (name, version, limits, rates, features, price)
                VALUES ('rate_{rate}', 1, '{{}}', '{{"api_burst_per_second": {rate}}}', '{{}}',
                    '{{"amount": "0.00", "currency": "EUR", "per": "user"}}')""")
        missed = exactness(server, options, folder) + neighbour(server, options, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
