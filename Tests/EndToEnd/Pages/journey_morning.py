"""A salesperson's morning from beginning to end, all of it by hand: 1,000 contacts come in, a list of the customers among them is kept, a deal is made and
carried to won, the forecast follows, and a reminder arrives as a mail."""

import datetime

from browser import eventually, expect, mails, run


def journey(site):
    person = site.firm()
    page = site.signed_in(person)
    contacts_come_in(page)
    view_is_kept(page)
    month = page.evaluate("() => new Date().toISOString().slice(0, 7)")
    deal_is_made(page, month)
    today_says(page, won="€0", weighted=weighted(person))
    deal_is_won(page)
    today_says(page, won="€20K", weighted="€0")
    reminder_arrives(site, page, person)


def go(page, name):
    """As people go from page to page: by the navigation."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")


def contacts_come_in(page):
    lines = ["First name,Last name,E-mail,Lifecycle stage,City"]
    lines += [f"Person,Number {number:04},p{number}@morning.example,{'customer' if number % 4 == 0 else 'prospect'},{'Bern' if number % 10 == 0 else 'Basel'}" for number in range(1000)]
    go(page, "Import")
    page.get_by_label("What is in it").select_option(label="Contacts")
    with page.expect_file_chooser() as chooser:
        page.locator("label.button", has_text="Choose a file").click()
    chooser.value.set_files({"name": "morning.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()})
    expect(page.get_by_label("Field for Lifecycle stage")).to_have_value("lifecycle_stage")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Import 1,000 rows").click(timeout=60_000)
    expect(page.get_by_role("status").filter(has_text="1,000 records are in.")).to_be_visible(timeout=60_000)


def view_is_kept(page):
    go(page, "Contacts")
    expect(page.locator(".count")).to_have_text("1,000 records")
    page.get_by_role("button", name="Filter", exact=True).click()
    panel = page.get_by_role("region", name="Filter")
    panel.get_by_label("Field").select_option("lifecycle_stage")
    panel.get_by_label("Customer", exact=True).check()
    expect(page.locator(".count")).to_have_text("250 records")
    panel.get_by_role("button", name="Condition", exact=True).click()
    second = panel.locator(".filter-leaf").nth(1)
    second.get_by_label("Field").select_option("address.city")
    second.get_by_label("Comparison").select_option("eq")
    second.get_by_label("Value").fill("Bern")
    expect(page.locator(".count")).to_have_text("50 records")
    panel.get_by_role("button", name="Save as a view").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Customers in Bern")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers in Bern")
    expect(page.locator(".count")).to_have_text("50 records")


def deal_is_made(page, month):
    """From the record of a contact, as in `Related`."""
    page.get_by_label("Find in this list").fill("Number 0020")
    expect(page.locator(".count")).to_have_text("1 record")
    page.get_by_role("link", name="Person Number 0020").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Person Number 0020")
    page.get_by_role("button", name="New deal").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=False).first.fill("A new roof")
    dialog.get_by_label("Amount", exact=True).fill("20000")
    dialog.get_by_label("Close date").fill(f"{month}-28")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator(".related").get_by_role("link", name="A new roof")).to_be_visible()


def weighted(person):
    deal = person.call("GET", "/v1/deals")["data"][0]
    stage = next(stage for stage in person.call("GET", "/v1/pipelines")["data"][0]["stages"] if stage["id"] == deal["stage_id"])
    return f"€{20000 * stage['probability'] / 100 / 1000:.1f}K".replace(".0K", "K")


def today_says(page, **figures):
    """Of this month."""
    go(page, "Today")
    for name, amount in figures.items():
        expect(page.locator("dl.figures > div").filter(has=page.get_by_text(name.capitalize(), exact=True)).locator("dd")).to_have_text(amount)


def deal_is_won(page):
    go(page, "Deals")
    page.get_by_role("navigation", name="Ways to see deals").get_by_role("link", name="Board").click()
    card = page.get_by_role("listitem", name="A new roof", exact=True)
    expect(card).to_be_visible()
    won = page.get_by_role("list", name="Won", exact=True)
    won.scroll_into_view_if_needed()
    start, end = card.bounding_box(), won.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + 30)
    page.mouse.down()
    page.mouse.move(start["x"] + start["width"] / 2 + 12, start["y"] + 36)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 20, steps=8)
    page.mouse.up()
    expect(won.get_by_role("listitem", name="A new roof")).to_be_visible()
    expect(page.locator(".is-sent")).to_have_count(0)


def reminder_arrives(site, page, person):
    go(page, "Deals")
    page.get_by_role("link", name="A new roof", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A new roof")
    page.get_by_role("button", name="Reminder", exact=True).click()
    page.get_by_label("Subject").fill("Ask how the roof is")
    page.get_by_label("Details").fill("Whether it is tight, and whether there is more to do.")
    at = page.get_by_label("When").input_value()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The reminder is set.")).to_be_visible()
    # Nobody waits until tomorrow: the firm's clock is moved there.
    zone = page.evaluate("() => JSON.parse(document.getElementById('state').textContent).time_zone")
    moment = page.evaluate("async ([local, zone]) => (await import(JSON.parse(document.getElementById('state').textContent).assets + '/i18n.js')).instant(local, zone)", [at[:16], zone])
    person.call("POST", "/v1/test/clock", {"now": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")})
    person.call("POST", "/v1/test/clock/advance", {"to": moment})
    mail = eventually(lambda: next((mail for mail in mails(site) if person.email in mail["To"] and mail["Subject"] == "Ask how the roof is"), None), "the reminder arrives", seconds=60)
    assert "Whether it is tight" in mail.get_body(("plain",)).get_content(), mail.get_body(("plain",)).get_content()


run(journey)
