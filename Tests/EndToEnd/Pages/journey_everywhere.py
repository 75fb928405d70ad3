"""Every page in light and dark, on a desk and on a phone: everyone can use it, nothing is wider than the window, nothing complains."""

from browser import open_page, run


def journey(site):
    person = site.demo()
    first = {name: person.call("GET", f"/v1/{name}?limit=1&sort=-updated_at")["data"][0]["id"] for name in ("contacts", "companies", "deals", "leads", "tasks", "activities")}
    role = next(one for one in person.call("GET", "/v1/roles")["data"] if one["key"] == "member")["id"]
    paths = ["/", "/contacts", "/companies", "/deals", "/deals?view=board", "/leads", "/activities", "/tasks", "/calendar", "/reports", "/import", "/search?q=anna", "/contacts/new", "/settings",
             "/settings/profile", "/settings/firm", "/settings/users", "/settings/roles", f"/settings/roles/{role}", "/settings/teams", "/settings/pipelines", "/settings/pipelines/new", "/settings/fields",
             "/settings/duplicates", "/settings/templates", "/settings/templates/new", "/settings/keys", "/settings/plan", "/settings/audit", "/settings/data"] + [f"/{name}/{id}" for name, id in first.items()]
    for name, options in {
        "light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"},
        "a phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    }.items():
        page = site.signed_in(person, **options)
        for path in paths:
            open_page(page, path)
            page.wait_for_load_state("networkidle") if False else page.wait_for_timeout(350)
            site.check(page, f"{path} in {name}")
        page.context.close()


run(journey)
