// Charts of elements and style sheets alone: they take the page's colours, fit every width, and come out on paper. What they show stands in a
// table beside them, so they are silent for those who listen.

import { h } from './dom.js';
import { number } from './i18n.js';

/** Where an axis ends: a round figure above the value, of which the half is whole too, since things are counted. */
function ceiling(value) {
  if (!(value > 2)) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((one) => one >= value && one % 2 === 0);
}

const compact = (value) => number(value, { notation: 'compact', maximumFractionDigits: 1 });

/** What the colours mean. */
export const legend = (series) => h('ul.legend', series.map(({ name, tone }) => h('li', h('span.swatch', { class: `tone-${tone}`, 'aria-hidden': 'true' }), name)));

/**
 * Columns side by side, each a pile of parts: `series` is `[{name, tone}]`, `groups` `[{name, values, mark}]` with a value for each of the series,
 * `format` makes a figure a text; a `mark` is a line across a column, such as a goal, and `markName` what it is called.
 */
export function columns(title, { series, groups, format = compact, markName }) {
  const total = (group) => group.values.reduce((sum, value) => sum + (value ?? 0), 0);
  const top = ceiling(Math.max(0, ...groups.map((group) => Math.max(total(group), group.mark ?? 0))));
  const hint = (group) => [group.name, ...series.map(({ name }, index) => `${name}: ${format(group.values[index] ?? 0)}`), group.mark ? `${markName}: ${format(group.mark)}` : null].filter(Boolean).join('\n');
  const share = (value) => ({ '--share': String(value / top) });
  const isCrowded = groups.length > 16;
  return h('figure.chart', h('figcaption', h('span', title), series.length > 1 || markName ? legend([...series, ...(markName ? [{ name: markName, tone: 'mark' }] : [])]) : null),
    h('div.plot', { 'aria-hidden': 'true' },
      h('div.axis', [1, 0.5, 0].map((step) => h('span', compact(top * step)))),
      h('div.columns', { class: isCrowded ? 'crowded' : groups.length > 6 ? 'many' : '' }, groups.map((group, index) => h('div.column', { title: hint(group) },
        h('div.pile', group.values.map((value, part) => (value > 0 ? h('span.part', { class: `tone-${series[part].tone}`, style: share(value) }) : null)), group.mark ? h('span.goal', { style: share(group.mark) }) : null),
        h('span.name', isCrowded && index % Math.ceil(groups.length / 8) ? '' : group.name))))));
}

/** Bars below each other, `[{name, value, text, tone}]`: the name before, the figure behind. */
export function bars(title, rows) {
  const top = Math.max(...rows.map((row) => row.value), 0) || 1;
  return h('figure.chart', h('figcaption', h('span', title)), h('div.bars', { 'aria-hidden': 'true' }, rows.map((row) => h('div.bar', { title: `${row.name}: ${row.text ?? number(row.value)}` },
    h('span.name', row.name), h('span.track', h('span.fill', { class: `tone-${row.tone ?? '1'}`, style: { '--share': String(row.value / top) } })), h('span.figure', row.text ?? number(row.value))))));
}
