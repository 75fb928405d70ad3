"""A person at a browser: Debian's Chromium, driven by Playwright, against a running `tenantry dev`.

A journey is `def journey(site)`; `run(journey)` at the end of its file opens the browser, and fails the journey for any message of the console, any error of a
script and any request that leaves the service's own origin, beside what the journey itself expects.
"""

import email
import email.policy
import json
import os
import pathlib
import re
import sys
import time
import traceback
import urllib.request
import uuid

from playwright.sync_api import expect, sync_playwright

from accessible import faults

expect.set_options(timeout=20_000)
# What Chromium says of refusals that a journey provokes on purpose.
EXPECTED = re.compile(r"Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_(INTERNET_DISCONNECTED|FAILED|ABORTED|CONNECTION_REFUSED|NETWORK_CHANGED))")


class Person:
    """Someone signed in to the API, to make what a journey needs and to see what came of it."""

    def __init__(self, origin, tenant, email, password):
        self.origin, self.tenant, self.email, self.password = origin, tenant, email, password
        self.token = None
        self.token = self.call("POST", "/v1/session", {"tenant": tenant, "email": email, "password": password})["token"]

    def call(self, method, path, body=None, headers=None, raw=None, type="application/json"):
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.origin + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", type)
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Site:
    """The running service and a browser."""

    def __init__(self, browser, ready):
        self.browser, self.origin, self.ready = browser, ready["api"], ready
        self.complaints = []

    def firm(self, **more):
        """A tenant of this journey's own; answers its administrator."""
        slug = "page-" + uuid.uuid4().hex[:10]
        body = {"name": "Firm of a journey", "plan": "unlimited", "test": True,
                "admin": {"email": f"ada@{slug}.example", "name": "Ada Admin", "password": "correct horse battery staple"}} | more
        request = urllib.request.Request(f"{self.ready['operator_api']}/operator/v1/tenants/{slug}", data=json.dumps(body).encode(), method="PUT")
        request.add_header("Authorization", "Bearer " + self.ready["operator_token"])
        request.add_header("Content-Type", "application/json")
        urllib.request.urlopen(request).read()
        return Person(self.origin, slug, body["admin"]["email"], body["admin"]["password"])

    def demo(self):
        """The sample tenant with its 2,000 contacts."""
        sample = self.ready["tenants"][0]
        return Person(self.origin, sample["slug"], sample["email"], sample["password"])

    def context(self, **options):
        options.setdefault("viewport", {"width": 1280, "height": 800})
        context = self.browser.new_context(**options)
        context.set_default_timeout(30_000)
        context.on("page", self.watch)
        return context

    def watch(self, page):
        def message(said):
            if said.type in ("error", "warning") and not EXPECTED.match(said.text):
                self.complaints.append(f"{page.url}: the console says: {said.text}")

        def request(asked):
            if not asked.url.startswith((self.origin + "/", "data:", "blob:" + self.origin)):
                self.complaints.append(f"{page.url}: a request leaves the origin: {asked.url}")

        page.on("console", message)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: a script failed: {error}"))
        page.on("request", request)

    def signed_in(self, person, **options):
        """A page of a new browser context in which this person has signed in as people do."""
        page = self.context(**options).new_page()
        sign_in(page, self.origin, person)
        return page

    def check(self, page, what=""):
        """Everyone can use the page, whatever they see, hear or hold."""
        for fault in faults(page):
            self.complaints.append(f"{what or page.url}: {fault}")


def sign_in(page, origin, person):
    page.goto(origin + "/")
    fields = ("Company", "E-mail", "Password") if page.locator("html").get_attribute("lang") == "en" else None
    if fields:
        page.get_by_label("Company").fill(person.tenant)
        page.get_by_label("E-mail").fill(person.email)
        page.get_by_label("Password").fill(person.password)
        page.get_by_role("button", name="Sign in").click()
    else:
        page.locator("#tenant").fill(person.tenant)
        page.locator("#email").fill(person.email)
        page.locator("#password").fill(person.password)
        page.locator("#sign-in button").click()
    page.locator("#main").wait_for()


def open_page(page, path):
    """Goes to an address and waits until its module has shown it."""
    page.goto(path if path.startswith("http") else page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + path)
    page.locator("main[data-ready]").wait_for()


def eventually(question, what, seconds=10):
    """Asks until the answer is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"it never happened: {what}")


def mails(site):
    """What went out so far: `dev` writes each mail to a file."""
    for file in pathlib.Path(site.ready["mail_dir"]).rglob("*.eml"):
        yield email.message_from_bytes(file.read_bytes(), policy=email.policy.default)


def run(journey):
    ready = json.load(open(os.environ["TENANTRY_READY"]))
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that a container seldom gives; what is opened here is our own.
        browser = playwright.chromium.launch(executable_path=os.environ.get("TENANTRY_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
        site = Site(browser, ready)
        failed = False
        try:
            journey(site)
        except Exception:
            failed = True
            traceback.print_exc()
            folder = os.environ.get("TENANTRY_PICTURES")
            for number, page in enumerate(page for context in browser.contexts for page in context.pages):
                print(f"page {number}: {page.url}\n{page.locator('body').inner_text()[:1500]}")
                if folder:
                    page.screenshot(path=f"{folder}/failed-{number}.png")
        browser.close()
    for complaint in dict.fromkeys(site.complaints):
        print("COMPLAINT", complaint)
    sys.exit(1 if failed or site.complaints else 0)
