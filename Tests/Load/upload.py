#!/usr/bin/env python3
"""Measures a large file on a record: how fast it goes up and comes down, and the memory of the server meanwhile.

    Tests/Load/upload.py [--binary .build/release/tenantry] [--megabytes 2048] [--bucket]

Starts `tenantry dev` in a new folder, sends one file of bytes that no two blocks have in common, reads it back whole and by a range, and compares
SHA-256 sums. With `--bucket` the file goes into a bucket of moto's server (run this with the tests' Python then: .build/python-tools/bin/python),
which keeps it in memory of its own. Ends with status 1 when the server's resident memory grows by more than 100 MB.
"""
import argparse, hashlib, http.client, pathlib, subprocess, sys, tempfile, time, urllib.parse
from export import Memory, resident
from load import ROOT, Server

BLOCK = 1 << 20


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/tenantry"))
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--bucket", action="store_true")
    return parser.parse_args()


def block(number):
    return hashlib.sha256(str(number).encode()).digest() * (BLOCK // 32)


def bucket(folder):
    """A bucket's server, and the settings that lead there."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", ROOT / "Tests/BlobsTests/s3_server.py", folder], stderr=subprocess.DEVNULL)
    file, deadline = folder / "server", time.time() + 60
    while not file.exists():
        if process.poll() is not None or time.time() > deadline: sys.exit("The bucket's server did not start.")
        time.sleep(0.1)
    endpoint, access, secret, name = file.read_text().split()
    return process, ["blobs.store=s3", f"blobs.s3.endpoint={endpoint}", "blobs.s3.region=eu-central-1", f"blobs.s3.bucket={name}",
                     f"blobs.s3.access_key={access}", f"blobs.s3.secret_key={secret}"]


def ask(address, token, method, path, body=None, headers=()):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=600)
    connection.request(method, path, body, {"Authorization": f"Bearer {token}"} | dict(headers))
    answer = connection.getresponse()
    if answer.status >= 300: sys.exit(f"{method} {path}: {answer.status} {answer.read(1000)}")
    return answer


def main():
    options = arguments()
    size = options.megabytes * BLOCK
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        store, settings = bucket(folder) if options.bucket else (None, [])
        server = Server(options.binary, folder, settings=["security.scrypt_log_n=10", *settings])
        try:
            address = server.ready["api"]
            _, token = server.provision(1)
            contact = server.call("POST", f"{address}/v1/contacts", {"last_name": "Large"}, token)["id"]
            sent = hashlib.sha256()

            def blocks():
                for number in range(options.megabytes):
                    data = block(number)
                    sent.update(data)
                    yield data

            before, memory = resident(server.process.pid), Memory(server.process.pid)
            began = time.monotonic()
            ask(address, token, "POST", f"/v1/contacts/{contact}/attachments?name=large.bin", blocks(),
                {"Content-Type": "application/octet-stream", "Content-Length": str(size)}).read()
            up = time.monotonic() - began
            file = server.call("GET", f"{address}/v1/contacts/{contact}/attachments", token=token)["data"][0]["id"]
            came, began = hashlib.sha256(), time.monotonic()
            whole = ask(address, token, "GET", f"/v1/attachments/{file}/content")
            while data := whole.read(BLOCK): came.update(data)
            down = time.monotonic() - began
            middle = options.megabytes // 2
            part = ask(address, token, "GET", f"/v1/attachments/{file}/content",
                       headers={"Range": f"bytes={middle * BLOCK}-{(middle + 1) * BLOCK - 1}"}).read()
            peak = memory.stop()
        finally:
            server.stop()
            if store: store.kill()
    if came.digest() != sent.digest() or part != block(middle): sys.exit("What came back is not what was sent.")
    print(f"{'bucket' if options.bucket else 'directory'}: {options.megabytes} MB up at {options.megabytes / up:,.0f} MB/s, "
          f"down at {options.megabytes / down:,.0f} MB/s; the server's memory {before:.0f} MB before, at most {peak:.0f} MB")
    if peak > before + 100: sys.exit("The memory grew by more than 100 MB.")


if __name__ == "__main__":
    main()
