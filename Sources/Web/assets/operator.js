// The operators' desk: signs in by a token, builds what stands around the pages, and finds the module for an address.

import { h, fill, icon, iconButton } from './dom.js';
import { loadTexts, t } from './i18n.js';
import { loading, menuButton, toast } from './ui.js';
import { sentence } from './refusals.js';
import { themeMenu } from './frame.js';
import { isSignedIn, knows, may, meet, operator, signIn, signOut, whenEnded } from './operator-api.js';

/** The pages: where, in which module, what the navigation calls them, and when they are there. */
const pages = [
  { path: '/operator', name: 'tenants', load: () => import('./operator-tenants.js') },
  { path: '/operator/tenants', name: 'tenants', symbol: 'companies', load: () => import('./operator-tenants.js') },
  { path: '/operator/tenants/{slug}', name: 'tenants', load: () => import('./operator-tenant.js') },
  { path: '/operator/plans', name: 'plans', symbol: 'deals', load: () => import('./operator-plans.js') },
  { path: '/operator/plans/{name}', name: 'plans', load: () => import('./operator-plans.js') },
  { path: '/operator/jobs', name: 'jobs', symbol: 'tasks', load: () => import('./operator-jobs.js') },
  { path: '/operator/jobs/{id}', name: 'jobs', load: () => import('./operator-jobs.js') },
  { path: '/operator/migrations', name: 'migrations', symbol: 'history', load: () => import('./operator-migrations.js'), when: () => knows('GET', '/migrations') },
  { path: '/operator/cells', name: 'cells', symbol: 'board', load: () => import('./operator-cells.js') },
  { path: '/operator/audit', name: 'audit', symbol: 'list', load: () => import('./operator-audit.js') },
  { path: '/operator/health', name: 'health', symbol: 'reports', load: () => import('./operator-health.js') },
  { path: '/operator/people', name: 'people', symbol: 'contacts', load: () => import('./operator-people.js'), when: () => may('admin') },
];

const root = document.getElementById('desk');
let main = null;
let visit = null;
let pending = 0;

function match(url) {
  const parts = url.pathname.split('/');
  for (const page of pages) {
    const pattern = page.path.split('/');
    if (pattern.length !== parts.length || (page.when && !page.when())) continue;
    const parameters = {};
    const fits = pattern.every((part, index) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name) parameters[name] = decodeURIComponent(parts[index]);
      return name ? parts[index] !== '' : part === parts[index];
    });
    if (fits) return { page, parameters };
  }
  return null;
}

/** Shows an address. A module's `show(main, visit)` fills `main` and answers its title; `visit` has `url`, `parameters`, `signal`, `go` and `again`. */
async function show(url, { isFirst = false } = {}) {
  const found = match(url);
  if (!found) { location.assign(url); return; }
  visit?.controller.abort();
  const mine = ++pending;
  const controller = new AbortController();
  visit = { url, parameters: found.parameters, controller, signal: controller.signal, go, again: () => show(new URL(location.href)) };
  const before = main.firstChild;
  delete main.dataset.ready;
  const slow = setTimeout(() => { if (mine === pending && main.firstChild === before) fill(main, loading()); }, 150);
  try {
    const title = await (await found.page.load()).show(main, visit);
    if (mine !== pending) return;
    document.title = `${title} · ${t('operator.title')}`;
    for (const link of document.querySelectorAll('#nav a')) {
      if (link.dataset.name === found.page.name) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
    }
    if (!isFirst && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
    main.dataset.ready = url.pathname;
  } catch (error) {
    if (error.name === 'AbortError' || mine !== pending || !operator) return;
    fill(main, h('div.empty-state', h('h1.empty-title', t(error.status === 404 ? 'frame.not_there' : 'frame.failed')), h('p', { role: 'alert' }, sentence(error)),
      h('p', h('button.button', { type: 'button', onclick: () => show(url) }, t('frame.again')))));
    if (!(error.status >= 0)) console.error(error);
  } finally {
    clearTimeout(slow);
  }
}

/** Goes to an address of the desk. */
function go(address, { replace = false } = {}) {
  const url = new URL(address, location.href);
  if (url.href !== location.href) history[replace ? 'replaceState' : 'pushState']({}, '', url);
  if (!replace) scrollTo(0, 0);
  return show(url);
}

/** What stands around every page. */
function frame() {
  main = h('main', { id: 'main', tabindex: '-1' });
  const item = (page) => h('li', h('a', { href: page.path, dataset: { name: page.name } }, icon(page.symbol), h('span', t(`operator.${page.name}`))));
  const nav = h('nav.side', { id: 'nav', popover: 'auto', 'aria-label': t('frame.navigation') },
    h('ul', pages.filter((page) => page.symbol && (!page.when || page.when())).map(item)),
    h('ul', h('li', h('a', { href: '/operator/docs' }, icon('link'), h('span', t('operator.reference'))))));
  nav.addEventListener('click', (event) => { if (event.target.closest('a') && nav.matches(':popover-open')) nav.hidePopover(); });
  const finder = h('form.finder', { role: 'search', onsubmit: (event) => { event.preventDefault(); go(`/operator/tenants?q=${encodeURIComponent(event.target.elements.q.value.trim())}`); } },
    h('input', { type: 'search', name: 'q', 'aria-label': t('frame.search'), placeholder: t('operator.find'), autocomplete: 'off' }));
  fill(root, h('a.skip', { href: '#main' }, t('frame.skip')), h('div.frame',
    h('header.top', iconButton('menu', t('frame.menu'), null, { popovertarget: 'nav', class: 'menu-button' }),
      h('a.brand', { href: '/operator' }, h('span.mark', { 'aria-hidden': 'true' }), h('span', t('operator.title'))), finder,
      h('span.top-end', themeMenu(), menuButton(t('operator.me', { name: operator.name }), () => [
        { label: `${operator.name} · ${t(`operator.role.${operator.role}`)}`, disabled: true, action: () => {} },
        { label: t('frame.sign_out'), icon: 'key', action: leave },
      ], { symbol: 'user' }))), nav, main));
}

async function enter() {
  frame();
  await show(new URL(location.href), { isFirst: true });
}

function leave() {
  visit?.controller.abort();
  signOut();
  askForToken();
}

/** The sign-in; `refusal` says why the last token was not taken. */
function askForToken(refusal) {
  const alert = h('p.alert', { role: 'alert', hidden: !refusal }, refusal);
  const input = h('input', { id: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, 'aria-describedby': 'token-hint', maxlength: 200 });
  const button = h('button.button.primary.wide', t('signin.submit'));
  const form = h('form.stack', {
    onsubmit: async (event) => {
      event.preventDefault();
      button.disabled = true;
      try { await signIn(input.value.trim()); await enter(); } catch (error) {
        alert.hidden = false;
        alert.textContent = error.status === 401 ? t('operator.token_refused') : sentence(error);
        button.disabled = false;
        input.select();
      }
    },
  }, alert, h('div.field', h('label', { for: 'token' }, t('operator.token')), input, h('span.hint', { id: 'token-hint' }, t('operator.token_hint'))), button);
  document.title = `${t('operator.title')} · Tenantry`;
  fill(root, h('main.outside', h('div.card.door', h('p.wordmark', h('span.mark', { 'aria-hidden': 'true' }), h('span', 'Tenantry')), h('h1', t('operator.title')), form)));
  input.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[href]');
  if (!link || !operator || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.hasAttribute('download')) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.hash || !match(url)) return;
  event.preventDefault();
  go(url);
});
addEventListener('popstate', () => { if (operator) show(new URL(location.href)); });
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.name === 'AbortError') event.preventDefault();
  else if (event.reason?.status >= 0) { event.preventDefault(); toast(sentence(event.reason), { tone: 'bad' }); }
});
whenEnded(() => askForToken(t('operator.ended')));

await loadTexts();
if (isSignedIn()) {
  try { await meet(); await enter(); } catch (error) { signOut(); askForToken(error.status === 401 ? t('operator.ended') : sentence(error)); }
} else askForToken();
