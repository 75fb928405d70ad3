// From a list to a record and back, seen as one movement: what the record is called goes from its row to the top of its page. Browsers that cannot, and people
// who want no movement, see the one and then the other.

/** The longest, in milliseconds, that the old page stays for a new one that is on its way. */
const PATIENCE = 250;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** Goes from one address to another by drawing the new page with `draw`; answers what that answers. */
export async function crossing(main, from, to, draw) {
  const record = from && recordBetween(from.pathname, to.pathname);
  if (!record || !document.startViewTransition || calm.matches || document.visibilityState !== 'visible') return draw();
  const old = marked(titleIn(main, from.pathname, record));
  let drawn;
  let fresh;
  const transition = document.startViewTransition(async () => {
    old?.style.removeProperty('view-transition-name');
    drawn = draw();
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    await Promise.race([drawn.catch(() => { /* It is said where `drawn` is awaited. */ }), patience]);
    fresh = marked(titleIn(main, to.pathname, record));
  });
  // One that is overtaken by the next is skipped; what it was to show is shown.
  const ended = transition.finished.catch(() => {}).then(() => fresh?.style.removeProperty('view-transition-name'));
  transition.ready.catch(() => ended);
  await transition.updateCallbackDone;
  return drawn;
}

/** The record's address, where one page is a record's and the other the list of its type. */
function recordBetween(one, other) {
  const [short, long] = [one, other].sort((a, b) => a.length - b.length);
  return long.startsWith(`${short}/`) && long.split('/').length === 3 ? long : null;
}

const titleIn = (main, path, record) => main.querySelector(path === record ? 'h1' : `tbody a[href="${CSS.escape(record)}"]`);

function marked(element) {
  element?.style.setProperty('view-transition-name', 'record');
  return element;
}
