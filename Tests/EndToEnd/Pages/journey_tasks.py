"""Tasks: sections by when they are due, done in place, another time, and a line that understands times in four languages (its table is `when.json`)."""

import datetime
import json
import pathlib

from accessible import walk
from browser import eventually, expect, open_page, run


def journey(site):
    understands(site)
    person = site.firm()
    me = person.call("GET", "/v1/session")["user"]
    now = datetime.datetime.now(datetime.timezone.utc)

    def task(title, days, **more):
        due = {"due": {"local": (now + datetime.timedelta(days=days)).strftime("%Y-%m-%dT12:00"), "time_zone": "UTC"}} if days is not None else {}
        return person.call("POST", "/v1/tasks", {"title": title, "assignee_id": me["id"]} | due | more)

    firm = person.call("POST", "/v1/companies", {"name": "Nordlicht"})
    late = task("Long ago", -3, priority="high", about={"type": "companies", "id": firm["id"]})
    task("For tomorrow", 1)
    task("Far away", 40)
    task("Whenever", None)
    person.call("POST", "/v1/tasks", {"title": "Someone else's", "assignee_id": None, "owner_id": person.call("POST", "/v1/users", {"email": "bob@x.example", "name": "Bob", "role_id": me["role_id"], "password": "correct horse battery staple"})["id"]})
    page = site.signed_in(person)
    open_page(page, "/tasks")
    section = lambda name: page.get_by_role("region", name=name)
    row = lambda title: page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title, exact=True))
    expect(section("Overdue")).to_contain_text("Long ago")
    expect(section("Overdue")).to_contain_text("Nordlicht")
    expect(section("Tomorrow")).to_contain_text("For tomorrow")
    expect(section("Later")).to_contain_text("Far away")
    expect(section("Someday")).to_contain_text("Whenever")
    expect(page.get_by_text("Someone else's")).to_have_count(0)
    site.check(page, "the tasks")
    _, unseen = walk(page)
    assert not [one for one in unseen if "not seen" in one], unseen

    # As one would say it.
    line = page.get_by_label("New task")
    line.fill("Call Anna tomorrow 9:00")
    expect(page.locator(".quick-hint")).to_contain_text("9:00")
    line.press("Enter")
    expect(section("Tomorrow")).to_contain_text("Call Anna")
    expect(line).to_have_value("")
    made = person.call("GET", "/v1/tasks?filter[title]=Call%20Anna")["data"][0]
    assert made["due"]["local"].endswith("T09:00") and made["assignee_id"] == me["id"], made

    # Done in place, by keyboard, and taken back.
    row("Long ago").get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    expect(section("Overdue")).to_have_count(0)
    eventually(lambda: person.call("GET", f"/v1/tasks/{late['id']}")["status"] == "done", "the task is done")
    page.get_by_role("button", name="Undo").click()
    expect(section("Overdue")).to_contain_text("Long ago")
    row("Long ago").get_by_role("checkbox").check()
    page.get_by_text("Done lately").click()
    expect(page.locator(".done-lately")).to_contain_text("Long ago")

    # Another time.
    row("Far away").get_by_role("button").click()
    site.check(page, "another time for a task")
    page.get_by_role("dialog").get_by_role("button", name="Tomorrow").click()
    expect(section("Tomorrow")).to_contain_text("Far away")
    row("Far away").get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Without a time").click()
    expect(section("Someday")).to_contain_text("Far away")

    # Everyone's, what others do, and the table with all its filters.
    page.get_by_label("Whose tasks").select_option(label="Everyone's")
    expect(page.get_by_text("Someone else's")).to_be_visible()
    person.call("POST", "/v1/tasks", {"title": "From elsewhere"})
    expect(page.get_by_text("From elsewhere")).to_be_visible(timeout=3_000)
    page.get_by_role("link", name="As a table").click()
    expect(page.get_by_role("grid", name="Tasks")).to_be_visible()

    phone = site.signed_in(person, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_page(phone, "/tasks")
    site.check(phone, "the tasks on a phone")
    phone.get_by_label("New task").fill("Pay the invoice")
    phone.get_by_role("button", name="Add").tap()
    expect(phone.get_by_role("region", name="Someday")).to_contain_text("Pay the invoice")


def understands(site):
    """Every line of the table, by the module itself."""
    table = json.loads((pathlib.Path(__file__).parent / "when.json").read_text())
    page = site.context().new_page()
    page.goto(site.origin + "/")
    assets = page.locator("link[rel=stylesheet]").first.get_attribute("href").rsplit("/", 1)[0]
    answers = page.evaluate("async ([assets, now, lines]) => { const { parseWhen } = await import(`${assets}/when.js`); return lines.map(([language, line]) => parseWhen(line, { now, language })); }", [assets, table["now"], table["lines"]])
    wrong = [(line, answer) for line, answer in zip(table["lines"], answers) if [answer["title"], answer["local"]] != line[2:]]
    assert not wrong, wrong
    page.context.close()


run(journey)
