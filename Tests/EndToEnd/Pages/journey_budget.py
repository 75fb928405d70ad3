"""How much travels and how long it takes until there is something to see; printed, and held to what was promised."""

import os

from browser import Person, run

PROMISED = 150 * 1024


def journey(site):
    # A tenant with more contacts than the sample has, as `slug email password`, for who measures.
    large = os.environ.get("TENANTRY_LARGE", "").split(" ", 2)
    person = Person(site.origin, *large) if len(large) == 3 else site.demo()
    context = site.context()
    # Signed in without having seen a page: nothing of it is kept yet.
    context.request.post(site.origin + "/v1/session", data={"tenant": person.tenant, "email": person.email, "password": person.password})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes, names = {}, {}
    session.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    page.goto(site.origin + "/contacts")
    page.locator("table.list tbody tr[data-id]").first.wait_for()
    page.wait_for_timeout(800)
    total = sum(sizes.values())
    largest = sorted(((size, names.get(request, "?").rsplit("/", 1)[-1]) for request, size in sizes.items()), reverse=True)[:6]
    print(f"FIGURE shell and first list: {total / 1024:.1f} KiB transferred in {len(sizes)} answers; the largest: {', '.join(f'{name} {size / 1024:.1f}' for size, name in largest)}")
    assert total < PROMISED, total

    times = []
    for _ in range(5):
        page.goto(site.origin + "/contacts")
        page.locator("table.list tbody tr[data-id]").first.wait_for()
        times.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()"))
    count = person.call("GET", "/v1/contacts?limit=1&count=exact")["page"]["count"]
    print(f"FIGURE first list painted after {sorted(times)[2]:.0f} ms with {count} contacts (of five: {', '.join(f'{one:.0f}' for one in times)})")
    assert sorted(times)[2] < 500, times

    sizes.clear()
    page.reload()
    page.locator("table.list tbody tr[data-id]").first.wait_for()
    page.wait_for_timeout(500)
    print(f"FIGURE the same again: {sum(sizes.values()) / 1024:.1f} KiB, since files are kept by their address")


run(journey)
