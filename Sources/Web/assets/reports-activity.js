// What was done: calls, meetings, mails and notes, month by month and by whom.

import { t, number, optionOf } from './i18n.js';
import { types } from './state.js';
import { columns } from './charts.js';
import { figures, nameOf, nothing, part, shortMonth, summary, tiles, within } from './report-figures.js';

export async function report(question) {
  const type = types.get('activities');
  const kinds = type.byPath.get('kind').options;
  const title = (kind) => optionOf(type, type.byPath.get('kind'), kind);
  const where = within('at', question);
  const [months, owners] = await Promise.all([summary('activities', { where, group: ['kind'], month: 'at' }, question.signal), summary('activities', { where, group: ['owner_id', 'kind'] }, question.signal)]);
  if (!months.length) return nothing();
  const count = (rows, kind) => rows.filter((row) => !kind || row.group.kind === kind).reduce((total, row) => total + row.count, 0);
  const of = (month) => months.filter((row) => row.month === month);
  const people = [...new Set(owners.map((row) => row.group.owner_id))].map((id) => ({ id, rows: owners.filter((row) => row.group.owner_id === id) })).sort((a, b) => count(b.rows) - count(a.rows));
  const heads = (first) => [first, ...kinds.map(title), t('reports.total')];
  const line = (name, rows) => [name, ...kinds.map((kind) => number(count(rows, kind))), number(count(rows))];
  return [
    tiles(kinds.map((kind) => [title(kind), number(count(months, kind))])),
    part(t('reports.by_month'), columns(t('reports.activity_hint'), { series: kinds.map((kind, index) => ({ name: title(kind), tone: String(index + 1) })), format: number, groups: question.months.map((month) => ({ name: shortMonth(month), values: kinds.map((kind) => count(of(month), kind)) })) }),
      figures(t('reports.by_month'), heads(t('reports.month')), question.months.map((month) => line(shortMonth(month), of(month))), line(t('reports.total'), months))),
    part(t('reports.by_owner'), figures(t('reports.by_owner'), heads(t('reports.owner')), people.map(({ id, rows }) => line(nameOf(question.users, id), rows)))),
  ];
}
