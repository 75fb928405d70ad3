"""A mail server for tests: takes mails as a real one does, and misbehaves for recipients whose name says so.

smtp_server.py FOLDER OPTIONS, with OPTIONS as JSON: security (none, starttls, tls), certificate, key, user, password, greeting.
Writes FOLDER/port, one line of JSON for each mail it has taken to FOLDER/mails and for each try to sign in to FOLDER/sign-ins, and to
FOLDER/connections how many there were and are.
"""

import asyncio
import base64
import contextlib
import json
import os
import pathlib
import ssl
import sys
import threading
import time

from aiosmtpd.smtp import SMTP, AuthResult


def end_with_parent(parent=os.getppid()):
    """Nobody may outlive the tests: a child that holds their output keeps the runner waiting."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()


folder = pathlib.Path(sys.argv[1])
options = json.loads(sys.argv[2])
connections = 0
opened = 0


def note_connections():
    # At the end of a test the folder goes before the server does.
    with contextlib.suppress(FileNotFoundError):
        (folder / "connections.part").write_text(f"{connections} {opened}")
        (folder / "connections.part").rename(folder / "connections")


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        name = address.split("@")[0]
        if name == "no-such-user":
            return "550 5.1.1 No such user here"
        if name == "busy":
            return "450 4.2.0 Greylisted, come\r back later"
        if name == "drop-at-rcpt":
            server.transport.abort()
            return "250 OK"
        if name == "hang-at-rcpt":
            await asyncio.sleep(3600)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "spam":
            return "554 5.7.1 This looks like spam"
        if name == "full":
            return "452 4.2.2 Mailbox full"
        line = {
            "connection": server.number,
            "tls": server.transport.get_extra_info("cipher") is not None,
            "user": session.auth_data,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos[0],
            "content": base64.b64encode(envelope.original_content).decode(),
        }
        with open(folder / "mails", "a") as file:
            file.write(json.dumps(line) + "\n")
        if name == "drop-after-data":
            server.transport.abort()
        if name == "hang-after-data":
            await asyncio.sleep(3600)
        if name == "close-after":
            asyncio.get_running_loop().call_later(0.01, server.transport.close)
        return "250 2.0.0 Queued"


class Server(SMTP):
    def connection_made(self, transport):
        global connections, opened
        # STARTTLS makes a connection anew over the one there is.
        if not hasattr(self, "number"):
            connections += 1
            opened += 1
            self.number = connections
            note_connections()
        super().connection_made(transport)

    def connection_lost(self, error):
        global opened
        opened -= 1
        note_connections()
        super().connection_lost(error)

    async def _handle_client(self):
        if options.get("greeting"):
            await self.push(options["greeting"])
            self.transport.close()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg):
        name = self.envelope.rcpt_tos[0].split("@")[0] if self.envelope.rcpt_tos else ""
        if name == "drop-in-body":
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.read(1000)
            self.transport.abort()
            return
        if name == "drop-at-data":
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


def authenticate(server, session, envelope, mechanism, data):
    right = data.login.decode() == options["user"] and data.password.decode() == options["password"]
    with open(folder / "sign-ins", "a") as file:
        file.write(json.dumps({"user": data.login.decode(), "accepted": right}) + "\n")
    return AuthResult(success=right, handled=False, auth_data=data.login.decode())


async def main():
    context = None
    if options.get("certificate"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])
    security = options["security"]

    def make():
        return Server(
            Handler(),
            hostname="mail.test",
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required="user" in options,
            auth_require_tls=security == "starttls",
            authenticator=authenticate if "user" in options else None,
            data_size_limit=options.get("limit", 33554432),
        )

    server = await asyncio.get_running_loop().create_server(
        make, "127.0.0.1", 0, ssl=context if security == "tls" else None
    )
    note_connections()
    (folder / "port.part").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.part").rename(folder / "port")
    await server.serve_forever()


asyncio.run(main())
