"""With the keyboard alone: from page to page, through a list, into a record, to anything by its name; the focus is always seen and never caught."""

from accessible import walk
from browser import expect, open_page, run


def journey(site):
    person = site.firm()
    for number in range(3):
        person.call("POST", "/v1/contacts", {"first_name": "Person", "last_name": f"Number {number}", "email": f"p{number}@example.com"})
    page = site.signed_in(person)
    page.locator("main[data-ready]").wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")
    for path in ["/", "/contacts", f"/contacts/{person.call('GET', '/v1/contacts')['data'][0]['id']}", "/settings/profile"]:
        open_page(page, path)
        page.wait_for_timeout(300)
        met, faults = walk(page, 120)
        assert not faults, (path, faults)
        assert len(met) > 10, (path, len(met))

    open_page(page, "/contacts")
    page.locator("td[data-path=email]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("F2")
    page.keyboard.press("Control+A")
    page.keyboard.type("typed@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("typed@example.com")).to_be_visible()

    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("First name")).to_be_focused()
    page.keyboard.type("Key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Key")

    # Whoever types at once loses no letter to what is still on its way.
    page.keyboard.press("Control+K")
    page.keyboard.type("number 2")
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("number 2")
    expect(page.get_by_role("option", name="Person Number 2")).to_be_visible()
    site.check(page, "the palette")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Person Number 2")
    page.keyboard.press("Control+K")
    page.keyboard.type("new company")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("New company")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    site.check(page, "the sheet of shortcuts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


run(journey)
