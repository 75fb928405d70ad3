#!/usr/bin/env python3
"""How long a firm waits that opens an account by itself, from the request over the mail to its first record.

    Tests/Load/signup.py [--binary .build/release/tenantry] [--firms 20]

Starts `tenantry dev` in a new folder, whose mail goes into a folder too, and signs firms up one after another over HTTP: each asks for an
account, waits for the mail, follows its link at once, signs in and makes a contact. Passwords cost what they cost in production, and a schema
stands ready for each firm. Prints the parts and the whole, the mail's way included: p50 and the slowest. The server, PostgreSQL and this
program share the machine. Needs psql.
"""
import argparse, email, email.policy, os, pathlib, platform, re, shutil, statistics, sys, tempfile, time
from load import ROOT, Server, need, spares_ready

PASSWORD = "a long enough password"
SPARES = 5


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--firms", type=int, default=20)
    return parser.parse_args()


def link(folder, address):
    """What stands behind the link in the mail to this address, as soon as that is there."""
    deadline = time.time() + 60
    while time.time() < deadline:
        for path in folder.glob(f"*-{address}-*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            return re.search(r"/signup/([A-Za-z0-9_-]+)", mail.get_body(("plain",)).get_content()).group(1)
        time.sleep(0.01)
    sys.exit(f"No mail came to {address}.")


def sign_up(server, number):
    """The moments of one firm's way, in seconds since it asked."""
    slug, api = f"firm-{number:04d}", server.ready["api"]
    address = f"boss@{slug}.example"
    moments = []
    began = time.perf_counter()

    def step(answer):
        moments.append(time.perf_counter() - began)
        return answer

    # From an address of its own: so many from one would be refused.
    order = {"slug": slug, "name": f"Firm {number}", "email": address, "password": PASSWORD}
    step(server.call("POST", f"{api}/v1/signup", order, **{"X-Forwarded-For": f"198.18.{number}.7"}))
    token = step(link(pathlib.Path(server.ready["mail_dir"]), address))
    step(server.call("POST", f"{api}/v1/signup/confirm", {"token": token}))
    session = step(server.call("POST", f"{api}/v1/session", {"tenant": slug, "email": address, "password": PASSWORD}))
    step(server.call("POST", f"{api}/v1/contacts", {"last_name": "First"}, session["token"]))
    return moments


def main():
    options = arguments()
    need("psql")
    if not 0 < options.firms <= 190: sys.exit("--firms is 1 to 190: more are not let in within an hour.")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-signup-"))
    folder.chmod(0o755)
    server = Server(options.binary, folder, SPARES, ["http.trusted_proxies=127.0.0.1"])
    try:
        ways = []
        for number in range(options.firms + 1):
            spares_ready(server.ready["database_url"], SPARES)
            ways.append(sign_up(server, number))
    finally:
        server.stop()
    # The first one warms everything up.
    ways = ways[1:]
    parts = [[now - before for before, now in zip([0] + way, way)] for way in ways]
    names = ["asked for", "the mail is there", "the link opens the account", "signed in", "the first contact"]
    print(f"\n{platform.machine()}, {os.cpu_count()} processors; {options.firms} firms one after another; {time.strftime('%Y-%m-%d')}\n")
    print("| part | p50 ms | slowest ms |\n|---|---|---|")
    rows = list(zip(names, zip(*parts)))
    rows += [("from the link to the first contact", [way[-1] - way[1] for way in ways])]
    rows += [("from the sign-up to the first contact", [way[-1] for way in ways])]
    for name, times in rows:
        print(f"| {name} | {statistics.median(times) * 1000:.0f} | {max(times) * 1000:.0f} |")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
