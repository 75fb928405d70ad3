#!/usr/bin/env python3
"""Measures what a batch saves.

    Tests/Load/batch.py [--binary .build/release/tenantry] [--size 200] [--rounds 20]

Starts `tenantry dev` in a new folder and makes contacts of one tenant: one by one over one kept connection, in batches that stand or fall
together, in batches whose operations each stand for themselves, and in such ones of which every tenth or every second operation is refused;
then finds them again by upsert. Prints the time of an operation, and how many times faster that is than one by one. The server, the client
and PostgreSQL share the machine: only the ratios say something.
"""
import argparse, pathlib, shutil, statistics, sys, tempfile, time
from load import ROOT, Server
from sales import Person


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    return parser.parse_args()


def contact(name, number): return {"first_name": "Ann", "last_name": f"{name} {number}", "email": f"{name}-{number}@load.example"}


def creates(name, size): return [{"op": "create", "body": contact(name, number)} for number in range(size)]


def refusing(operations, step):
    """Every so many of them wants an address that is taken."""
    for operation in operations[::step]: operation["body"]["email"] = "taken@load.example"
    return operations


def upserts(name, size):
    return [{"op": "upsert", "key": {"email": f"{name}-{number}@load.example"}, "body": {"phone": str(number)}} for number in range(size)]


def timed(rounds, work):
    work(-1)
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main():
    options = arguments()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tenantry-batch-"))
    server = Server(options.binary, folder)
    try:
        slug, token = server.provision(1)
        person = Person(server, slug, token)
        size = options.size

        def send(operations, refused=0, atomic=False):
            answer = person.call("POST", "/v1/contacts/batch", {"atomic": atomic, "operations": operations})
            wrong = sum(result["status"] >= 400 for result in answer["results"])
            if wrong != refused: sys.exit(f"{wrong} operations were refused, not {refused}")

        def one_by_one(round):
            for number in range(size): person.call("POST", "/v1/contacts", contact(f"single{round}", number))

        person.call("POST", "/v1/contacts", contact("taken", 0) | {"email": "taken@load.example"})
        tenth, half = len(range(0, size, 10)), len(range(0, size, 2))
        kinds = {
            "one by one": one_by_one,
            "all or nothing": lambda round: send(creates(f"whole{round}", size), atomic=True),
            "each for itself": lambda round: send(creates(f"each{round}", size)),
            "every tenth refused": lambda round: send(refusing(creates(f"tenth{round}", size), 10), tenth),
            "every second refused": lambda round: send(refusing(creates(f"half{round}", size), 2), half),
            "upserts that find": lambda round: send(upserts(f"each{round}", size)),
        }
        alone = None
        for kind, work in kinds.items():
            seconds = timed(options.rounds, work)
            alone = alone or seconds
            print(f"{kind:22} {seconds * 1e6 / size:8.0f} us an operation {alone / seconds:6.1f} x one by one")
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__": main()
