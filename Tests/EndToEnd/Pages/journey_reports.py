"""Reports: charts with their tables, of a period and of a person, by the keyboard, on a phone and on paper."""

from browser import expect, open_page, run

REPORTS = {"pipeline": "Stage by stage", "forecast": "Month by month", "activity": "Month by month", "sources": "Sources", "outcomes": "Why deals were lost"}


def journey(site):
    person = site.demo()
    page = site.signed_in(person)
    for name, heading in REPORTS.items():
        open_page(page, f"/reports/{name}?period=last_twelve")
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.get_by_role("table").first).to_be_visible()
        site.check(page, f"the report {name}")

    figures_hold(site, page, person)
    period_and_owner(site, page)
    quotas(site, page)
    on_paper(page)
    on_a_phone(site, person)


def figures_hold(site, page, person):
    """What a table says is what the API counts."""
    open_page(page, "/reports/outcomes?period=last_twelve")
    won = page.get_by_role("region", name="Month by month").locator("tfoot td").first.inner_text()
    rows = person.call("POST", "/v1/deals/summary", {"where": {"and": [
        {"field": "status", "op": "eq", "value": "won"}, {"field": "closed_at", "op": "gte", "value": first_instant(page)}]}, "group": ["status"]})["data"]
    assert int(won.replace(",", "")) == rows[0]["count"], (won, rows)


def first_instant(page):
    """The midnight with which the twelve months begin, where the firm is."""
    return page.evaluate(
        """async () => {
          const { instant, today } = await import(JSON.parse(document.getElementById('state').textContent).assets + '/i18n.js');
          const { state } = await import(JSON.parse(document.getElementById('state').textContent).assets + '/state.js');
          const [year, month] = today().split('-').map(Number);
          const index = year * 12 + month - 1 - 11;
          return instant(`${Math.floor(index / 12)}-${String(index % 12 + 1).padStart(2, '0')}-01T00:00`, state.settings.time_zone ?? 'UTC');
        }""")


def period_and_owner(site, page):
    page.get_by_label("Period").focus()
    page.get_by_label("Period").select_option("this_quarter")
    expect(page).to_have_url(f"{site.origin}/reports/outcomes?period=this_quarter")
    expect(page.get_by_label("Period")).to_be_focused()
    page.get_by_label("Whose").select_option("me")
    expect(page.locator(".report-about")).to_contain_text("Anna Keller")
    page.get_by_role("link", name="Activity").click()
    expect(page).to_have_url(f"{site.origin}/reports/activity?period=this_quarter&who=me")
    expect(page.locator(".report-about")).to_contain_text("Activity")
    page.get_by_label("Period").select_option("custom")
    page.get_by_label("From", exact=True).fill("2020-01")
    page.get_by_label("From", exact=True).blur()
    # The other end follows: five years are the longest.
    expect(page.get_by_label("To", exact=True)).to_have_value("2024-12")
    page.get_by_label("To", exact=True).fill("2020-03")
    page.get_by_label("To", exact=True).blur()
    expect(page.get_by_text("There is nothing in this period.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("There is nothing in this period.")).to_be_visible()


def quotas(site, page):
    open_page(page, "/reports/forecast?period=this_year")
    page.get_by_role("button", name="Set a quota").click()
    dialog = page.get_by_role("dialog")
    site.check(page, "the dialog of a quota")
    dialog.get_by_label("Owner").select_option(label="Anna Keller")
    dialog.get_by_label("Amount in EUR").fill("20000")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("of €240,000")).to_be_visible()
    expect(page.locator(".goal").first).to_be_visible()


def on_paper(page):
    page.emulate_media(media="print")
    for hidden in [page.locator(".top"), page.locator(".report-tools"), page.get_by_role("button", name="Print")]:
        expect(hidden).to_be_hidden()
    expect(page.get_by_role("table").first).to_be_visible()
    page.emulate_media(media="screen")


def on_a_phone(site, person):
    page = site.signed_in(person, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for name in REPORTS:
        open_page(page, f"/reports/{name}")
        site.check(page, f"the report {name} on a phone")


run(journey)
