#!/usr/bin/env python3
"""A mail server that is no better than real ones on a bad day.

    mail_server.py FOLDER [SEED]

Writes FOLDER/port, and a line of JSON to FOLDER/mails for every mail it has taken: Message-ID, recipient, time, and whether the dialogue was
cut after the mail was taken, so that the sender cannot know. Some recipients are refused for now (4xx), some dialogues hang, some are
dropped before or after the mail was taken.
"""
import asyncio, email, email.policy, json, os, pathlib, random, sys, threading, time

from aiosmtpd.smtp import SMTP

folder = pathlib.Path(sys.argv[1])
dice = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
counts = dict(later=0, full=0, hung=0, dropped=0, cut=0)


def end_with_parent(parent=os.getppid()):
    while os.getppid() == parent: time.sleep(0.5)
    os._exit(0)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        chance = dice.random()
        if chance < 0.02:
            counts["later"] += 1
            return "450 4.2.0 Greylisted, come back later"
        if chance < 0.024:
            counts["hung"] += 1
            await asyncio.sleep(20)
        elif chance < 0.034:
            counts["dropped"] += 1
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        chance = dice.random()
        if chance < 0.01:
            counts["full"] += 1
            return "452 4.2.2 Mailbox full"
        cut = chance > 0.997
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        line = {"id": message["Message-ID"], "to": envelope.rcpt_tos[0], "at": time.time(), "cut": cut}
        with open(folder / "mails", "a") as file: file.write(json.dumps(line) + "\n")
        if cut:
            counts["cut"] += 1
            server.transport.abort()
        (folder / "counts").write_text(json.dumps(counts))
        return "250 2.0.0 Queued"


async def main():
    threading.Thread(target=end_with_parent, daemon=True).start()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler(), hostname="mail.test"), "127.0.0.1", 0)
    (folder / "port.part").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.part").rename(folder / "port")
    await server.serve_forever()


asyncio.run(main())
