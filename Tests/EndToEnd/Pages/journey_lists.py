"""A list of many records: order, words, conditions, views, columns, a change in place, many changes at once and their undo, a file of what is shown."""

import csv
import io

from browser import eventually, expect, open_page, run


def journey(site):
    person = site.firm()
    for start in range(0, 400, 200):
        person.call("POST", "/v1/contacts/batch", {"atomic": True, "operations": [
            {"op": "create", "body": {"first_name": "Person", "last_name": f"Number {number:03}", "email": f"p{number}@example.com",
                                      "lifecycle_stage": "customer" if number % 4 == 0 else "prospect"}} for number in range(start, start + 200)]})
    page = site.signed_in(person)
    open_page(page, "/contacts")
    rows = page.locator("table.list tbody tr[data-id]")
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")
    expect(rows.first).to_contain_text("Person Number 399")
    site.check(page, "a list")

    # Scrolled to the end, all were there, and only a screenful of them ever was in the page.
    page.locator(".list-scroll").hover()
    for _ in range(60):
        page.mouse.wheel(0, 1500)
        if page.get_by_text("Person Number 000").count():
            break
        page.wait_for_timeout(60)
    expect(page.get_by_text("Person Number 000")).to_be_visible()
    assert rows.count() < 60, f"{rows.count()} rows are in the page"
    expect(page.locator(".count")).to_have_text("400 records")

    page.get_by_role("button", name="Name").click()
    expect(rows.first).to_contain_text("Person Number 000")
    page.get_by_label("Find in this list").fill("Number 12")
    expect(page.locator(".count")).to_have_text("10 records")
    page.get_by_label("Find in this list").fill("")
    expect(page.locator(".count")).to_contain_text("400")

    # A condition, kept as a view.
    page.get_by_role("button", name="Filter", exact=True).click()
    panel = page.get_by_role("region", name="Filter")
    panel.get_by_label("Field").select_option("lifecycle_stage")
    panel.get_by_label("Customer", exact=True).check()
    expect(page.locator(".count")).to_have_text("100 records")
    panel.get_by_role("button", name="Group").click()
    expect(panel.get_by_label("How the conditions go together")).to_have_count(2)
    inner = panel.locator(".filter-group .filter-group .filter-leaf")
    inner.get_by_label("Field").select_option("email")
    inner.get_by_label("Comparison").select_option("starts")
    inner.get_by_label("Value").fill("p1")
    expect(page.locator(".count")).to_have_text("27 records")
    site.check(page, "a list with conditions")
    panel.get_by_role("button", name="Save as a view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Customers one")
    site.check(page, "the dialog of a view")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers one")
    expect(page.locator(".count")).to_have_text("27 records")
    view = person.call("GET", "/v1/views")["data"][0]
    assert view["where"]["and"][0] == {"field": "lifecycle_stage", "op": "in", "value": ["customer"]}, view["where"]

    # Columns stay as they were chosen.
    page.get_by_role("button", name="Columns").click()
    dialog.get_by_role("checkbox", name="Phone").uncheck()
    dialog.get_by_role("checkbox", name="Birthday").check()
    dialog.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("columnheader", name="Birthday")).to_be_visible()
    page.reload()
    page.locator("main[data-ready]").wait_for()
    expect(page.get_by_role("columnheader", name="Birthday")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Phone")).to_have_count(0)

    # A cell is changed in place, by the keyboard.
    row = rows.filter(has_text="Person Number 100")
    row.locator("td[data-path=email]").click(position={"x": 220, "y": 20})
    row.locator("td[data-path=email]").focus()
    page.keyboard.press("Enter")
    editor = row.locator(".cell-editor input")
    expect(editor).to_be_focused()
    editor.fill("p1-changed@example.com")
    page.keyboard.press("Enter")
    expect(row.locator("td[data-path=email]")).to_have_text("p1-changed@example.com")
    eventually(lambda: person.call("GET", "/v1/contacts?filter[email]=p1-changed@example.com")["data"], "the change is kept")

    # Many at once, and back.
    page.get_by_label("Select all that are loaded").check()
    page.get_by_role("button", name="Change a field").click()
    dialog.get_by_label("Field").select_option("lifecycle_stage")
    dialog.get_by_label("Value").select_option("former")
    dialog.get_by_role("button", name="Change 27 records").click()
    expect(page.get_by_text("27 records are changed.")).to_be_visible()
    assert person.call("GET", "/v1/contacts?filter[lifecycle_stage]=former&count=exact")["page"]["count"] == 27
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It is as it was.")).to_be_visible()
    assert person.call("GET", "/v1/contacts?filter[lifecycle_stage]=former&count=exact")["page"]["count"] == 0
    expect(page.locator(".count")).to_have_text("27 records")
    to_a_record_and_back(site, person)


def to_a_record_and_back(site, person):
    """Seen as one movement, except by those who want none."""
    for motion, movements in (("no-preference", ["moved", "moved"]), ("reduce", [])):
        page = site.signed_in(person, reduced_motion=motion)
        open_page(page, "/contacts")
        page.evaluate(
            """() => {
              window.seen = [];
              const start = document.startViewTransition.bind(document);
              document.startViewTransition = (draw) => { const one = start(draw); one.finished.then(() => seen.push('moved')); return one; };
            }""")
        name = page.locator("tbody th a").first.inner_text()
        page.locator("tbody th a").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")
        expect(page.get_by_role("link", name=name)).to_be_visible()
        eventually(lambda: page.evaluate("seen") == movements, f"{motion}: {movements}")
        assert page.locator("[style*=view-transition-name]").count() == 0
        page.context.close()


run(journey)
