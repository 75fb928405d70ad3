// What is won and what is to come, month by month, against what people have set out to sell.

import { h } from './dom.js';
import { address, api } from './api.js';
import { t, percent } from './i18n.js';
import { state } from './state.js';
import { dialog, toast } from './ui.js';
import { sentence } from './refusals.js';
import { columns } from './charts.js';
import { amount, figures, nameOf, nothing, part, shortMonth, sum, tiles } from './report-figures.js';

const kinds = ['won', 'commit', 'best', 'open', 'weighted'];

export async function report(question) {
  const { who, users, signal } = question;
  const range = { from: question.from, to: question.to };
  const whole = who?.team ? api.get(address('/v1/forecast', { ...range, by: 'team' }), { signal }) : api.get(address('/v1/forecast', { ...range, by: who ? 'owner' : null }), { signal });
  const [forecast, byOwner, quotas] = await Promise.all([whole, api.get(address('/v1/forecast', { ...range, by: 'owner' }), { signal }), api.get(address('/v1/quotas', range), { signal }).then(({ data }) => data)]);
  const { currency } = forecast;
  const isOurs = (row) => !who || (who.team ? row.team_id === who.team : row.owner_id === who.user);
  const goals = quotas.filter((quota) => (!who || who.owners.includes(quota.user_id)) && quota.amount.currency === currency);
  const rows = question.months.map((month) => {
    const row = forecast.rows.find((one) => one.month === month && isOurs(one));
    const goal = goals.filter((quota) => quota.month === month);
    return { month, figures: row ? row.converted : {}, isUnknown: row?.converted === null, goal };
  });
  const undated = forecast.rows.find((one) => one.month === null && isOurs(one))?.converted;
  const value = (row, kind) => row.figures?.[kind] ?? '0';
  const total = (kind) => sum(rows.map((row) => value(row, kind)));
  const quota = (list) => sum(list.map((one) => one.amount.amount));
  // Of those who have a quota, and only of them: others' deals would flatter it.
  const reached = (list) => (list.length && list.every((one) => one.won) ? sum(list.map((one) => one.won.amount)) : null);
  const attained = (list) => attainment(reached(list), quota(list));
  const rest = (row) => Math.max(0, Number(value(row, 'open')) - Number(value(row, 'commit')) - Number(value(row, 'best')));
  const series = [{ name: t('reports.won'), tone: 'good' }, { name: t('reports.commit'), tone: '1' }, { name: t('reports.best'), tone: '2' }, { name: t('reports.other_open'), tone: 'soft' }];
  const title = t('reports.by_month');
  const money = (text) => amount(text, currency);
  // What is not there is no figure to read.
  const cell = (text) => (Number(text) === 0 ? '—' : money(text));
  const isEmpty = rows.every((row) => kinds.every((kind) => Number(value(row, kind)) === 0)) && !goals.length;
  return [
    forecast.missing_rates.length ? h('p.note.warn', { role: 'note' }, t('reports.missing_rates', { currencies: forecast.missing_rates.join(', ') })) : null,
    tiles([
      [t('reports.won'), money(total('won'))], [t('reports.commit'), money(total('commit'))], [t('reports.weighted'), money(total('weighted')), t('reports.weighted_hint')],
      [t('reports.attainment'), attained(goals), goals.length ? t('reports.of_quota', { won: reached(goals) ? money(reached(goals)) : '?', quota: money(quota(goals)) }) : null],
    ]),
    isEmpty ? nothing() : part(title, columns(t('reports.forecast_hint', { currency }), {
      series, markName: goals.length ? t('reports.quota') : null, format: (figure) => amount(String(figure), currency),
      groups: rows.map((row) => ({ name: shortMonth(row.month), values: [Number(value(row, 'won')), Number(value(row, 'commit')), Number(value(row, 'best')), rest(row)], mark: row.goal.length ? Number(quota(row.goal)) : null })),
    }), figures(title, [t('reports.month'), ...kinds.map((kind) => t(`reports.${kind}`)), t('reports.quota'), t('reports.attainment')],
      [...rows.map((row) => [shortMonth(row.month), ...kinds.map((kind) => (row.isUnknown ? '?' : cell(value(row, kind)))), row.goal.length ? money(quota(row.goal)) : '—', attained(row.goal)]),
        ...(undated ? [[t('reports.no_date'), ...kinds.map((kind) => cell(undated[kind])), '—', '—']] : [])],
      [t('reports.total'), ...kinds.map((kind) => cell(total(kind))), goals.length ? money(quota(goals)) : '—', attained(goals)])),
    owners(byOwner),
  ];

  function owners(found) {
    const ids = [...new Set([...found.rows.map((row) => row.owner_id), ...quotas.map((one) => one.user_id)])].filter((id) => !who || who.owners.includes(id));
    if (!ids.length) return null;
    const own = (id, kind) => sum(found.rows.filter((row) => row.owner_id === id && row.month).map((row) => row.converted?.[kind] ?? '0'));
    return part(t('reports.by_owner'), figures(t('reports.by_owner'), [t('reports.owner'), ...['won', 'commit', 'weighted'].map((kind) => t(`reports.${kind}`)), t('reports.quota'), t('reports.attainment')],
      ids.map((id) => { const theirs = goals.filter((one) => one.user_id === id); return [nameOf(users, id), cell(own(id, 'won')), cell(own(id, 'commit')), cell(own(id, 'weighted')), theirs.length ? money(quota(theirs)) : '—', attained(theirs)]; })),
    state.admin.settings || state.admin.users ? h('p.actions', h('button.button.small', { type: 'button', onclick: () => setQuota(question, currency) }, t('reports.set_quota'))) : null);
  }
}

const attainment = (won, quota) => (won !== null && Number(quota) > 0 ? percent(Number(won) / Number(quota)) : '—');

/** What someone is to sell in a month, or in each month of the period. */
async function setQuota(question, currency) {
  const done = await dialog(t('reports.set_quota'), (close) => {
    const alert = h('p.alert', { role: 'alert', hidden: true });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        const { user, month, amount: figure } = event.target.elements;
        const months = month.value ? [month.value] : question.months;
        try {
          for (const one of months) await api.put(`/v1/quotas/${user.value}/${one}`, { amount: { amount: figure.value, currency } });
          close(true);
        } catch (error) { alert.hidden = false; alert.textContent = sentence(error); }
      },
    }, alert,
    h('div.field', h('label', { for: 'quota-user' }, t('reports.owner')), h('select', { id: 'quota-user', name: 'user', autofocus: true }, question.users.filter((one) => one.status !== 'disabled').map((one) => h('option', { value: one.id }, one.name)))),
    h('div.field', h('label', { for: 'quota-month' }, t('reports.month')), h('select', { id: 'quota-month', name: 'month' }, h('option', { value: '' }, t('reports.every_month')), question.months.map((one) => h('option', { value: one }, shortMonth(one))))),
    h('div.field', h('label', { for: 'quota-amount' }, t('reports.quota_amount', { currency })), h('input', { id: 'quota-amount', name: 'amount', required: true, inputmode: 'decimal', pattern: '[0-9]{1,15}(\\.[0-9]{1,4})?' })),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
  });
  if (done) { toast(t('form.saved')); await question.again(); }
}
