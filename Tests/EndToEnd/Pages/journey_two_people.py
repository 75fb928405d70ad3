"""Two browsers of one firm: what one changes the other sees, without losing what is being typed; and when both change the same, both versions are shown."""

import time

from browser import expect, open_page, run


def journey(site):
    person = site.firm()
    contact = person.call("POST", "/v1/contacts", {"first_name": "Jana", "last_name": "Weiß", "title": "Buyer"})
    one, two = site.signed_in(person), site.signed_in(person)
    open_page(one, "/contacts")
    open_page(two, f"/contacts/{contact['id']}")

    # A new record and a change are in the list of the other within two seconds.
    start = time.monotonic()
    person.call("POST", "/v1/contacts", {"last_name": "Brandneu"})
    expect(one.get_by_role("link", name="Brandneu")).to_be_visible(timeout=2000)
    person.call("PATCH", f"/v1/contacts/{contact['id']}", {"last_name": "Schwarz"})
    expect(one.get_by_role("link", name="Jana Schwarz")).to_be_visible(timeout=2000)
    print(f"FIGURE changes by others are seen within {time.monotonic() - start:.2f} s for two of them, one after the other")

    # On the record: the heading changes, what is being typed stays.
    two.get_by_label("Note").fill("Half a thou")
    person.call("PATCH", f"/v1/contacts/{contact['id']}", {"last_name": "Grün"})
    expect(two.get_by_role("heading", level=1)).to_have_text("Jana Grün", timeout=2000)
    expect(two.get_by_label("Note")).to_have_value("Half a thou")
    two.get_by_role("button", name="Edit Position").click()
    two.locator(".cell-editor input").fill("Head of purchasing")
    person.call("PATCH", f"/v1/contacts/{contact['id']}", {"title": "Managing director"})
    expect(two.locator(".subtitle")).to_contain_text("Managing director", timeout=2000)
    expect(two.locator(".cell-editor input")).to_have_value("Head of purchasing")

    # Saved now, it is decided by the person.
    two.locator(".cell-editor").get_by_role("button", name="Save").click()
    dialog = two.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Someone else was faster")
    expect(dialog).to_contain_text("Head of purchasing")
    expect(dialog).to_contain_text("Managing director")
    site.check(two, "the dialog of a conflict")
    dialog.get_by_role("button", name="Save").click()
    expect(two.locator(".subtitle")).to_contain_text("Head of purchasing")
    assert person.call("GET", f"/v1/contacts/{contact['id']}")["title"] == "Head of purchasing"

    # In the list's cell as well, where theirs may stay.
    row = one.locator(f"tr[data-id='{contact['id']}']")
    one.get_by_role("button", name="Columns").click()
    one.get_by_role("dialog").get_by_role("checkbox", name="Position").check()
    one.get_by_role("dialog").get_by_role("button", name="Apply").click()
    cell = row.locator("td[data-path=title]")
    expect(cell).to_have_text("Head of purchasing")
    cell.dblclick()
    row.locator(".cell-editor input").fill("Mine")
    person.call("PATCH", f"/v1/contacts/{contact['id']}", {"title": "Theirs"})
    one.wait_for_timeout(600)
    expect(row.locator(".cell-editor input")).to_have_value("Mine")
    one.keyboard.press("Enter")
    expect(one.get_by_role("dialog").get_by_role("heading")).to_have_text("Someone else was faster")
    one.get_by_role("button", name="Keep theirs").click()
    expect(cell).to_have_text("Theirs")


run(journey)
