// Reports: how deals go, what is to come, what was done, where people come from, why deals were won and lost. Each is charts with their tables
// beside them, of a period and of everyone, a team or one person; all of it comes out on paper.

import { h, fill, icon } from './dom.js';
import { address } from './api.js';
import { t, date, today } from './i18n.js';
import { state, types } from './state.js';
import { loading } from './ui.js';
import { sentence } from './refusals.js';
import { go, note } from './navigate.js';
import { pipelines } from './fields.js';
import { people } from './report-figures.js';

/** The reports, what each needs to be read, which period it begins with (this year unless said), and which module shows it. */
const reports = [
  { name: 'pipeline', needs: ['deals'], load: () => import('./reports-pipeline.js') },
  { name: 'forecast', needs: ['deals'], usual: 'next_six', load: () => import('./reports-forecast.js') },
  { name: 'activity', needs: ['activities'], load: () => import('./reports-activity.js') },
  { name: 'sources', needs: ['contacts', 'leads'], load: () => import('./reports-sources.js') },
  { name: 'outcomes', needs: ['deals'], load: () => import('./reports-outcomes.js') },
];
const periods = ['this_month', 'last_month', 'this_quarter', 'last_quarter', 'this_year', 'last_year', 'last_twelve', 'next_six', 'custom'];

/** Months are counted from the year 0, so that adding is adding. */
const indexOf = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
const monthAt = (index) => `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}`;

/** The months that one report may have, as the service has it. */
const longest = 60;
const wellFormed = (text) => /^\d{4}-(0[1-9]|1[0-2])$/.test(text ?? '');

/** The first and the last month of a period; quarters and years are the firm's fiscal ones. */
function span(name, query) {
  const now = indexOf(today());
  const start = Number((state.settings.fiscal_year_start ?? '01-01').slice(0, 2)) - 1;
  const into = (((now - start) % 12) + 12) % 12;
  const year = now - into;
  const quarter = now - (into % 3);
  const spans = {
    this_month: [now, now], last_month: [now - 1, now - 1], this_quarter: [quarter, quarter + 2], last_quarter: [quarter - 3, quarter - 1],
    this_year: [year, year + 11], last_year: [year - 12, year - 1], last_twelve: [now - 11, now], next_six: [now, now + 5],
  };
  if (name === 'custom' && wellFormed(query.get('from')) && wellFormed(query.get('to')) && query.get('from') <= query.get('to') && indexOf(query.get('to')) - indexOf(query.get('from')) < longest) return { from: query.get('from'), to: query.get('to') };
  const [from, to] = spans[name] ?? spans.this_year;
  return { from: monthAt(from), to: monthAt(to) };
}

/** A period of which one end was chosen anew: the other follows, so that it is no later and no more than five years away. */
function moved({ from, to }, end, month) {
  if (!wellFormed(month)) return { from, to };
  const other = end === 'from' ? Math.min(Math.max(indexOf(to), indexOf(month)), indexOf(month) + longest - 1) : Math.max(Math.min(indexOf(from), indexOf(month)), indexOf(month) - longest + 1);
  return end === 'from' ? { from: month, to: monthAt(other) } : { from: monthAt(other), to: month };
}

const monthName = (month) => date(`${month}-01`, { month: 'long', year: 'numeric' });

export async function show(main, visit) {
  await sheets;
  const shown = reports.filter((report) => report.needs.some((type) => types.has(type)));
  const report = shown.find((one) => one.name === visit.parameters.section) ?? (visit.parameters.section ? null : shown[0]);
  if (!report) { fill(main, h('h1', t('page.reports')), h('p.empty', t('frame.not_there'))); return { title: t('page.reports'), section: 'reports' }; }
  const query = new URLSearchParams(visit.url.search);
  const period = periods.includes(query.get('period')) ? query.get('period') : report.usual ?? 'this_year';
  const [{ users, teams }, ways] = await Promise.all([people(visit.signal), report.name === 'pipeline' ? pipelines() : []]);
  const months = span(period, query);
  const who = chosen(query.get('who'), users, teams);
  const pipeline = ways.find((one) => one.id === query.get('pipeline')) ?? ways[0];
  const question = { ...months, months: Array.from({ length: indexOf(months.to) - indexOf(months.from) + 1 }, (_, index) => monthAt(indexOf(months.from) + index)), who, users, teams, pipeline, signal: visit.signal, again: () => show(main, visit) };

  const change = (values, focus) => {
    for (const [name, value] of Object.entries(values)) if (value) query.set(name, value); else query.delete(name);
    const next = `${visit.url.pathname}?${query}`;
    note(next);
    return show(main, { ...visit, url: new URL(next, location.href) }).then(() => document.getElementById(focus)?.focus());
  };
  const choice = (id, label, options, value, onchange) => h('div.choice', h('label', { for: id }, label), h('select', { id, onchange: (event) => onchange(event.target.value) }, options.map(([key, text]) => h('option', { value: key, selected: key === value }, text))));
  const custom = period === 'custom' ? ['from', 'to'].map((end) => h('div.choice', h('label', { for: `report-${end}` }, t(`reports.${end}`)), h('input', { id: `report-${end}`, type: 'month', value: months[end], pattern: '[0-9]{4}-[0-9]{2}', onchange: (event) => change(moved(months, end, event.target.value), `report-${end}`) }))) : null;
  const place = h('div.report', { 'aria-live': 'off' });
  fill(main, h('div.page-head', h('h1', t('page.reports')), h('div.actions', h('button.button', { type: 'button', onclick: () => print() }, icon('export'), t('reports.print')))),
    h('nav.views', { 'aria-label': t('page.reports') }, shown.map((one) => h('a', { href: address(`/reports/${one.name}`, { period: query.get('period'), from: query.get('from'), to: query.get('to'), who: query.get('who') }), 'aria-current': one === report ? 'page' : null }, t(`reports.${one.name}`)))),
    h('div.report-tools', choice('report-period', t('reports.period'), periods.map((one) => [one, t(`reports.period.${one}`)]), period, (value) => change(value === 'custom' ? { period: value, ...months } : { period: value, from: null, to: null }, 'report-period')), custom,
      choice('report-who', t('reports.who'), [['', t('reports.everyone')], ['me', t('reports.me')], ...teams.map((one) => [`team:${one.id}`, one.name]), ...users.map((one) => [`user:${one.id}`, one.name])], query.get('who') ?? '', (value) => change({ who: value }, 'report-who')),
      ways.length > 1 ? choice('report-pipeline', t('reports.pipeline_of'), ways.map((one) => [one.id, one.name]), pipeline?.id, (value) => change({ pipeline: value }, 'report-pipeline')) : null),
    h('p.report-about', h('strong', t(`reports.${report.name}`)), ' · ', months.from === months.to ? monthName(months.from) : `${monthName(months.from)} – ${monthName(months.to)}`, ' · ', who?.name ?? t('reports.everyone'), pipeline ? ` · ${pipeline.name}` : ''),
    place);
  const slow = setTimeout(() => fill(place, loading()), 200);
  try {
    const content = await (await report.load()).report(question);
    if (!visit.signal.aborted) fill(place, content);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    // What a role may not see is said in its place; the other reports stay within reach.
    fill(place, h('p.alert', { role: 'alert' }, sentence(error)));
    if (!(error.status >= 0)) console.error(error);
  } finally { clearTimeout(slow); }
  return { title: `${t(`reports.${report.name}`)} · ${t('page.reports')}`, section: 'reports' };
}

/** Whose figures are asked for: nothing for everyone, else `{name, owners, user, team}`. */
function chosen(text, users, teams) {
  if (text === 'me') return { name: state.user.name, owners: [state.user.id], user: state.user.id };
  const [kind, id] = (text ?? '').split(':');
  const user = kind === 'user' && users.find((one) => one.id === id);
  if (user) return { name: user.name, owners: [id], user: id };
  const team = kind === 'team' && teams.find((one) => one.id === id);
  return team ? { name: team.name, owners: team.member_ids, team: id } : null;
}

/** The style sheets of this page alone, loaded with it. */
const sheets = Promise.all(['charts.css', 'reports.css'].map((name) => new Promise((resolve) => {
  const link = h('link', { rel: 'stylesheet', href: `${state.assets}/${name}`, onload: resolve, onerror: resolve });
  document.head.append(link);
})));
