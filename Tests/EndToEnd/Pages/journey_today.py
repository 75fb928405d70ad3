"""Today: what others changed where one may see it, as it happens, and what one does about it on the spot."""

from browser import Person, eventually, expect, open_page, run

PASSWORD = "correct horse battery staple"


def colleague(person, name, rights):
    role = person.call("POST", "/v1/roles", {"name": f"Role of {name}", "rights": rights, "hidden_fields": {}, "readonly_fields": {}, "admin": {}})
    email = f"{name.lower()}@{person.tenant}.example"
    user = person.call("POST", "/v1/users", {"email": email, "name": name, "role_id": role["id"], "password": PASSWORD})
    other = Person(person.origin, person.tenant, email, PASSWORD)
    other.id = user["id"]
    return other


def journey(site):
    person = site.firm()
    everything = {"read": "all", "create": True, "update": "all", "delete": "all"}
    ben = colleague(person, "Ben", {name: everything for name in ("contacts", "companies", "tasks")})
    firm = person.call("POST", "/v1/companies", {"name": "Nordlicht"})
    page = site.signed_in(person)
    open_page(page, "/")
    latest = page.locator(".section", has=page.get_by_role("heading", name="Latest changes"))
    expect(latest).to_contain_text("Nobody else has changed anything lately.")

    # Another's changes appear by themselves; one's own do not.
    ben.call("PATCH", f"/v1/companies/{firm['id']}", {"industry": "Books", "employees": 12})
    row = latest.get_by_role("listitem").filter(has_text="Nordlicht")
    expect(row).to_contain_text("Ben · changed: ", timeout=2_000)
    expect(row).to_contain_text("Industry")
    button = row.get_by_role("button", name="Plan the next step of Nordlicht")
    button.focus()
    person.call("POST", "/v1/companies", {"name": "My own"})
    ben.call("POST", "/v1/contacts/batch", {"atomic": True, "operations": [{"op": "create", "body": {"last_name": f"Number {number}"}} for number in range(40)]})
    expect(latest.get_by_role("link", name="Contacts: 40 records")).to_be_visible()
    expect(latest.get_by_role("listitem")).to_have_count(2)
    # Whoever stands there with the keyboard stays.
    expect(button).to_be_focused()
    site.check(page, "Today with what others changed")

    # The next step, from here.
    row.get_by_role("button", name="Plan the next step of Nordlicht").click()
    page.get_by_role("dialog").get_by_label("Title").fill("Ask for the catalogue")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Ask for the catalogue")).to_be_visible()
    task = eventually(lambda: person.call("GET", "/v1/tasks")["data"], "the task is kept")[0]
    assert task["about"] == {"type": "companies", "id": firm["id"]}, task

    # And back out of the trash.
    ben.call("DELETE", f"/v1/companies/{firm['id']}")
    expect(row).to_contain_text("moved to the trash")
    row.get_by_role("button", name="Restore Nordlicht").click()
    expect(page.get_by_text("“Nordlicht” is back.").or_(page.get_by_text('"Nordlicht" is back.'))).to_be_visible()
    assert person.call("GET", f"/v1/companies/{firm['id']}")["deleted_at"] is None

    # Who may read only contacts hears of nothing else.
    eve = colleague(person, "Eve", {"contacts": {"read": "all"}})
    other = site.signed_in(eve)
    open_page(other, "/")
    latest = other.locator(".section", has=other.get_by_role("heading", name="Latest changes"))
    expect(latest.get_by_role("link", name="Contacts: 40 records")).to_be_visible()
    expect(latest.get_by_role("listitem")).to_have_count(1)


run(journey)
