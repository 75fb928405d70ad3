"""Names that would like to be markup are only ever names, on every page and in every file that leaves."""

import re
import urllib.request
import uuid

from browser import eventually, mails, open_page, run

EVIL = ["<script>window.broken=1</script>", "<img src=x onerror=window.broken=1>", "\"><svg onload=window.broken=1>", "javascript:window.broken=1",
        "{{constructor.constructor('window.broken=1')()}}", "</script><script>window.broken=1</script>", "' onmouseover='window.broken=1"]

# Of this run alone, so that its mails are known by it.
HOST = f"evil-{uuid.uuid4().hex[:8]}.example"


def journey(site):
    person = site.firm(name="<b onmouseover=window.broken=1>Firm</b>", admin={"email": f"ada@{HOST}", "name": "<i>Ada</i>\"'><script>window.broken=1</script>", "password": "correct horse battery staple"})
    person.call("PATCH", "/v1/settings", {"brand": {"name": EVIL[5]}})
    company = person.call("POST", "/v1/companies", {"name": EVIL[0], "industry": EVIL[1], "tags": [EVIL[2]]})
    contacts = [person.call("POST", "/v1/contacts", {"first_name": evil, "last_name": evil, "title": evil, "source": evil, "company_id": company["id"], "tags": [evil], "address": {"street": evil, "city": evil}}) for evil in EVIL]
    person.call("POST", "/v1/custom_fields", {"type": "contacts", "name": "evil", "label": EVIL[1], "kind": "select", "options": [EVIL[0], EVIL[2]]})
    person.call("PATCH", f"/v1/contacts/{contacts[0]['id']}", {"custom": {"evil": EVIL[0]}})
    person.call("POST", "/v1/views", {"name": EVIL[1], "type": "contacts", "where": {"and": []}, "shared_with": "all"})
    person.call("POST", "/v1/activities", {"kind": "note", "subject": EVIL[0], "body": EVIL[1], "at": "2026-11-01T00:00:00Z", "contact_ids": [contacts[0]["id"]]})
    person.call("POST", "/v1/tasks", {"title": EVIL[1], "about": {"type": "contacts", "id": contacts[0]["id"]}, "assignee_id": person.call("GET", "/v1/session")["user"]["id"]})
    person.call("POST", "/v1/deals", {"name": EVIL[2], "pipeline_id": (pipeline := person.call("GET", "/v1/pipelines")["data"][0])["id"], "stage_id": pipeline["stages"][0]["id"], "company_id": company["id"], "amount": {"amount": "5", "currency": "EUR"}})

    for scripted in (True, False):
        page = site.signed_in(person, java_script_enabled=scripted)
        paths = ["/", "/contacts", "/companies", "/deals", "/deals?view=board", "/tasks", "/activities", f"/contacts/{contacts[0]['id']}", f"/contacts/{contacts[0]['id']}/edit",
                 f"/companies/{company['id']}", "/search?q=script", "/settings/profile", "/settings/users", "/calendar", "/reports"]
        for path in paths:
            page.goto(site.origin + path)
            if scripted:
                page.locator("main[data-ready]").wait_for()
                page.wait_for_timeout(250)
                assert page.evaluate("window.broken") is None, path
            assert page.locator("main script, main img[onerror], main svg[onload], main b[onmouseover]").count() == 0, path
            assert not page.locator("a[href^='javascript:']").count(), path
        if scripted:
            open_page(page, "/contacts")
            page.get_by_role("searchbox", name="Search").click()
            page.keyboard.type("window")
            page.get_by_role("option", name=EVIL[0]).first.wait_for()
            assert page.evaluate("window.broken") is None
        page.context.close()

    # In a file of commas nothing is a formula, and what a calendar or a card says stays within its line.
    person.call("POST", "/v1/contacts", {"last_name": "=HYPERLINK(\"http://evil\")", "source": "@SUM(1)"})
    job = person.call("POST", "/v1/exports", {"type": "contacts", "format": "csv"})
    while person.call("GET", f"/v1/exports/{job['id']}")["state"] not in ("done", "failed"):
        pass
    request = urllib.request.Request(f"{site.origin}/v1/exports/{job['id']}/content", headers={"Authorization": "Bearer " + person.token})
    text = urllib.request.urlopen(request).read().decode()
    assert "'=HYPERLINK" in text and "'@SUM" in text
    request = urllib.request.Request(f"{site.origin}/v1/contacts/{contacts[0]['id']}/vcard", headers={"Authorization": "Bearer " + person.token})
    card = urllib.request.urlopen(request).read().decode()
    assert card.startswith("BEGIN:VCARD") and card.count("BEGIN:VCARD") == 1
    in_a_calendar(person, contacts[0])
    in_mails(site, person, contacts)


# What would like to end its line and begin others.
LINES = "Lines\r\nBcc: thief@evil.example\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:Forged\r\n\r\n<script>window.broken=1</script>"

# What would like to be a link or a picture where words are written as in Markdown.
LINK = "[Pay here](http://phish.example) ![](http://phish.example/seen.png) [or](javascript:window.broken=1)"


def in_a_calendar(person, contact):
    """As another program reads it: as many entries as there are, and each name within its own."""
    me = person.call("GET", "/v1/session")["user"]["id"]
    subjects = EVIL + [LINES, "; , \\\\ \\n ATTACH:http://evil.example"]
    for number, subject in enumerate(subjects):
        person.call("POST", "/v1/activities", {"kind": "meeting", "subject": subject, "body": subject, "at": f"2026-12-0{number + 1}T09:00:00Z", "duration_minutes": 30, "contact_ids": [contact["id"]], "owner_id": me})
    with urllib.request.urlopen(person.call("POST", "/v1/calendar/token", {})["url"]) as answer:
        assert answer.headers["Content-Type"].startswith("text/calendar") and answer.headers["X-Content-Type-Options"] == "nosniff"
        text = answer.read().decode()
    lines = text.replace("\r\n ", "").split("\r\n")
    assert "\n" not in "".join(lines) and "\r" not in "".join(lines), "a line is ended by something else"
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == len(subjects), text
    names = {re.split("[:;]", line, maxsplit=1)[0] for line in lines if line}
    assert names <= {"BEGIN", "END", "VERSION", "PRODID", "X-WR-CALNAME", "UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "SUMMARY", "DESCRIPTION", "URL", "STATUS", "DUE", "PRIORITY", "CREATED",
                     "LAST-MODIFIED", "SEQUENCE", "LOCATION", "CATEGORIES", "COMPLETED"}, names
    said = [re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], line.removeprefix("SUMMARY:")) for line in lines if line.startswith("SUMMARY:")]
    for subject in subjects:
        assert any(" ".join(subject.split()) in " ".join(one.split()) for one in said), (subject, said)


def in_mails(site, person, contacts):
    """Reminders about the records, to people of such names, and an invitation: nothing is a header, and nothing is markup."""
    others = [person.call("POST", "/v1/contacts", {"last_name": name, "email": f"other{number}@evil.example"}) for number, name in enumerate((LINES, LINK))]
    me = person.call("GET", "/v1/session")["user"]["id"]
    for contact in [*contacts, *others]:
        person.call("POST", "/v1/reminders", {"about": {"type": "contacts", "id": contact["id"]}, "when": {"local": "2027-01-04T09:00", "time_zone": "UTC"}, "recipients": [{"user_id": me}],
                                             "subject": "Think of {{record.title}}", "body": "# {{record.title}}\n\n**{{recipient.name}}**, look at [{{record.title}}]({{record.link}}) of {{tenant.name}}.", "active": True})
    person.call("POST", "/v1/users", {"email": f"guest@{HOST}", "name": EVIL[1], "role_id": person.call("GET", "/v1/roles")["data"][0]["id"]})
    person.call("POST", "/v1/test/clock", {"now": "2027-01-04T08:00:00Z"})
    person.call("POST", "/v1/test/clock/advance", {"to": "2027-01-04T09:01:00Z"})

    def mine():
        return [mail for mail in mails(site) if any(one in mail["To"] for one in (person.email, f"guest@{HOST}"))]

    eventually(lambda: len([mail for mail in mine() if "Think of" in mail["Subject"]]) == len(contacts) + len(others) and any("guest@" in mail["To"] for mail in mine()), "all mails are there", seconds=60)
    page = site.context().new_page()
    for mail in mine():
        for name in ("To", "From", "Subject"):
            assert len(mail.get_all(name)) == 1, (name, mail.items())
        assert not {name.lower() for name in mail.keys()} & {"bcc", "cc", "summary"}, mail.keys()
        assert [address.addr_spec for address in mail["To"].addresses] in ([person.email], [f"guest@{HOST}"]), mail["To"]
        assert not mail.defects and not mail["Subject"].defects, mail.defects
        content = mail.get_body(("html",)).get_content()
        page.set_content(content)
        assert page.evaluate("window.broken") is None, content
        assert page.locator("script, svg, iframe, img[onerror], [onmouseover], [onload]").count() == 0, content
        assert page.locator("[href*=phish], [src*=phish]").count() == 0, content
        assert page.locator("a[href]:not([href^='http:']):not([href^='https:']):not([href^='mailto:'])").count() == 0, content
    seen = [mail["Subject"] for mail in mine()]
    for evil in EVIL:
        assert any(evil in subject for subject in seen), (evil, seen)
    page.context.close()


run(journey)
