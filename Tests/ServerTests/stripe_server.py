"""Speaks as much of Stripe's public API as we use, in its documented shapes (docs.stripe.com/api, version 2025-03-31.basil).

Usage: stripe_server.py FOLDER KEY. Writes its address to FOLDER/server. What only a test may do lies under /test/.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

folder, key = Path(sys.argv[1]), sys.argv[2]
lock = threading.Lock()
customers, subscriptions, sessions, invoices, answered = {}, {}, {}, {}, {}
counts = {"requests": 0, "down": 0}


def made(kind, store, fields):
    # No two servers give the same, as the one that there is does not.
    name = f"{kind}_{uuid4().hex[:24]}"
    store[name] = {"id": name, "created": 1_790_000_000 + len(store), "livemode": False, **fields}
    return store[name]


def subscription(fields):
    """As GET /v1/subscriptions/{id} answers it."""
    item = {
        "id": "si_1", "object": "subscription_item", "quantity": fields.pop("quantity", 1),
        "price": {"id": fields.pop("price", None), "object": "price", "currency": "eur", "unit_amount": 1200},
        "current_period_start": 1_790_000_000, "current_period_end": 1_792_592_000,
    }
    return {
        "object": "subscription", "cancel_at_period_end": False, "metadata": {}, "collection_method": "charge_automatically",
        "items": {"object": "list", "data": [item], "has_more": False, "url": "/v1/subscription_items"}, **fields,
    }


class Refusal(Exception):
    def __init__(self, status, kind, message):
        self.status, self.body = status, {"error": {"type": kind, "message": message}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(None)

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers.get("content-length", 0))).decode())

    def answer(self, body):
        try:
            with lock:
                status, value = 200, self.serve(urlsplit(self.path), body)
        except Refusal as refusal:
            status, value = refusal.status, refusal.body
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def serve(self, address, body):
        parts = address.path.strip("/").split("/")
        if parts[0] == "test":
            return self.test(parts[1:], json.loads(body or "{}"))
        counts["requests"] += 1
        if self.headers.get("authorization") != f"Bearer {key}":
            raise Refusal(401, "invalid_request_error", "Invalid API Key provided")
        if self.headers.get("stripe-version") != "2025-03-31.basil":
            raise Refusal(400, "invalid_request_error", "Another version was expected")
        if counts["down"]:
            counts["down"] -= 1
            raise Refusal(503, "api_error", "Try again")
        if body is None:
            return self.read(parts[1:], dict(parse_qsl(address.query)))
        if self.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refusal(400, "invalid_request_error", "Send a form")
        repeat = self.headers.get("idempotency-key")
        if repeat in answered:
            asked, value = answered[repeat]
            if asked != (address.path, body):
                raise Refusal(400, "idempotency_error", "Keys for idempotent requests can only be used with the same parameters")
            return value
        value = self.write(parts[1:], dict(parse_qsl(body, keep_blank_values=True)))
        if repeat:
            answered[repeat] = ((address.path, body), value)
        return value

    def read(self, parts, query):
        if parts == ["subscriptions"]:
            found = [s for s in subscriptions.values() if s["customer"] == query["customer"]]
            return {"object": "list", "url": "/v1/subscriptions", "has_more": False, "data": found}
        store = {"subscriptions": subscriptions, "invoices": invoices, "checkout": sessions, "customers": customers}.get(parts[0], {})
        if parts[-1] not in store:
            raise Refusal(404, "invalid_request_error", f"No such object: '{parts[-1]}'")
        return store[parts[-1]]

    def write(self, parts, form):
        if parts == ["customers"]:
            return made("cus", customers, {
                "object": "customer", "name": form["name"], "email": form["email"], "metadata": {"tenant": form["metadata[tenant]"]}})
        if parts == ["checkout", "sessions"]:
            if form["customer"] not in customers:
                raise Refusal(400, "invalid_request_error", "No such customer")
            session = made("cs_test", sessions, {
                "object": "checkout.session", "mode": form["mode"], "customer": form["customer"], "status": "open",
                "payment_status": "unpaid", "client_reference_id": form["client_reference_id"], "subscription": None,
                "payment_intent": None, "success_url": form["success_url"], "cancel_url": form["cancel_url"],
                "metadata": {n[9:-1]: v for n, v in form.items() if n.startswith("metadata[")}})
            session["url"] = f"https://checkout.stripe.com/c/pay/{session['id']}"
            session["form"] = form
            return session
        raise Refusal(404, "invalid_request_error", "Unrecognized request URL")

    def test(self, parts, body):
        """Puts an object as Stripe itself would have made it, tells what there is, or is out of order for a while."""
        if parts[0] == "down":
            counts["down"] = body["times"]
        elif parts[0] == "subscriptions":
            known = subscriptions.get(parts[1], {"created": body.pop("created", 1_790_000_000)})
            subscriptions[parts[1]] = {**known, **subscription({"id": parts[1], **body})}
        elif parts[0] == "invoices":
            invoices[parts[1]] = {"id": parts[1], "object": "invoice", **body}
        elif parts[0] == "sessions":
            sessions[parts[1]].update(body)
        elif parts[0] == "customers":
            customers[parts[1]] = {"id": parts[1], "object": "customer", **body}
        return {"customers": customers, "sessions": sessions, "counts": counts} if parts[0] == "all" else {}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
(folder / "server.new").write_text(f"http://127.0.0.1:{server.server_address[1]}\n")
(folder / "server.new").rename(folder / "server")
server.serve_forever()
