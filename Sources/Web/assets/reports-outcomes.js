// Deals that were closed: how many were won and lost month by month, for how much, and why the others were lost.

import { t, number, percent } from './i18n.js';
import { bars, columns } from './charts.js';
import { amounts, figures, nameOf, nothing, part, shortMonth, sum, summary, tiles, within } from './report-figures.js';

export async function report(question) {
  const where = within('closed_at', question, { field: 'status', op: 'in', value: ['won', 'lost'] });
  const lost = within('closed_at', question, { field: 'status', op: 'eq', value: 'lost' });
  const [months, reasons, owners] = await Promise.all([
    summary('deals', { where, group: ['status'], month: 'closed_at', sum: 'amount' }, question.signal),
    summary('deals', { where: lost, group: ['lost_reason'], sum: 'amount' }, question.signal),
    summary('deals', { where, group: ['owner_id', 'status'], sum: 'amount' }, question.signal),
  ]);
  if (!months.length) return nothing();
  const of = (rows, status) => rows.filter((row) => row.group.status === status);
  const count = (rows) => rows.reduce((total, row) => total + row.count, 0);
  const worth = (rows) => amounts(totals(rows));
  const rate = (rows) => { const all = count(rows); return all ? percent(count(of(rows, 'won')) / all) : '—'; };
  const line = (name, rows) => [name, number(count(of(rows, 'won'))), worth(of(rows, 'won')), number(count(of(rows, 'lost'))), worth(of(rows, 'lost')), rate(rows)];
  const heads = (first) => [first, t('reports.won'), t('reports.won_amount'), t('reports.lost'), t('reports.lost_amount'), t('reports.win_rate')];
  const inMonth = (month) => months.filter((row) => row.month === month);
  const why = reasons.map((row) => ({ ...row, name: row.group.lost_reason ?? t('reports.no_reason') })).sort((a, b) => b.count - a.count);
  const people = [...new Set(owners.map((row) => row.group.owner_id))].map((id) => ({ id, rows: owners.filter((row) => row.group.owner_id === id) })).sort((a, b) => count(of(b.rows, 'won')) - count(of(a.rows, 'won')));
  return [
    tiles([[t('reports.won'), number(count(of(months, 'won'))), worth(of(months, 'won'))], [t('reports.lost'), number(count(of(months, 'lost'))), worth(of(months, 'lost'))], [t('reports.win_rate'), rate(months)]]),
    part(t('reports.by_month'), columns(t('reports.outcomes_hint'), { series: [{ name: t('reports.won'), tone: 'good' }, { name: t('reports.lost'), tone: 'bad' }], format: number, groups: question.months.map((month) => ({ name: shortMonth(month), values: ['won', 'lost'].map((status) => count(of(inMonth(month), status))) })) }),
      figures(t('reports.by_month'), heads(t('reports.month')), question.months.map((month) => line(shortMonth(month), inMonth(month))), line(t('reports.total'), months))),
    why.length ? part(t('reports.reasons'), bars(t('reports.reasons_hint'), why.slice(0, 12).map((row) => ({ name: row.name, value: row.count, tone: 'bad' }))),
      figures(t('reports.reasons'), [t('deals.reason'), t('reports.lost'), t('reports.lost_amount')], why.map((row) => [row.name, number(row.count), amounts(row.sum)]))) : null,
    question.who?.user ? null : part(t('reports.by_owner'), figures(t('reports.by_owner'), heads(t('reports.owner')), people.map(({ id, rows }) => line(nameOf(question.users, id), rows)))),
  ];
}

/** Sums of several groups, currency by currency. */
function totals(rows) {
  const currencies = [...new Set(rows.flatMap((row) => Object.keys(row.sum)))].sort();
  return Object.fromEntries(currencies.map((currency) => [currency, sum(rows.map((row) => row.sum[currency] ?? '0'))]));
}
