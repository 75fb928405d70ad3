"""What a firm sets for itself: its name and colour, a field and a type of its own, a role, a person, a pipeline, a key; and what of it shows elsewhere."""

from browser import Person, eventually, expect, open_page, run


def journey(site):
    person = site.firm()
    page = site.signed_in(person)
    dialog = page.get_by_role("dialog")

    open_page(page, "/settings/firm")
    page.locator("main").get_by_label("Name", exact=True).first.fill("Nordlicht")
    page.get_by_label("Colour").fill("#8a1f6b")
    page.get_by_role("button", name="Save").click()
    page.locator(".brand").get_by_text("Nordlicht").wait_for()
    assert person.call("GET", "/v1/settings")["brand"]["colour"].lower() == "#8a1f6b"
    page.locator("main[data-ready]").wait_for()
    site.check(page, "with another colour")
    page.get_by_text("Who decided what").click()
    expect(page.get_by_role("region", name="Who decided what")).to_contain_text("brand.colour")

    open_page(page, "/settings/fields")
    page.get_by_role("button", name="New field of Contacts").click()
    dialog.get_by_label("Label").fill("Shoe size")
    expect(dialog.get_by_label("Name in the API")).to_have_value("shoe_size")
    dialog.get_by_label("Kind").select_option("select")
    dialog.get_by_label("Options").fill("38\n42")
    site.check(page, "the definition of a field")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("custom.shoe_size")).to_be_visible()
    page.get_by_role("button", name="Type of record").click()
    dialog.get_by_label("Name of one").fill("ticket")
    dialog.get_by_label("Name of several").fill("tickets")
    dialog.get_by_label("Label").fill("Subject")
    site.check(page, "the definition of a type")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Tickets").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tickets")
    page.get_by_role("button", name="New", exact=True).click()
    dialog.get_by_label("Subject").fill("Printer on fire")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Printer on fire")
    site.check(page, "a record of a type of one's own")
    open_page(page, "/contacts/new")
    page.get_by_label("Last name").fill("Fuß")
    page.get_by_label("Shoe size").select_option("42")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fuß")
    assert person.call("GET", "/v1/contacts")["data"][0]["custom"] == {"shoe_size": "42"}

    open_page(page, "/settings/roles")
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Telephonist")
    page.get_by_label("Contacts: Change").select_option("own")
    page.get_by_label("Contacts: Export").check()
    page.locator("summary").filter(has_text="Contacts").click()
    page.get_by_label("Contacts: Phone").select_option("hidden")
    page.get_by_role("button", name="Save").click()
    eventually(lambda: [one for one in person.call("GET", "/v1/roles")["data"] if one["name"] == "Telephonist"], "the role is kept")
    role = next(one for one in person.call("GET", "/v1/roles")["data"] if one["name"] == "Telephonist")
    assert role["rights"]["contacts"]["update"] == "own" and role["rights"]["contacts"]["export"] and role["hidden_fields"] == {"contacts": ["phone"]}, role

    open_page(page, "/settings/users")
    page.get_by_role("button", name="New", exact=True).click()
    dialog.get_by_label("Name", exact=False).first.fill("Tilda")
    dialog.get_by_label("E-mail").fill(f"tilda@{person.tenant}.example")
    dialog.get_by_label("Role").fill("tele")
    page.get_by_role("option", name="Telephonist").click()
    dialog.get_by_label("Password").fill("a long enough password")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("rowheader", name="Tilda")).to_be_visible()
    tilda = Person(site.origin, person.tenant, f"tilda@{person.tenant}.example", "a long enough password")
    other = site.signed_in(tilda)
    open_page(other, "/contacts")
    expect(other.get_by_role("columnheader", name="Phone")).to_have_count(0)
    expect(other.get_by_role("link", name="Roles")).to_have_count(0)

    open_page(page, "/settings/pipelines/new")
    page.get_by_label("Name", exact=True).fill("Renewals")
    page.get_by_role("button", name="Stage", exact=True).click()
    page.get_by_label("Stage").nth(1).fill("Talks")
    page.get_by_role("button", name="Move Talks up").click()
    page.get_by_role("button", name="Save").click()
    pipeline = eventually(lambda: next((one for one in person.call("GET", "/v1/pipelines")["data"] if one["name"] == "Renewals"), None), "the pipeline is kept")
    assert [stage["name"] for stage in pipeline["stages"]] == ["Talks", "Qualification", "Won", "Lost"], pipeline["stages"]

    open_page(page, "/settings/keys")
    page.get_by_role("button", name="New", exact=True).click()
    dialog.get_by_label("Name").fill("Website")
    dialog.get_by_label("Role").fill("member")
    page.get_by_role("option", name="member").first.click()
    dialog.get_by_role("button", name="Save").click()
    key = page.get_by_label("The new key").last.input_value()
    assert key.startswith(f"tk_{person.tenant}_"), key
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("rowheader", name="Website")).to_be_visible()

    open_page(page, "/settings/profile")
    page.get_by_label("Language and region").fill("de-AT")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mein Profil")


run(journey)
