// The keyboard's ways: g then a letter goes somewhere, n makes a record, / finds, ? shows all of them.

import { h } from './dom.js';
import { t, plurals } from './i18n.js';
import { recordTypes, types, mayCreate } from './state.js';
import { dialog } from './ui.js';

const places = { t: '/', c: '/contacts', o: '/companies', l: '/leads', d: '/deals', b: '/deals?view=board', a: '/activities', k: '/tasks', e: '/calendar', r: '/reports', i: '/import', s: '/settings' };
const isTyping = (target) => target.closest?.('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog');

export function start({ go, find }) {
  let isGoing = 0;
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (isGoing && Date.now() - isGoing < 1500) {
      isGoing = 0;
      if (places[key]) { event.preventDefault(); go(places[key]); }
      return;
    }
    if (key === 'g') { isGoing = Date.now(); return; }
    if (event.key === '/') { event.preventDefault(); find(); }
    if (event.key === '?') { event.preventDefault(); showKeys(); }
    if (key === 'n') { const button = document.getElementById('new'); if (button) { event.preventDefault(); button.click(); } }
    if (key === 'e') document.querySelector('.record-head .actions .button[data-key=e]')?.click();
  });
}

/** The sheet of all shortcuts. */
export function showKeys() {
  const modifier = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl';
  const row = (keys, words) => h('div.key-row', h('dt', keys.map((key) => h('kbd', key))), h('dd', words));
  const names = { t: t('page.today'), b: t('deals.board'), e: t('page.calendar'), r: t('page.reports'), i: t('page.import'), s: t('page.settings'), c: plurals('contacts'), o: plurals('companies'), l: plurals('leads'), d: plurals('deals'), a: plurals('activities'), k: plurals('tasks') };
  dialog(t('keys.title'), () => [
    h('h3', t('keys.everywhere')),
    h('dl.keys', row([modifier, 'K'], t('keys.palette')), row(['/'], t('keys.find')), row(['?'], t('keys.this')), row(['N'], t('keys.new')), row(['Esc'], t('keys.close'))),
    h('h3', t('keys.go')),
    h('dl.keys', Object.entries(names).map(([key, name]) => row(['G', key.toUpperCase()], name))),
    h('h3', t('keys.lists')),
    h('dl.keys', row(['↑', '↓', '←', '→'], t('keys.cells')), row(['Enter', 'F2'], t('keys.edit')), row([t('keys.space')], t('keys.select'))),
    h('h3', t('keys.board')),
    h('dl.keys', row(['↑', '↓', '←', '→'], t('keys.cards')), row([t('keys.shift'), '↑', '↓', '←', '→'], t('keys.carry')), row(['M'], t('keys.move'))),
    h('h3', t('page.calendar')),
    h('dl.keys', row(['D', 'W', 'M'], t('calendar.modes')), row(['PgUp', 'PgDn'], t('keys.period')), row(['.'], t('calendar.today')), row([t('keys.shift'), '↑', '↓', '←', '→'], t('keys.later'))),
  ], { wide: true });
}
