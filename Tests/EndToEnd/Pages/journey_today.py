"""Today: what others changed where one may see it, as it happens; and what one does on the spot about that, about calls, meetings and reminders."""

import datetime

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

    agenda(site, person, firm)


def choose(page, row, item):
    """Takes an item of a row's menu, with the keyboard alone."""
    row.get_by_role("button", name="Do something about").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    wanted = page.get_by_role("menuitem", name=item, exact=True)
    for _ in range(page.get_by_role("menuitem").count()):
        if wanted.evaluate("(one) => one === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    expect(wanted).to_be_focused()
    page.keyboard.press("Enter")


def items(page, row):
    row.get_by_role("button", name="Do something about").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    names = page.get_by_role("menuitem").all_inner_texts()
    page.keyboard.press("Escape")
    return names


def agenda(site, person, firm):
    """Calls, meetings and reminders: put off, written down, left out, called off and taken back where they stand."""
    me = person.call("GET", "/v1/session")["user"]["id"]
    today = datetime.datetime.now(datetime.timezone.utc).date()
    day = lambda days: (today + datetime.timedelta(days=days)).isoformat()
    call = person.call("POST", "/v1/activities", {"kind": "call", "subject": "Ring Nordlicht", "at": f"{day(0)}T00:00:00Z", "company_id": firm["id"]})
    meeting = person.call("POST", "/v1/activities", {"kind": "meeting", "subject": "Show the samples", "at": f"{day(1)}T10:00:00Z"})
    words = {"body": "Now.", "recipients": [{"user_id": me}]}
    once = person.call("POST", "/v1/reminders", {"subject": "Send the offer", "when": {"local": f"{day(1)}T09:00", "time_zone": "UTC"}, "about": {"type": "companies", "id": firm["id"]}, **words})
    again = person.call("POST", "/v1/reminders", {"subject": "Look at the pipeline", "when": {"local": f"{day(1)}T11:00", "time_zone": "UTC"}, "rrule": "FREQ=DAILY", **words})
    others = person.call("POST", "/v1/reminders", {"subject": "Everyone to the fair", "when": {"local": f"{day(1)}T12:00", "time_zone": "UTC"}, "body": "Now.", "recipients": [{"user_id": me}, {"email": "all@example.com"}]})
    page = site.signed_in(person)
    open_page(page, "/")
    part = page.locator(".section", has=page.get_by_role("heading", name="Today's agenda"))
    row = lambda one: part.locator(f"li[data-id='{one['id']}']")
    get = lambda kind, one: person.call("GET", f"/v1/{kind}/{one['id']}")

    # What came of a call that is over.
    expect(row(call)).to_be_visible()
    row(call).get_by_role("button", name="Write down what came of Ring Nordlicht").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_label("Details").focus()
    page.keyboard.type("They want the blue one.")
    page.get_by_role("dialog").get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    eventually(lambda: get("activities", call)["body"] == "They want the blue one.", "what came of it is kept")
    assert get("activities", call)["at"].startswith(day(0))

    # The next step is about the company it was with. The page draws the agenda anew meanwhile: the menu stays open, the focus where it was.
    choose(page, row(call), "Plan the next step")
    expect(page.get_by_role("dialog").get_by_label("Title")).to_be_focused()
    page.keyboard.type("Send the blue one")
    page.keyboard.press("Enter")
    task = eventually(lambda: [one for one in person.call("GET", "/v1/tasks")["data"] if one["title"] == "Send the blue one"], "the next step is kept")[0]
    assert task["about"] == {"type": "companies", "id": firm["id"]}, task
    expect(page.get_by_role("dialog")).to_have_count(0)

    # Put off, and taken back.
    choose(page, row(call), "Tomorrow")
    eventually(lambda: get("activities", call)["at"].startswith(f"{day(1)}T00:00"), "the call is put off")
    undo = page.get_by_role("button", name="Undo").last
    undo.focus()
    page.keyboard.press("Enter")
    eventually(lambda: get("activities", call)["at"].startswith(f"{day(0)}T00:00"), "the call is back")
    # What is tomorrow is not put off until tomorrow; what has not been has no outcome.
    expect(row(meeting).get_by_role("button", name="Write down")).to_have_count(0)
    assert items(page, row(meeting)) == ["In three days", "In a week", "Plan the next step"], items(page, row(meeting))
    choose(page, row(meeting), "In a week")
    eventually(lambda: get("activities", meeting)["at"].startswith(f"{day(7)}T10:00"), "the meeting is put off")
    expect(row(meeting)).to_have_count(0)

    # A reminder of one time moves, or is called off.
    choose(page, row(once), "Call it off")
    eventually(lambda: get("reminders", once)["active"] is False, "the reminder is called off")
    undo = page.get_by_role("button", name="Undo").last
    undo.focus()
    page.keyboard.press("Enter")
    eventually(lambda: get("reminders", once)["active"], "the reminder is back")
    expect(row(once)).to_be_visible()
    choose(page, row(once), "In three days")
    eventually(lambda: get("reminders", once)["when"] == {"local": f"{day(3)}T09:00", "time_zone": "UTC"}, "the reminder is put off")
    assert get("reminders", once)["active"] is True

    # One that comes again keeps its rule: only this time is left out. One that tells others too is not moved from here.
    assert items(page, row(again)) == ["Leave it out this time"], items(page, row(again))
    choose(page, row(again), "Leave it out this time")
    eventually(lambda: get("reminders", again)["exdate"] == [f"{day(1)}T11:00"], "this time is left out")
    kept = get("reminders", again)
    assert kept["rrule"] == "FREQ=DAILY" and kept["when"]["local"] == f"{day(1)}T11:00" and kept["active"], kept
    expect(row(again)).to_have_count(0)
    expect(row(others)).to_be_visible()
    expect(row(others).get_by_role("button")).to_have_count(0)
    site.check(page, "the agenda with what one does about it")

    # With a finger: everything is large enough.
    phone = site.signed_in(person, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_page(phone, "/")
    for button in phone.locator(".agenda button:visible").all():
        box = button.bounding_box()
        assert box["width"] >= 44 and box["height"] >= 44, box
    site.check(phone, "the agenda on a phone")

    # Who may only read activities has nothing to do to them here.
    reader = colleague(person, "Rita", {"activities": {"read": "all"}, "reminders": {"read": "all"}})
    person.call("PATCH", f"/v1/activities/{call['id']}", {"owner_id": reader.id})
    other = site.signed_in(reader)
    open_page(other, "/")
    expect(other.locator(f".agenda li[data-id='{call['id']}']")).to_be_visible()
    expect(other.locator(f".agenda li[data-id='{call['id']}'] button")).to_have_count(0)


run(journey)
