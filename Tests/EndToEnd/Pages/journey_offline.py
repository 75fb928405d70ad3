"""Without a connection it is said, nothing is lost, and everything goes on by itself; drafts outlive a closed tab."""

from browser import expect, open_page, run


def journey(site):
    person = site.firm()
    contact = person.call("POST", "/v1/contacts", {"first_name": "Jana", "last_name": "Weiß"})
    page = site.signed_in(person)
    open_page(page, f"/contacts/{contact['id']}")
    page.get_by_label("Note").fill("Typed on the train")
    page.context.set_offline(True)
    expect(page.get_by_text("Offline")).to_be_visible()
    site.check(page, "a page without a connection")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("There is no connection.")).to_be_visible(timeout=15_000)
    expect(page.get_by_label("Note")).to_have_value("Typed on the train")
    page.context.set_offline(False)
    expect(page.get_by_text("Offline", exact=True)).to_have_count(0, timeout=20_000)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".timeline")).to_contain_text("Typed on the train")

    # What is in a form when its tab is closed is there again.
    open_page(page, "/contacts")
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("dialog").get_by_label("Last name").fill("Unfinished")
    page.get_by_label("First name").click()
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(site.origin + "/contacts")
    page.locator("main[data-ready]").wait_for()
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("dialog").get_by_label("Last name")).to_have_value("Unfinished")
    expect(page.get_by_text("This is what you typed last time.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Unfinished")
    open_page(page, "/contacts")
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("dialog").get_by_label("Last name")).to_have_value("")


run(journey)
