"""Reads mails as Python's email package does, for tests that compare.

read_mails.py whole FILE    one mail for each line of FILE (base64); prints a line of JSON for each
read_mails.py heads FILE NAMES    very many: each line has the mail and its subject; prints the numbers of those that have other
                                  headers than NAMES, another subject, controls in names, or another body than "body"
"""

import base64
import email
import email.header
import email.policy
import email.utils
import json
import sys


def whole(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    raw_headers = email.message_from_bytes(raw)
    parts = {}
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_content()
            parts[part.get_content_type()] = {
                "content": base64.b64encode(content).decode() if isinstance(content, bytes) else content.replace("\r\n", "\n"),
                "id": part["Content-ID"],
                "disposition": part.get_content_disposition(),
                "name": part.get_filename(),
            }
    defects = [repr(d) for part in message.walk() for d in part.defects]
    defects += [repr(d) for header in message.values() for d in header.defects]
    def mailbox(name):
        if message[name] is None:
            return None
        # Not from the header's own `addresses`: before Python 3.13 they keep the spaces between encoded words.
        phrase, address = email.utils.parseaddr(raw_headers[name].replace("\r\n", ""))
        return [decoded(phrase), address]
    return {
        "headers": [[name, str(value)] for name, value in message.items()],
        "from": mailbox("From"), "to": mailbox("To"), "replyTo": mailbox("Reply-To"),
        "subject": message["Subject"],
        "seconds": message["Date"].datetime.timestamp(),
        "structure": [part.get_content_type() for part in message.walk()],
        "parts": parts, "defects": defects,
        "longest": max(len(line) for line in raw.split(b"\r\n")),
        "bare": raw.replace(b"\r\n", b"").count(b"\r") + raw.replace(b"\r\n", b"").count(b"\n"),
        "ascii": raw.isascii(),
    }


def decoded(value):
    words = email.header.decode_header(value.replace("\r\n", ""))
    return "".join(word if isinstance(word, str) else word.decode(charset or "ascii") for word, charset in words)


def is_right(raw, subject, names):
    message = email.message_from_bytes(raw)
    people = decoded(message["From"]) + decoded(message["To"])
    return (
        message.keys() == names
        and decoded(message["Subject"]) == subject
        and message.get_payload() == "body"
        and people.count("@") >= 2
        and not any(ord(c) < 0x20 or ord(c) == 0x7F for c in people)
    )


with open(sys.argv[2], "rb") as file:
    for number, line in enumerate(file):
        fields = [base64.b64decode(field) for field in line.split(b" ")]
        if sys.argv[1] == "whole":
            print(json.dumps(whole(fields[0])))
        elif not is_right(fields[0], fields[1].decode(), sys.argv[3].split(",")):
            print(number)
