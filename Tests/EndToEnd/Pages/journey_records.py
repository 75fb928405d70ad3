"""A record from its beginning to the trash: made, changed, talked about, asked what it was, given a file."""

from browser import eventually, expect, open_page, run


def journey(site):
    person = site.firm()
    firm = person.call("POST", "/v1/companies", {"name": "Nordlicht Verlag", "domain": "nordlicht.example"})
    page = site.signed_in(person)
    open_page(page, "/contacts")
    page.get_by_role("button", name="New", exact=True).click()
    dialog = page.get_by_role("dialog")
    site.check(page, "the form of a contact")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("first name, a last name or an e-mail")
    dialog.get_by_label("First name").fill("Jana")
    dialog.get_by_label("Last name").fill("Weiß")
    dialog.get_by_label("E-mail").fill("jana@nordlicht.example")
    dialog.get_by_label("Company", exact=True).fill("nordl")
    page.get_by_role("option", name="Nordlicht Verlag").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jana Weiß")
    contact = person.call("GET", "/v1/contacts")["data"][0]
    assert contact["company_id"] == firm["id"]
    page.locator(".timeline li").first.wait_for()
    site.check(page, "a contact")

    # In place.
    page.get_by_role("button", name="Edit Phone").click()
    page.locator(".cell-editor input").fill("+49 30 1234")
    page.locator(".cell-editor").get_by_role("button", name="Save").click()
    expect(page.locator(".record-fields").get_by_role("link", name="+49 30 1234")).to_be_visible()

    # What one adds is there at once.
    page.get_by_label("Note").fill("Wants an offer by Friday.\nAsked twice.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".timeline")).to_contain_text("Wants an offer by Friday.")
    expect(page.get_by_label("Note")).to_have_value("")
    page.get_by_role("button", name="Task", exact=True).click()
    page.get_by_label("What is to be done").fill("Send the offer")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".related").get_by_role("link", name="Send the offer")).to_be_visible()
    page.get_by_label("Done: Send the offer").check()
    eventually(lambda: person.call("GET", "/v1/tasks?filter[status]=done")["data"], "the task is done")
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_label("Subject").fill("Price")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".timeline")).to_contain_text("Price")
    page.get_by_role("button", name="Log an e-mail", exact=True).click()
    expect(page.locator(".composer")).to_contain_text("nothing is sent")

    # A reminder is one's own; only who says so writes to the customer.
    for to, told, recipients in [(None, "A mail comes", [{"user_id": person.call("GET", "/v1/session")["user"]["id"]}]), ("Jana Weiß <jana@nordlicht.example>", "jana@nordlicht.example as a mail", ["self"])]:
        page.get_by_role("button", name="Reminder", exact=True).click()
        page.get_by_label("Subject").fill("Think of the offer")
        if to:
            page.get_by_label("To", exact=True).select_option(label=to)
        expect(page.locator(".composer")).to_contain_text(told)
        with page.expect_response(lambda answer: answer.url.endswith("/v1/reminders")) as made:
            page.locator(".composer").get_by_role("button", name="Save").click()
        assert made.value.json()["recipients"] == recipients, made.value.json()

    # A deal of this contact, in its dialog.
    page.get_by_role("button", name="New deal").click()
    dialog.get_by_label("Name", exact=False).first.fill("Catalogue")
    dialog.get_by_label("Amount", exact=True).fill("1200.50")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".related").get_by_role("link", name="Catalogue")).to_be_visible()
    deal = person.call("GET", "/v1/deals")["data"][0]
    assert deal["amount"] == {"amount": "1200.50", "currency": "EUR"} and deal["company_id"] == firm["id"] and deal["contact_id"] == contact["id"], deal

    # A file.
    page.locator("input[type=file]").set_input_files({"name": "offer.txt", "mimeType": "text/plain", "buffer": b"An offer."})
    expect(page.get_by_role("link", name="offer.txt")).to_be_visible()

    # History, and what it was.
    page.get_by_text("All changes").click()
    expect(page.get_by_role("region", name="All changes")).to_contain_text("+49 30 1234")
    site.check(page, "a contact with its changes")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="As it was").click()
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    expect(page.locator(".record-fields").get_by_role("link", name="+49 30 1234")).to_have_count(0)
    expect(page.get_by_role("button", name="Edit", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Back to now").click()
    expect(page.locator(".record-fields").get_by_role("link", name="+49 30 1234")).to_be_visible()

    # Another of the same number: a hint, and one of two.
    other = person.call("POST", "/v1/contacts", {"last_name": "Weiss", "title": "Buyer", "phone": "+49301234"}, headers={"X-Allow-Duplicate": "true"})
    open_page(page, f"/contacts/{contact['id']}")
    expect(page.get_by_text("There may be another of this one")).to_be_visible()
    page.locator(".notices").get_by_role("button", name="Merge").click()
    expect(dialog).to_contain_text("Buyer")
    site.check(page, "the dialog of a merge")
    dialog.get_by_role("button", name="Merge").click()
    eventually(lambda: person.call("GET", f"/v1/contacts/{contact['id']}")["title"] == "Buyer", "they are one")
    # The page shows itself anew; who goes elsewhere before it has would meet it on the way.
    expect(page.get_by_text("There may be another of this one")).to_have_count(0)
    page.locator("main[data-ready]").wait_for()
    open_page(page, f"/contacts/{other['id']}")
    expect(page).to_have_url(f"{site.origin}/contacts/{contact['id']}")

    # To the trash and back.
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Move to the trash").click()
    expect(page).to_have_url(site.origin + "/contacts")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jana Weiß")


run(journey)
