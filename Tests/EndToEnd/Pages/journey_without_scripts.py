"""Reading, finding, making and changing records in a browser that runs no scripts."""

from browser import expect, run, sign_in


def journey(site):
    person = site.firm()
    firm = person.call("POST", "/v1/companies", {"name": "Nordlicht"})
    for number in range(60):
        person.call("POST", "/v1/contacts", {"first_name": "Person", "last_name": f"Number {number:02}", "company_id": firm["id"]})
    page = site.signed_in(person, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Admin")

    page.goto(site.origin + "/contacts")
    expect(page.get_by_role("link", name="Person Number 59")).to_be_visible()
    expect(page.get_by_role("link", name="Nordlicht").first).to_be_visible()
    page.get_by_role("link", name="Load more").click()
    expect(page.get_by_role("link", name="Person Number 03")).to_be_visible()

    page.goto(site.origin + "/contacts")
    page.get_by_label("Find in this list").fill("Number 07")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(1)

    page.goto(site.origin + "/contacts")
    page.get_by_role("link", name="New", exact=True).click()
    page.get_by_label("First name").fill("Zoë")
    page.get_by_label("E-mail", exact=True).fill("no address")
    page.locator("form.record-form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("First name")).to_have_value("Zoë")
    page.get_by_label("E-mail", exact=True).fill("zoe@nordlicht.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoë")

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Last name").fill("Ägir <b>&amp;")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoë Ägir <b>&amp;")
    page.get_by_role("searchbox", name="Search").fill("agir")
    page.get_by_role("searchbox", name="Search").press("Enter")
    expect(page.get_by_role("link", name="Zoë Ägir <b>&amp;")).to_be_visible()

    page.get_by_role("link", name="Zoë Ägir <b>&amp;").click()
    page.get_by_role("button", name="Move to the trash").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contacts")
    assert person.call("GET", "/v1/contacts?count=exact&limit=1")["page"]["count"] == 60

    page.goto(site.origin + "/calendar")
    expect(page.get_by_text("This page needs JavaScript")).to_be_visible()
    page.goto(site.origin + "/no_such_type")
    expect(page.get_by_role("alert")).to_be_visible()


run(journey)
