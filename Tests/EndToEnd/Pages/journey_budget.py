"""How much travels and how long it takes until there is something to see; printed, and held to what was promised."""

import json
import time

from browser import open_page, run, sign_in

PROMISED = 150 * 1024


def journey(site):
    person = site.demo()
    context = site.context()
    page = context.new_page()
    sign_in(page, site.origin, person)
    page.locator("main[data-ready]").wait_for()
    page.wait_for_timeout(1000)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
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
    session.send("Network.setCacheDisabled", {"cacheDisabled": False})

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
