"""The calendar: day, week and month, things carried and moved by keys to another time, in the reader's zone, and as a list on a phone."""

from accessible import walk
from browser import eventually, expect, open_page, run

MONDAY = "2027-03-01"


def journey(site):
    person = site.firm()
    me = person.call("GET", "/v1/session")["user"]
    person.call("PATCH", f"/v1/users/{me['id']}", {"time_zone": "America/New_York"})
    person.call("PATCH", "/v1/settings", {"week_start": "sunday"})
    meeting = person.call("POST", "/v1/activities", {"kind": "meeting", "subject": "Kick-off", "at": "2027-03-02T15:00:00Z", "duration_minutes": 90})
    person.call("POST", "/v1/activities", {"kind": "call", "subject": "Short call", "at": "2027-03-02T15:30:00Z", "duration_minutes": 15})
    task = person.call("POST", "/v1/tasks", {"title": "Send the offer", "due": {"local": "2027-03-03T18:00", "time_zone": "Europe/Berlin"}, "assignee_id": me["id"]})
    firm = person.call("POST", "/v1/companies", {"name": "Nordlicht"})
    person.call("POST", "/v1/reminders", {"about": {"type": "companies", "id": firm["id"]}, "when": {"local": "2027-03-04T08:30", "time_zone": "America/New_York"}, "recipients": ["owner"], "subject": "Think of it", "body": "Now", "active": True})
    for number in range(6):
        person.call("POST", "/v1/activities", {"kind": "call", "subject": f"Call {number}", "at": f"2027-03-05T1{number}:00:00Z"})
    page = site.signed_in(person)

    # A week from Sunday on, in New York: 15:00Z is 10:00 there, 18:00 in Berlin is noon.
    open_page(page, f"/calendar?mode=week&date={MONDAY}")
    expect(page.get_by_text("America/New York")).to_be_visible()
    expect(page.locator(".hours-day").first).to_contain_text("28")
    kickoff = page.get_by_role("list", name="Tuesday, March 2").get_by_role("button", name="Kick-off")
    expect(kickoff).to_contain_text("10:00")
    expect(page.get_by_role("list", name="Wednesday, March 3").get_by_role("button", name="Send the offer")).to_contain_text("12:00")
    expect(page.get_by_role("list", name="Thursday, March 4").get_by_role("button", name="Think of it")).to_contain_text("8:30")
    site.check(page, "the week")
    _, unseen = walk(page)
    assert not [one for one in unseen if "not seen" in one], unseen

    # Carried to Thursday at another hour; taken back.
    at = lambda: person.call("GET", f"/v1/activities/{meeting['id']}")["at"]
    start = kickoff.bounding_box()
    day = page.locator(".hours-column").nth(4).bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(day["x"] + 30, start["y"] + 20 + 104, steps=5)
    page.mouse.up()
    expect(page.get_by_role("list", name="Thursday, March 4").get_by_role("button", name="Kick-off")).to_contain_text("12:00")
    eventually(lambda: at() == "2027-03-04T17:00:00.000Z", "the meeting has moved")
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: at() == "2027-03-02T15:00:00.000Z", "the meeting is back")

    # By keys: a quarter of an hour, a day. A task keeps the zone in which it is due.
    kickoff.focus()
    page.keyboard.press("Shift+ArrowDown")
    eventually(lambda: at() == "2027-03-02T15:15:00.000Z", "a quarter of an hour later")
    expect(kickoff).to_be_focused()
    page.get_by_role("button", name="Send the offer").focus()
    page.keyboard.press("Shift+ArrowRight")
    eventually(lambda: person.call("GET", f"/v1/tasks/{task['id']}")["due"] == {"local": "2027-03-04T18:00", "time_zone": "Europe/Berlin"}, "a day later, in its own zone")

    # From near: another time, done.
    kickoff.click()
    dialog = page.get_by_role("dialog", name="Kick-off")
    site.check(page, "an item from near")
    dialog.get_by_label("When").fill("2027-03-02T09:00")
    dialog.get_by_label("Minutes").fill("45")
    dialog.get_by_role("button", name="Save").click()
    eventually(lambda: (at(), person.call("GET", f"/v1/activities/{meeting['id']}")["duration_minutes"]) == ("2027-03-02T14:00:00.000Z", 45), "the meeting begins at nine")

    # The month: six calls are more than a day shows, a day is one step away; carried to another day the time stays.
    page.keyboard.press("m")
    expect(page.get_by_role("table", name="March 2027")).to_be_visible()
    site.check(page, "the month")
    entry = page.get_by_role("table").get_by_role("button", name="Kick-off")
    entry.hover(position={"x": 30, "y": 8})
    page.mouse.down()
    # From here on nothing is drawn anew, as it may be before: the change of the time is still coming back as news.
    target = page.locator("td[data-day='2027-03-09']").bounding_box()
    page.mouse.move(target["x"] + 40, target["y"] + 40, steps=5)
    # What others do meanwhile leaves in the hand what is there, and is seen when it has been put down.
    with page.expect_response(lambda answer: "/v1/agenda" in answer.url), page.expect_response(lambda answer: "/v1/activities/search" in answer.url):
        person.call("POST", "/v1/activities", {"kind": "call", "subject": "Rang meanwhile", "at": "2027-03-10T15:00:00Z"})
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(page.locator("td .lifted")).to_be_visible()
    page.mouse.up()
    expect(page.get_by_role("button", name="Rang meanwhile")).to_be_visible()
    expect(page.locator("td[data-day='2027-03-09']").get_by_role("button", name="Kick-off")).to_be_visible()
    eventually(lambda: at() == "2027-03-09T14:00:00.000Z", "the meeting is a week later")
    page.get_by_role("button", name="Friday, March 5, 2027").click()
    expect(page.locator(".hours-column").get_by_role("button")).to_have_count(6)
    site.check(page, "the day")
    page.keyboard.press("PageDown")
    expect(page.get_by_role("heading", name="Saturday, March 6, 2027")).to_be_visible()

    # The clocks go forward on the 14th: nine o'clock stays nine o'clock.
    open_page(page, f"/calendar?mode=month&date={MONDAY}")
    page.get_by_role("table").get_by_role("button", name="Kick-off").focus()
    page.keyboard.press("Shift+ArrowDown")
    eventually(lambda: at() == "2027-03-16T13:00:00.000Z", "nine o'clock in summer time")

    # Something new, and what others do.
    open_page(page, f"/calendar?mode=week&date={MONDAY}")
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("menuitem", name="Meeting").click()
    page.get_by_role("dialog").get_by_label("Subject").fill("Made here")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("list", name="Sunday, February 28").get_by_role("button", name="Made here")).to_be_visible()
    person.call("POST", "/v1/activities", {"kind": "meeting", "subject": "From elsewhere", "at": "2027-03-03T15:00:00Z"})
    expect(page.get_by_role("button", name="From elsewhere")).to_be_visible(timeout=3_000)

    # A phone: days below one another, and a done task is gone.
    phone = site.signed_in(person, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    open_page(phone, f"/calendar?mode=week&date={MONDAY}")
    expect(phone.get_by_role("heading", name="Thursday, March 4")).to_be_visible()
    site.check(phone, "the calendar on a phone")
    phone.get_by_role("button", name="Send the offer").tap()
    phone.get_by_role("dialog").get_by_role("button", name="Done").tap()
    expect(phone.get_by_role("button", name="Send the offer")).to_have_count(0)
    eventually(lambda: person.call("GET", f"/v1/tasks/{task['id']}")["status"] == "done", "the task is done")

    closing(site, person)


def closing(site, person):
    """Deals by close date."""
    pipe = person.call("GET", "/v1/pipelines")["data"][0]
    deal = person.call("POST", "/v1/deals", {"name": "Forty chairs", "pipeline_id": pipe["id"], "stage_id": pipe["stages"][0]["id"], "close_date": "2027-03-10", "amount": {"amount": "4800", "currency": "EUR"}})
    page = site.signed_in(person)
    open_page(page, f"/deals?view=calendar&date={MONDAY}")
    expect(page.locator("td[data-day='2027-03-10']").get_by_role("link", name="Forty chairs")).to_be_visible()
    site.check(page, "deals by close date")
    page.get_by_role("link", name="Forty chairs").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("td[data-day='2027-03-11']").get_by_role("link", name="Forty chairs")).to_be_focused()
    eventually(lambda: person.call("GET", f"/v1/deals/{deal['id']}")["close_date"] == "2027-03-11", "it closes a day later")


run(journey)
