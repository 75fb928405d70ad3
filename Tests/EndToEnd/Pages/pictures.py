"""Pictures of the main pages for the README, of the sample tenant of a running `tenantry dev`:

    .build/debug/tenantry dev --ready-file /tmp/ready.json &
    TENANTRY_READY=/tmp/ready.json .build/python-tools/bin/python Tests/EndToEnd/Pages/pictures.py
"""

import os

from browser import open_page, run

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures")


def journey(site):
    os.makedirs(FOLDER, exist_ok=True)
    person = site.demo()
    deal = person.call("GET", "/v1/deals?limit=1&sort=-amount&filter[status]=open")["data"][0]["id"]
    desk = {"viewport": {"width": 1240, "height": 700}}
    for name, path, options in [
        ("today", "/", desk | {"color_scheme": "light"}),
        ("contacts", "/contacts", desk | {"color_scheme": "light"}),
        ("deal", f"/deals/{deal}", desk | {"color_scheme": "light"}),
        ("board", "/deals?view=board", desk | {"color_scheme": "dark"}),
        ("calendar", "/calendar", desk | {"color_scheme": "light"}),
        ("reports", "/reports", desk | {"color_scheme": "light"}),
        ("phone", "/contacts", {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}),
    ]:
        page = site.signed_in(person, **options)
        open_page(page, path)
        if name == "contacts":
            page.get_by_role("button", name="Filter", exact=True).click()
            page.get_by_role("region", name="Filter").get_by_label("Field").select_option("lifecycle_stage")
            page.get_by_label("Customer", exact=True).check()
        # Whatever follows the first picture of a page has come by then.
        page.wait_for_timeout(1200)
        page.screenshot(path=os.path.join(FOLDER, f"{name}.png"))
        page.context.close()


run(journey)
