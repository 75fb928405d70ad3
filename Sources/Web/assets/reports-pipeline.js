// How deals go through a pipeline: where they are, how many get on, how long they stay, how many are won; and the same for each owner.

import { address, api } from './api.js';
import { t, number, percent, duration } from './i18n.js';
import { bars } from './charts.js';
import { amounts, figures, nameOf, nothing, part, sum, tiles } from './report-figures.js';

export async function report(question) {
  const { pipeline, who, users } = question;
  if (!pipeline) return nothing();
  const found = await api.get(address('/v1/reports/pipeline', { pipeline_id: pipeline.id, from: question.from, to: question.to, by: who?.team ? 'team' : 'owner' }), { signal: question.signal });
  const own = who ? found.rows.find((row) => (who.team ? row.team_id === who.team : row.owner_id === who.user)) : found;
  if (!own) return nothing();
  const stages = pipeline.stages.map((stage) => ({ ...stage, ...own.stages.find((one) => one.stage_id === stage.id) }));
  const open = stages.filter((stage) => stage.kind === 'open');
  const count = (list) => list.reduce((total, stage) => total + stage.count, 0);
  const tone = { open: '1', won: 'good', lost: 'bad' };
  const title = t('reports.stages');
  return [
    tiles([
      [t('reports.open_deals'), number(count(open)), t('reports.of_deals', { count: count(stages) })],
      [t('reports.open_amount'), amounts(merged(open, 'amount'))],
      [t('reports.weighted'), amounts(merged(open, 'weighted'))],
      [t('reports.win_rate'), own.win_rate === null ? '—' : percent(own.win_rate), t('reports.win_rate_hint')],
    ]),
    part(title, bars(t('reports.deals_per_stage'), stages.map((stage) => ({ name: stage.name, value: stage.count, tone: tone[stage.kind] }))),
      figures(title, [t('deals.stage'), t('reports.deals'), t('field.amount'), t('reports.weighted'), t('reports.conversion'), t('reports.average_time')],
        stages.map((stage) => [stage.name, number(stage.count), amounts(stage.amount), amounts(stage.weighted), stage.conversion === null ? '—' : percent(stage.conversion), stay(stage.average_seconds)]))),
    who || found.rows.length < 2 ? null : part(t('reports.by_owner'), figures(t('reports.by_owner'), [t('reports.owner'), t('reports.open_deals'), t('reports.open_amount'), t('reports.weighted'), t('reports.win_rate')],
      found.rows.map((row) => {
        const theirs = row.stages.filter((one) => open.some((stage) => stage.id === one.stage_id));
        return [nameOf(users, row.owner_id), number(count(theirs)), amounts(merged(theirs, 'amount')), amounts(merged(theirs, 'weighted')), row.win_rate === null ? '—' : percent(row.win_rate)];
      }))),
  ];
}

/** Sums of several stages, currency by currency. */
function merged(stages, name) {
  const currencies = [...new Set(stages.flatMap((stage) => Object.keys(stage[name])))].sort();
  return Object.fromEntries(currencies.map((currency) => [currency, sum(stages.map((stage) => stage[name][currency] ?? '0'))]));
}

/** How long deals stay, in the unit that says most. */
function stay(seconds) {
  if (seconds === null) return '—';
  const days = seconds / 86400;
  return days >= 1 ? number(days, { style: 'unit', unit: 'day', unitDisplay: 'long', maximumFractionDigits: days < 10 ? 1 : 0 }) : duration(Math.round(seconds / 60));
}
