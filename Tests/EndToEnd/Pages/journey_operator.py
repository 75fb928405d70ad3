"""An operator at the desk: signs in by a token, makes a tenant, closes and opens it, changes its plan, follows a job, reads the audit - with a reason each time."""

import uuid

from accessible import walk
from browser import eventually, expect, run


def journey(site):
    page = site.context().new_page()
    page.goto(site.ready["operator_api"] + "/operator")
    expect(page.get_by_role("heading", name="Operators' desk")).to_be_visible()
    site.check(page, "the operators' sign-in")
    _, unseen = walk(page)
    assert not unseen, unseen

    page.get_by_label("Token").fill("to_" + "A" * 43 + "000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    page.get_by_label("Token").fill(site.ready["operator_token"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Tenants", level=1)).to_be_visible()
    assert site.ready["operator_token"] not in page.url
    stored = page.evaluate("JSON.stringify([{ ...localStorage }, document.cookie])")
    assert site.ready["operator_token"] not in stored, "the token outlives the tab"

    slug = provision(site, page)
    suspend_and_resume(site, page)
    change_plan(site, page)
    export(page)
    keep_going(site, page, slug)
    everywhere(site, page, slug)
    only_looking(site, page, slug)
    by_keyboard(site, slug)
    on_a_phone(site, slug)

    page.get_by_role("button", name="Signed in as dev").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Token")).to_be_visible()


def provision(site, page):
    slug = "desk-" + uuid.uuid4().hex[:8]
    page.get_by_role("button", name="New", exact=True).click()
    dialog = page.get_by_role("dialog", name="New tenant")
    dialog.get_by_label("Short name").fill("www")
    dialog.get_by_label("Name", exact=False).nth(1).fill("Firm at the desk")
    dialog.get_by_label("Administrator's name").fill("Ada Admin")
    dialog.get_by_label("Administrator's e-mail").fill("ada@desk.example")
    dialog.get_by_label("Plan").select_option("team")
    dialog.get_by_label("Days of trial").fill("14")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.get_by_label("Short name")).to_have_attribute("aria-invalid", "true")
    site.check(page, "a refused order of a tenant")
    dialog.get_by_label("Short name").fill(slug)
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Firm at the desk", level=1)).to_be_visible()
    expect(page).to_have_url(f"{site.ready['operator_api']}/operator/tenants/{slug}")
    expect(page.locator(".page-head .tag").first).to_have_text("Trial")
    site.check(page, "a tenant")
    return slug


def suspend_and_resume(site, page):
    page.get_by_role("button", name="Suspend").click()
    dialog = page.get_by_role("dialog", name="Suspend")
    site.check(page, "the question for a reason")
    dialog.get_by_role("button", name="Suspend").click()
    # Nothing happens without a reason.
    assert dialog.get_by_label("Reason").evaluate("field => field.validity.valueMissing")
    dialog.get_by_label("Reason").fill("Has not answered for weeks")
    dialog.get_by_role("button", name="Suspend").click()
    expect(page.locator(".page-head .tag").first).to_have_text("Suspended")
    expect(page.get_by_role("region", name="Audit").get_by_text("Has not answered for weeks").first).to_be_visible()

    page.get_by_role("button", name="Resume").click()
    page.get_by_label("Reason").fill("Has answered")
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    expect(page.locator(".page-head .tag").first).to_have_text("Trial")


def change_plan(site, page):
    page.get_by_role("button", name="Change plan").click()
    dialog = page.get_by_role("dialog", name="Change plan")
    dialog.get_by_label("Plan", exact=False).first.select_option("business")
    dialog.get_by_label("Agreed beside the plan").fill('{"limits": {"users": "many"}}')
    dialog.get_by_label("Reason").fill("Bought the larger one")
    dialog.get_by_role("button", name="Change plan").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Agreed beside the plan").fill('{"limits": {"users": 501}}')
    dialog.get_by_role("button", name="Change plan").click()
    expect(page.get_by_role("link", name="business")).to_be_visible()
    expect(page.get_by_role("heading", name="Agreed beside the plan")).to_be_visible()
    expect(page.locator(".facts").get_by_text("501")).to_be_visible()


def export(page):
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Export").click()
    page.get_by_label("Reason").fill("They asked for their data")
    page.get_by_role("dialog").get_by_role("button", name="Export").click()
    expect(page.get_by_role("heading", name="Export of an account")).to_be_visible()
    expect(page.locator(".page-head .tag").first).to_have_text("Done", timeout=30_000)
    expect(page.get_by_role("button", name="Save the file")).to_be_visible()


def keep_going(site, page, slug):
    """A reload keeps the tab signed in; a link of the desk leads back to where it was."""
    page.goto(f"{site.ready['operator_api']}/operator/tenants?q={slug}")
    expect(page.get_by_role("link", name="Firm at the desk")).to_be_visible()
    page.get_by_role("searchbox", name="Search").fill("no such tenant")
    page.get_by_role("searchbox", name="Search").press("Enter")
    expect(page.get_by_text("No tenant fits.")).to_be_visible()


def everywhere(site, page, slug):
    """Every page of the desk, for everyone."""
    nav = page.get_by_role("navigation", name="Pages")
    for name in [link.inner_text() for link in nav.get_by_role("link").all()]:
        if name == "API reference":
            continue
        nav.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        page.locator("main[data-ready]").wait_for()
        site.check(page, f"the desk's {name}")
    page.goto(f"{site.ready['operator_api']}/operator/plans/team")
    expect(page.get_by_label("Users")).to_have_value("25")
    site.check(page, "the editor of a plan")
    page.goto(f"{site.ready['operator_api']}/operator/health")
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()
    page.goto(f"{site.ready['operator_api']}/operator/audit?target={slug}")
    expect(page.get_by_role("region", name="Audit").get_by_text("Bought the larger one")).to_be_visible()


def only_looking(site, page, slug):
    """Someone who may only look is offered nothing else; when the access ends, the desk asks for a token again."""
    name = "viewer-" + uuid.uuid4().hex[:6]
    page.goto(f"{site.ready['operator_api']}/operator/people")
    page.get_by_role("button", name="New", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Reason").fill("Looks at figures")
    dialog.get_by_role("button", name="Create").click()
    token = page.get_by_label("Token").input_value()
    assert token.startswith("to_")
    site.check(page, "a token that is shown once")
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()

    other = site.context().new_page()
    other.goto(f"{site.ready['operator_api']}/operator/tenants/{slug}")
    other.get_by_label("Token").fill(token)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="Firm at the desk", level=1)).to_be_visible()
    expect(other.get_by_role("button", name="Suspend")).to_have_count(0)
    expect(other.get_by_role("button", name="More actions")).to_have_count(0)
    expect(other.get_by_role("link", name="Operators", exact=True)).to_have_count(0)
    other.goto(f"{site.ready['operator_api']}/operator/plans/team")
    expect(other.get_by_label("Users")).to_be_disabled()
    site.check(other, "a plan that may only be read")

    page.get_by_role("row", name=name).get_by_role("button", name="End access").click()
    page.get_by_label("Reason").fill("Has seen enough")
    page.get_by_role("dialog").get_by_role("button", name="End access").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("ended")
    eventually(lambda: refused(other), "the access ends")


def refused(page):
    page.get_by_role("link", name="Cells").click() if page.get_by_role("link", name="Cells").count() else None
    page.wait_for_timeout(200)
    return page.get_by_role("alert").filter(has_text="Your access has ended").count() == 1


def by_keyboard(site, slug):
    """From the sign-in to a suspended tenant without a mouse."""
    page = site.context().new_page()
    page.goto(f"{site.ready['operator_api']}/operator/tenants?q={slug}")
    expect(page.get_by_label("Token")).to_be_focused()
    page.keyboard.type(site.ready["operator_token"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Firm at the desk")).to_be_visible()
    tab_to(page, "Firm at the desk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Firm at the desk", level=1)).to_be_visible()
    tab_to(page, "Suspend")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == "Suspend", "the focus does not return"
    page.keyboard.press("Enter")
    page.keyboard.type("Without a mouse")
    tab_to(page, "Suspend")
    page.keyboard.press("Enter")
    expect(page.locator(".page-head .tag").first).to_have_text("Suspended")


def tab_to(page, name):
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


def on_a_phone(site, slug):
    page = site.context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(f"{site.ready['operator_api']}/operator/tenants/{slug}")
    site.check(page, "the operators' sign-in on a phone")
    page.get_by_label("Token").fill(site.ready["operator_token"])
    page.get_by_role("button", name="Sign in").tap()
    # Until then the token is on its way, and the tab has not kept it.
    page.locator("main[data-ready]").wait_for()
    for path in [f"tenants/{slug}", "tenants", "plans", "plans/team", "jobs", "cells", "audit", "health", "people"]:
        page.goto(f"{site.ready['operator_api']}/operator/{path}")
        page.locator("main[data-ready]").wait_for()
        site.check(page, f"the desk's {path} on a phone")


run(journey)
