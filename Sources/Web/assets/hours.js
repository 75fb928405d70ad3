// Days beside one another by their hours. What overlaps stands side by side.

import { h } from './dom.js';
import { t, date, today, wall, timeZone, locale } from './i18n.js';
import { state } from './state.js';
import { carry } from './carry.js';
import { addMinutes, minutesOf } from './days.js';

const HOUR = 52;
const SNAP = 15;
const SHORTEST = 25;

const clock = (minutes) => new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', timeZone: 'UTC' }).format(minutes * 6e4);
const hourName = (minutes) => new Intl.DateTimeFormat(locale, { hour: 'numeric', timeZone: 'UTC' }).format(minutes * 6e4);
const top = (minutes) => (minutes / 60) * HOUR;
const localOf = (day, minutes) => addMinutes(`${day}T00:00`, minutes);

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** A picture of when the firm is closed on a day, to stand behind it. */
function closing(day) {
  const { business_hours: hours, holidays } = state.settings;
  const open = holidays.includes(day) ? [] : hours[weekdays[new Date(day).getUTCDay()]];
  const at = (time) => `${top(minutesOf(`${day}T${time}`))}px`;
  const work = open.flatMap(({ from, to }) => [`var(--closed) ${at(from)}`, `transparent ${at(from)}`, `transparent ${at(to)}`, `var(--closed) ${at(to)}`]);
  return `linear-gradient(to bottom, ${[...work, 'var(--closed) 0', 'var(--closed) 100%'].join(', ')})`;
}

/**
 * `items` have `local`, `minutes` and an `element`; those with `is-movable` can be carried, or moved with Shift and an arrow key: `move(element, local)` is told
 * where to. `make(local)` is asked for something new at a free place.
 */
export function hoursGrid({ days, items, label, open, make, move, signal }) {
  const now = wall(new Date());
  const columns = days.map((day) => column(day, items.filter((item) => item.local.slice(0, 10) === day)));
  const grid = h('div.hours', { role: 'region', 'aria-label': label, style: { '--days': days.length } },
    h('div.hours-head', h('span.corner', { title: timeZone }), days.map((day) => h('div.hours-day', { class: day === today() ? 'is-today' : '' },
      h('button.link', { type: 'button', 'aria-label': date(day, { weekday: 'long', day: 'numeric', month: 'long' }), onclick: () => open(day) }, h('span', date(day, { weekday: 'short' })), ' ', h('strong', date(day, { day: 'numeric' })))))),
    h('div.hours-body', { style: { height: `${24 * HOUR}px` } },
      h('div.hours-names', { 'aria-hidden': 'true' }, Array.from({ length: 23 }, (_, index) => h('span', { style: { top: `${top((index + 1) * 60)}px` } }, hourName((index + 1) * 60)))),
      columns));

  function column(day, own) {
    const lanes = side(own);
    const element = h('div.hours-column', {
      dataset: { day }, style: { 'background-image': closing(day) }, class: day === now.slice(0, 10) ? 'is-today' : '',
      onclick: (event) => {
        if (event.target !== element && event.target !== element.firstElementChild) return;
        make?.(localOf(day, Math.floor(((event.clientY - element.getBoundingClientRect().top) / HOUR) * 2) * 30));
      },
    }, h('ul', { 'aria-label': date(day, { weekday: 'long', day: 'numeric', month: 'long' }) }, own.map((item) => {
      const [lane, of] = lanes.get(item);
      const start = minutesOf(item.local);
      const length = Math.max(SHORTEST, Math.min(item.minutes ?? 0, 1440 - start));
      return h('li.hours-item', { class: length < 40 ? 'is-short' : '', style: { top: `${top(start)}px`, height: `${top(length) - 2}px`, left: `${(lane / of) * 100}%`, width: `calc(${100 / of}% - 3px)` } }, item.element);
    })), day === now.slice(0, 10) ? h('span.hours-now', { 'aria-hidden': 'true', style: { top: `${top(minutesOf(now))}px` } }) : null);
    return element;
  }

  grid.addEventListener('keydown', (event) => {
    const entry = event.target.closest('.entry.is-movable');
    const step = { ArrowUp: -SNAP, ArrowDown: SNAP, ArrowLeft: -1440, ArrowRight: 1440 }[event.key];
    if (!entry || !step || !event.shiftKey) return;
    event.preventDefault();
    move(entry, addMinutes(items.find((item) => item.element === entry).local, step));
  });

  let slot = null;
  const clear = () => { slot?.remove(); slot = null; };
  carry(grid, '.is-movable', {
    signal, begin: () => true,
    over: (entry, x, y, box) => {
      const column = columns.find((one) => { const area = one.getBoundingClientRect(); return x >= area.left && x < area.right; });
      const area = column?.getBoundingClientRect();
      if (!column || y < grid.getBoundingClientRect().top) { clear(); return; }
      const minutes = Math.max(0, Math.min(1440 - SNAP, Math.round(((box.top - area.top) / HOUR) * 60 / SNAP) * SNAP));
      slot ??= h('span.hours-slot', { 'aria-hidden': 'true' });
      slot.textContent = clock(minutes);
      slot.local = localOf(column.dataset.day, minutes);
      slot.style.setProperty('top', `${top(minutes)}px`);
      slot.style.setProperty('height', `${box.height}px`);
      if (slot.parentElement !== column) column.append(slot);
    },
    drop: (entry) => { const local = slot?.local; clear(); if (local && local !== items.find((item) => item.element === entry).local) move(entry, local); },
    cancel: clear,
  });

  /** Shows the working day, or what is earlier. */
  grid.begin = () => { grid.scrollTop = top(Math.max(0, Math.min(7 * 60, ...items.filter((item) => days.includes(item.local.slice(0, 10))).map((item) => minutesOf(item.local))) - 15)); };
  return grid;
}

/** For each item its lane and how many there are, where several overlap. */
function side(items) {
  const lanes = new Map();
  let group = [];
  let end = -1;
  const close = () => { const of = Math.max(0, ...group.map(([, lane]) => lane)) + 1; for (const [item, lane] of group) lanes.set(item, [lane, of]); group = []; };
  for (const item of items.toSorted((a, b) => (a.local < b.local ? -1 : 1))) {
    const start = minutesOf(item.local);
    const until = start + Math.max(SHORTEST, item.minutes ?? 0);
    if (start >= end) { close(); end = -1; }
    let lane = 0;
    while (group.some(([, taken, last]) => taken === lane && last > start)) lane++;
    group.push([item, lane, until]);
    end = Math.max(end, until);
  }
  close();
  return lanes;
}
