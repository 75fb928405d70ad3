"""How much travels and how long it takes until there is something to see; printed; what travels is held to what was promised, times only on a machine that does nothing else."""

import os

from browser import Person, eventually, run

PROMISED = 150 * 1024

WATCH = """
window.paints = {};
const painted = (name) => requestAnimationFrame(() => setTimeout(() => { paints[name] ??= performance.now(); }));
new MutationObserver(() => {
  if (document.querySelector('main tbody tr')) painted('seen');
  if (document.querySelector('table.list tbody tr[data-id]')) painted('usable');
}).observe(document, { childList: true, subtree: true });
"""


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

    # Until the first rows are seen, which the page brings with it, and until they are the list that one works with.
    page.add_init_script(WATCH)
    seen, usable = [], []
    for _ in range(5):
        page.goto(site.origin + "/contacts")
        paints = eventually(lambda: page.evaluate("window.paints.seen && window.paints.usable && window.paints"), "the list is painted")
        seen.append(paints["seen"])
        usable.append(paints["usable"])
    count = person.call("GET", "/v1/contacts?limit=1&count=exact")["page"]["count"]
    print(f"FIGURE first list seen after {sorted(seen)[2]:.0f} ms with {count} contacts (of 500; five times: {', '.join(f'{one:.0f}' for one in seen)}), the list with all it can do after {sorted(usable)[2]:.0f} ms")
    assert page.request.get(site.origin + "/contacts").text().count("<tr>") > 20, "the page brings no rows of its own"

    sizes.clear()
    page.reload()
    page.locator("table.list tbody tr[data-id]").first.wait_for()
    page.wait_for_timeout(500)
    print(f"FIGURE the same again: {sum(sizes.values()) / 1024:.1f} KiB, since files are kept by their address")
    scrolling(page, session)


def scrolling(page, session):
    """Through some thousand rows as fast as a wheel turns: what is in the page stays a screenful, however much was loaded."""
    page.goto(page.url)
    page.locator("table.list tbody tr[data-id]").first.wait_for()
    # By the clock of the thread: what other programs do on this machine meanwhile is no fault of the page.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    busy = lambda: next(one["value"] for one in session.send("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration") * 1000
    page.evaluate(
        """() => {
          window.longest = 0;
          new PerformanceObserver((list) => { for (const one of list.getEntries()) longest = Math.max(longest, one.duration); }).observe({ type: 'longtask' });
        }""")
    page.locator(".list-scroll").hover()
    before, steps, most, reached = busy(), 0, 0, 0
    while reached < 3_000 and steps < 2_000:
        page.mouse.wheel(0, 1_200)
        rows, reached, ended = page.evaluate(
            """() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
              const rows = document.querySelectorAll('table.list tbody tr[data-id]');
              const scroller = document.querySelector('.list-scroll');
              const isLast = document.querySelector('table.list').getAttribute('aria-rowcount') !== '-1';
              resolve([rows.length, Number(rows[rows.length - 1]?.getAttribute('aria-rowindex') ?? 0), isLast && scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 2]);
            })))""")
        most, steps = max(most, rows), steps + 1
        if ended:
            break
    work = (busy() - before) / steps
    print(f"FIGURE scrolling to row {reached}: at most {most} rows are in the page, {work:.1f} ms of work for a turn of the wheel, the longest task {page.evaluate('longest'):.0f} ms (none: below 50)")
    assert reached > 1_000, reached
    assert most < 60, most


run(journey)
