// What stands around every page: the navigation, the menu of the person, the words to find something by, whether we are connected.

import { h, fill, icon, iconButton } from './dom.js';
import { state } from './state.js';
import { t } from './i18n.js';
import { onConnection, online } from './api.js';
import { menuButton } from './ui.js';

export function start({ go }) {
  const finder = document.querySelector('.finder');
  const input = finder.querySelector('input');
  finder.append(h('kbd', { 'aria-hidden': 'true' }, /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘K' : 'Ctrl K'));
  // Who has gone on meanwhile wants none.
  const open = async () => { const palette = await import('./palette.js'); if (document.activeElement === input) palette.open(input, go); };
  // At once: what is typed while the rest is on its way would be selected otherwise, and the next letter would take its place.
  input.addEventListener('focus', () => { input.select(); open(); });
  finder.addEventListener('submit', (event) => { event.preventDefault(); if (input.value.trim()) { input.blur(); go(`/search?q=${encodeURIComponent(input.value.trim())}`); } });

  const nav = document.getElementById('nav');
  nav.addEventListener('click', (event) => { if (event.target.closest('a') && nav.matches(':popover-open')) nav.hidePopover(); });

  const end = document.querySelector('.top-end');
  end.insertBefore(themeMenu(), end.querySelector('.me'));
  document.addEventListener('click', (event) => { const me = document.querySelector('.me[open]'); if (me && !me.contains(event.target)) me.open = false; });
  document.addEventListener('keydown', (event) => { const me = document.querySelector('.me[open]'); if (event.key === 'Escape' && me) { me.open = false; me.querySelector('summary').focus(); } });

  const connection = document.getElementById('connection');
  const tell = () => fill(connection, online() ? null : h('span.offline', icon('offline'), t('offline.title')));
  onConnection(tell);
  tell();

  document.addEventListener('keydown', async (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') { event.preventDefault(); input.focus(); }
  });
  import('./keys.js').then((keys) => keys.start({ go, find: () => input.focus() }));
}

export function showSection(name) {
  for (const link of document.querySelectorAll('#nav a')) {
    const own = link.getAttribute('href') === '/' ? 'today' : link.getAttribute('href').slice(1);
    if (own === name) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
}

const theme = () => document.documentElement.dataset.theme ?? 'system';
function setTheme(name) {
  if (name === 'system') { delete document.documentElement.dataset.theme; localStorage.removeItem('theme'); } else {
    document.documentElement.dataset.theme = name;
    localStorage.setItem('theme', name);
  }
}
/** The choice between light, dark and the look of the system. */
export const themeMenu = () => menuButton(t('frame.look'), () => ['system', 'light', 'dark'].map((name) => ({
  label: t(`look.${name}`), checked: theme() === name, action: () => setTheme(name),
})), { symbol: 'look' });
