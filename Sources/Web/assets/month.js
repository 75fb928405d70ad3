// A month as a table of its weeks, and the same days as a list for narrow windows. What stands in them is the caller's.

import { h, fill } from './dom.js';
import { t, date, today } from './i18n.js';
import { carry } from './carry.js';
import { monthOf } from './days.js';

/** As many entries of a day as five or six weeks leave room for. */
const most = (weeks) => Math.max(2, Math.min(6, Math.floor(((innerHeight - 240) / weeks - 34) / 27)));

export const isNarrow = () => matchMedia('(max-width: 48rem)').matches;
const full = (day) => date(day, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/**
 * `entriesOf(day)` answers elements, of which those with `is-movable` can be carried to another day, by the pointer or with Shift and an arrow key:
 * `move(entry, days)` is told by how many. `open(day)` shows a day.
 */
export function monthTable({ days, month, label, entriesOf, open, make, move, signal }) {
  const now = today();
  const room = most(days.length / 7);
  const cell = (day) => {
    const entries = entriesOf(day);
    const shown = entries.length > room ? entries.slice(0, room - 1) : entries;
    const element = h('td.month-day', { dataset: { day }, class: [day === now && 'is-today', monthOf(day) !== month && 'is-outside'].filter(Boolean).join(' '), ondblclick: (event) => { if (!event.target.closest('a, button')) make?.(day); } },
      h('div.month-cell',
        h('button.day-number', { type: 'button', tabindex: '-1', 'aria-label': full(day), 'aria-current': day === now ? 'date' : null, onclick: () => open(day) }, date(day, { day: 'numeric' })),
        entries.length ? h('ul', shown.map((entry) => h('li', entry))) : null,
        entries.length > shown.length ? h('button.link.more-entries', { type: 'button', onclick: () => open(day) }, t('calendar.more', { count: entries.length - shown.length })) : null));
    return element;
  };
  const weeks = Array.from({ length: days.length / 7 }, (_, index) => days.slice(index * 7, index * 7 + 7));
  const table = h('table.month-table', { 'aria-label': label },
    h('thead', h('tr', days.slice(0, 7).map((day) => h('th', { scope: 'col' }, h('span.unseen', date(day, { weekday: 'long' })), h('span', { 'aria-hidden': 'true' }, date(day, { weekday: 'short' })))))),
    h('tbody', weeks.map((week) => h('tr', week.map(cell)))));
  const numbers = [...table.querySelectorAll('.day-number')];
  const tabbed = numbers[days.indexOf(now)] ?? numbers[Math.max(0, days.findIndex((day) => monthOf(day) === month))];
  tabbed.tabIndex = 0;

  table.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    const entry = event.target.closest('.entry');
    if (entry && event.shiftKey) { if (entry.classList.contains('is-movable')) { event.preventDefault(); move(entry, step); } return; }
    if (!event.target.matches('.day-number') || event.shiftKey) return;
    const next = numbers[numbers.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    for (const one of numbers) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  });

  let over = null;
  const mark = (cell) => { if (over !== cell) { over?.classList.remove('is-over'); cell?.classList.add('is-over'); over = cell; } };
  carry(table, '.is-movable', {
    signal, begin: () => true,
    over: (entry, x, y) => mark(document.elementFromPoint(x, y)?.closest('.month-day')),
    drop: (entry) => {
      const to = over?.dataset.day;
      const from = entry.closest('.month-day').dataset.day;
      mark(null);
      if (to && to !== from) move(entry, days.indexOf(to) - days.indexOf(from));
    },
    cancel: () => mark(null),
  });
  return table;
}

/** Days below one another; empty ones are left out, but for today. */
export function dayList({ days, label, entriesOf, nothing, move }) {
  const now = today();
  const shown = days.map((day) => [day, entriesOf(day)]).filter(([day, entries]) => entries.length || day === now);
  const list = h('div.day-list', { role: 'region', 'aria-label': label }, shown.map(([day, entries]) => h('section', { class: day === now ? 'is-today' : '' },
    h('h2', date(day, { weekday: 'long', day: 'numeric', month: 'long' }), day === now ? h('span.tag.tone-info', t('calendar.today')) : null),
    entries.length ? h('ul', entries.map((entry) => h('li', entry))) : h('p.hint', nothing))));
  list.addEventListener('keydown', (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const entry = event.target.closest('.entry.is-movable');
    if (step && entry && event.shiftKey) { event.preventDefault(); move(entry, step); }
  });
  if (!shown.length) fill(list, h('p.empty', nothing));
  return list;
}

