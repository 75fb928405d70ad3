"""Signing in and out, with and without scripts; the right words for a wrong password."""

from browser import expect, open_page, run, sign_in
from accessible import walk


def journey(site):
    person = site.firm()
    page = site.context().new_page()
    page.goto(site.origin + "/contacts")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    site.check(page, "the sign-in")
    _, unseen = walk(page)
    assert not unseen, unseen

    page.get_by_label("Company").fill(person.tenant)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill("a wrong one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value(person.email)
    site.check(page, "the sign-in after a refusal")

    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(site.origin + "/contacts")
    page.locator("main[data-ready]").wait_for()
    assert "tenantry_session" not in page.evaluate("document.cookie"), "scripts see the session"

    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(site.origin + "/contacts")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.goto(site.origin + "/forgotten")
    site.check(page, "a forgotten password")
    page.get_by_label("Company").fill(person.tenant)
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")


run(journey)
