// The page's beginning: says in which language, finds the module for the address, and lets links change only what differs.

import { state, types } from './state.js';
import { loadTexts, t } from './i18n.js';
import { h, fill } from './dom.js';
import { loading, toast } from './ui.js';
import { sentence } from './refusals.js';
import { start as startLive } from './live.js';
import { start as startFrame, showSection } from './frame.js';
import { crossing } from './crossing.js';

/** Which module shows an address. The first that fits; `{name}` stands for one segment. */
const routes = [
  ['/', () => import('./today.js')],
  ['/search', () => import('./found.js')],
  ['/calendar', () => import('./calendar.js')],
  ['/reports', () => import('./reports.js')],
  ['/reports/{section}', () => import('./reports.js')],
  ['/import', () => import('./import.js')],
  ['/import/{id}', () => import('./import.js')],
  ['/settings', () => import('./settings.js')],
  ['/settings/{section}', () => import('./settings.js')],
  ['/settings/{section}/{id}', () => import('./settings.js')],
  ['/deals', () => import('./board.js'), (url) => url.searchParams.get('view') === 'board'],
  ['/deals', () => import('./deals-calendar.js'), (url) => url.searchParams.get('view') === 'calendar'],
  ['/tasks', () => import('./tasks.js'), (url) => !['view', 'where', 'q', 'sort', 'columns', 'trash'].some((name) => url.searchParams.has(name))],
  ['/{type}', () => import('./list.js')],
  ['/{type}/new', () => import('./create.js')],
  ['/{type}/{id}', () => import('./record.js')],
  ['/{type}/{id}/edit', () => import('./record.js')],
].map(([pattern, load, when]) => ({ parts: pattern.split('/'), load, when }));

function match(url) {
  const parts = url.pathname.split('/');
  for (const route of routes) {
    if (route.parts.length !== parts.length || (route.when && !route.when(url))) continue;
    const parameters = {};
    const fits = route.parts.every((part, index) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (!name) return part === parts[index];
      parameters[name] = decodeURIComponent(parts[index]);
      return parts[index] !== '';
    });
    if (fits && (!parameters.type || types.has(parameters.type))) return { route, parameters };
  }
  return null;
}

const main = document.getElementById('main');
let visit = null;
let pending = 0;

/**
 * Shows an address. A module's `show(main, visit)` fills `main` and may answer `{title, leave}`; `visit` has `url`, `parameters`, `signal` (aborted when
 * the page is left) and `isFirst`.
 */
async function show(url, { isFirst = false, focus = true } = {}) {
  const found = match(url);
  if (!found) { location.assign(url); return; }
  if (visit?.leave && (await visit.leave()) === false) return;
  visit?.controller.abort();
  const mine = ++pending;
  const controller = new AbortController();
  const before = visit?.url;
  visit = { url, parameters: found.parameters, controller, signal: controller.signal, isFirst };
  const slow = isFirst ? null : setTimeout(() => { if (mine === pending) fill(main, loading()); }, 150);
  try {
    const module = await found.route.load();
    if (mine !== pending) return;
    clearTimeout(slow);
    const answer = await crossing(main, before, url, () => module.show(main, visit));
    if (mine !== pending) return;
    if (answer?.title) document.title = `${answer.title} · ${state.tenant.name}`;
    visit.leave = answer?.leave;
    showSection(answer?.section ?? found.parameters.type ?? (url.pathname === '/' ? 'today' : url.pathname.split('/')[1]));
    // Who listens hears where they are; the first page is announced by the browser itself.
    if (!isFirst && focus && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
    main.dataset.ready = url.pathname;
  } catch (error) {
    if (error.name === 'AbortError' || mine !== pending) return;
    fill(main, h('div.empty-state', h('p.empty-title', t(error.status === 404 ? 'frame.not_there' : 'frame.failed')), h('p', { role: 'alert' }, sentence(error)),
      h('p', h('button.button', { type: 'button', onclick: () => show(url) }, t('frame.again')))));
    if (!(error.status >= 0)) console.error(error);
  } finally {
    clearTimeout(slow);
  }
}

/** Goes to an address of ours without loading the whole page. */
export function go(address, { replace = false, focus = true } = {}) {
  const url = new URL(address, location.href);
  if (url.href !== location.href) history[replace ? 'replaceState' : 'pushState']({}, '', url);
  if (!replace) scrollTo(0, 0);
  return show(url, { focus });
}

/** Writes down in the address what is shown, without showing it anew. */
export const note = (address) => history.replaceState(history.state, '', address);

const isOurs = (url) => url.origin === location.origin && match(url) !== null;

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target && link.target !== '_self' || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (!isOurs(url) || (url.pathname === location.pathname && url.search === location.search && url.hash)) return;
  event.preventDefault();
  go(url);
});
addEventListener('popstate', () => show(new URL(location.href)));

await loadTexts();
startFrame({ go });
startLive();
await show(new URL(location.href), { isFirst: true });

if ('serviceWorker' in navigator) {
  navigator.serviceWorker.register('/worker.js').catch(() => { /* The page works without; only the shell is not kept. */ });
}
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.name === 'AbortError') event.preventDefault();
  else if (event.reason?.status >= 0) { event.preventDefault(); toast(sentence(event.reason), { tone: 'bad' }); }
});
