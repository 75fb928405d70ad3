// What reports are made of: people and their teams, exact sums, tables, and counts that the service makes.

import { h } from './dom.js';
import { api, search } from './api.js';
import { t, date, instant, number } from './i18n.js';
import { state, types } from './state.js';

let known = null;
/** Who can own something, and the teams; nothing of what a role may not read. */
export function people() {
  const list = (type, sort) => (types.has(type) ? search(type, { limit: 200, sort }).then(({ data }) => data).catch(() => []) : []);
  known ??= Promise.all([list('users', 'name'), list('teams', 'name')]).then(([users, teams]) => ({ users, teams }));
  return known;
}

export const nameOf = (users, id) => (id ? users.find((one) => one.id === id)?.name ?? t('reports.someone') : t('reports.nobody'));
/** `Nov 2026`, short enough for an axis. */
export const shortMonth = (month) => (month ? date(`${month}-01`, { month: 'short', year: '2-digit' }) : t('reports.no_date'));

/** Counts by the service itself: `[{group, month, count, sum}]`. */
export const summary = (type, body, signal) => api.post(`/v1/${type}/summary`, body, { signal }).then(({ data }) => data);

/** The condition of a period over a moment, from midnight to midnight where the firm is, and of whose records it is about. */
export function within(field, { from, to, who }, ...more) {
  const zone = state.settings.time_zone ?? 'UTC';
  const next = to.endsWith('-12') ? `${Number(to.slice(0, 4)) + 1}-01` : `${to.slice(0, 5)}${String(Number(to.slice(5)) + 1).padStart(2, '0')}`;
  return { and: [
    { field, op: 'gte', value: instant(`${from}-01T00:00`, zone) }, { field, op: 'lt', value: instant(`${next}-01T00:00`, zone) },
    ...(who ? [{ field: 'owner_id', op: 'in', value: who.owners }] : []), ...more,
  ] };
}

/** The exact sum of decimal texts, as text: up to four decimals, as money has them. */
export function sum(texts) {
  const total = texts.reduce((all, text) => {
    const [whole, part = ''] = text.replace('-', '').split('.');
    const units = BigInt(whole + part.padEnd(4, '0').slice(0, 4));
    return all + (text.startsWith('-') ? -units : units);
  }, 0n);
  const digits = String(total < 0n ? -total : total).padStart(5, '0');
  return `${total < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

const whole = (text) => !/[1-9]/.test(String(text).split('.')[1] ?? '');
/** An amount as the reader writes it, without decimals that say nothing. */
export const amount = (text, currency) => number(text, { style: 'currency', currency, ...(whole(text) ? { maximumFractionDigits: 0 } : {}) });
/** `{EUR: "1.00", USD: ..}`, one line for each currency. */
export const amounts = (sums) => { const list = Object.entries(sums ?? {}); return list.length ? list.map(([currency, text]) => h('span.amount', amount(text, currency))) : '—'; };

/** A table beside a chart; the first column is the row's name, the others are figures. */
export function figures(label, heads, rows, total) {
  const row = (cells, kind) => h('tr', { class: kind }, cells.map((cell, index) => (index ? h('td.number', cell) : h('th', { scope: 'row' }, cell))));
  return h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': label }, h('table.grid', h('thead', h('tr', heads.map((text, index) => h('th', { scope: 'col', class: index ? 'number' : '' }, text)))),
    h('tbody', rows.map((cells) => row(cells, ''))), total ? h('tfoot', row(total, 'total')) : null));
}

export const part = (title, ...content) => h('section.section', h('h2', title), content);
export const tiles = (list) => h('ul.tiles', list.map(([name, value, hint]) => h('li.tile', h('span.tile-name', name), h('strong', value), hint ? h('span.hint', hint) : null)));
export const nothing = () => h('p.empty', t('reports.nothing'));
