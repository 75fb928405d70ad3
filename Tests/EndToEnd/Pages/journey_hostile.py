"""Names that would like to be markup are only ever names, on every page and in every file that leaves."""

import json
import urllib.request

from browser import expect, open_page, run

EVIL = ["<script>window.broken=1</script>", "<img src=x onerror=window.broken=1>", "\"><svg onload=window.broken=1>", "javascript:window.broken=1",
        "{{constructor.constructor('window.broken=1')()}}", "</script><script>window.broken=1</script>", "' onmouseover='window.broken=1"]


def journey(site):
    person = site.firm(name="<b onmouseover=window.broken=1>Firm</b>", admin={"email": "ada@evil.example", "name": "<i>Ada</i>\"'><script>window.broken=1</script>", "password": "correct horse battery staple"})
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


run(journey)
