// What a salesperson begins the day with: what is due, what is planned, which deals wait for a next step, how the month stands, what the others did.

import { h, fill, refill, icon, iconButton, debounce } from './dom.js';
import { api, search, address } from './api.js';
import { t, plurals, singular, labelOf, date, dateTime, time, relative, money, number, today, wall, instant, timeZone } from './i18n.js';
import { state, types, mayCreate, mayUpdate, mayDelete } from './state.js';
import { display, actor } from './fields.js';
import { create } from './form.js';
import { plan } from './plan.js';
import { agenda } from './agenda.js';
import { toast, complain, menuButton } from './ui.js';
import { sentence } from './refusals.js';
import { iconOf } from './palette.js';
import { onChange } from './live.js';

const DAY = 864e5;

export async function show(main, visit) {
  const first = state.user.name.split(' ')[0];
  const parts = {
    tasks: card('tasks', t('today.tasks'), '/tasks', mayCreate('tasks') ? iconButton('plus', t('form.new', { type: singular('tasks') }), () => create('tasks', { assignee_id: state.user.id, priority: 'normal' })) : null),
    agenda: card('calendar', t('today.agenda'), '/calendar'),
    deals: card('deals', t('today.deals'), '/deals?view=board'),
    forecast: card('reports', t('today.month'), '/reports'),
    latest: card('history', t('today.latest')),
  };
  const signal = visit.signal;
  const load = {
    tasks: () => tasks(parts.tasks, signal), agenda: () => agenda(parts.agenda, signal), deals: () => types.has('deals') && deals(parts.deals, signal),
    forecast: () => types.has('deals') && forecast(parts.forecast, signal), latest: () => latest(parts.latest, signal),
  };
  const run = async (name) => { try { await load[name](); } catch (error) { if (error.name !== 'AbortError') refill(parts[name].body, h('p.hint', sentence(error))); } };
  fill(main, h('div.page-head', h('div.page-title', h('h1', t(hello(), { name: first })), h('p.subtitle', date(today(), { dateStyle: 'full' })))),
    h('div.today', h('div.today-main', parts.tasks.element, types.has('deals') ? parts.deals.element : null), h('div.today-side', parts.agenda.element, types.has('deals') ? parts.forecast.element : null, parts.latest.element)));
  const soon = Object.fromEntries(Object.keys(load).map((name) => [name, debounce(() => run(name), 300)]));
  onChange(null, (change) => {
    if (change.action === 'resync') { Object.values(soon).forEach((one) => one()); return; }
    if (['tasks', 'activities', 'reminders'].includes(change.type)) { soon.tasks(); soon.agenda(); }
    if (['deals', 'tasks', 'activities'].includes(change.type)) soon.deals();
    if (change.type === 'deals') soon.forecast();
    if (change.type) soon.latest();
  }, signal);
  await Promise.all(Object.keys(load).map(run));
  return { title: t('page.today'), section: 'today' };
}

const hello = () => { const hour = Number(wall(Date.now()).slice(11, 13)); return hour < 11 ? 'today.morning' : hour < 18 ? 'today.day' : 'today.evening'; };

function card(symbol, title, href, action) {
  const body = h('div.card-body');
  const count = h('span.count');
  return { element: h('section.section', h('div.section-head', h('h2', title, ' ', count), h('span.actions', action, href && h('a.hint', { href }, t('today.open')))), body), body, count };
}

// Tasks: late, today, coming.

async function tasks(part, signal) {
  const mine = { and: [{ field: 'assignee_id', op: 'eq', value: state.user.id }, { field: 'status', op: 'eq', value: 'open' }] };
  const { data, page } = await search('tasks', { where: mine, sort: 'due', limit: 30, count: 'exact', fields: ['title', 'due', 'priority', 'about', 'version', 'status'] }, { signal });
  const now = Date.now();
  const end = Date.parse(instant(`${today()}T23:59`));
  const at = (task) => (task.due ? Date.parse(instant(task.due.local.slice(0, 16), task.due.time_zone)) : null);
  const groups = [
    ['late', data.filter((task) => at(task) !== null && at(task) < now)], ['today', data.filter((task) => at(task) >= now && at(task) <= end)],
    ['coming', data.filter((task) => at(task) > end).slice(0, 6)], ['someday', data.filter((task) => at(task) === null).slice(0, 4)],
  ].filter(([, list]) => list.length);
  part.count.textContent = page.count ? number(page.count) : '';
  refill(part.body, groups.length ? groups.map(([name, list]) => [h('h3.group-name', { class: name === 'late' ? 'bad' : '' }, t(`today.${name}`)), h('ul.task-rows', list.map((task) => taskRow(task, at(task), name === 'late')))]) : h('p.empty', t('today.no_tasks')));
}

function taskRow(task, at, isLate) {
  const type = types.get('tasks');
  const change = (body, words) => api.patch(`/v1/tasks/${task.id}`, body).then((saved) => toast(words, { undo: () => api.patch(`/v1/tasks/${task.id}`, { status: 'open', due: task.due }).catch(complain) })).catch(complain);
  const later = (days, hour) => { const day = today(new Date(Date.now() + days * DAY)); return change({ due: { local: `${day}T${hour}`, time_zone: timeZone } }, t('today.postponed', { title: task.title })); };
  const hour = task.due?.local?.slice(11, 16) ?? '09:00';
  const row = h('li', { class: isLate ? 'late' : '' },
    h('input', { type: 'checkbox', 'aria-label': t('tasks.done', { title: task.title }), onchange: (event) => { if (event.target.checked) { row.classList.add('going'); change({ status: 'done' }, t('tasks.finished', { title: task.title })); } } }),
    h('div.what', h('a', { href: `/tasks/${task.id}` }, task.title), h('span.hint', task.about ? display(type, type.byPath.get('about'), task) : null)),
    task.priority === 'high' ? h('span.tag.tone-bad', t('option.priority.high')) : null,
    at !== null ? h('time.due', { datetime: new Date(at).toISOString(), title: dateTime(new Date(at).toISOString()) }, isLate ? relative(new Date(at).toISOString()) : at - Date.now() < DAY ? time(new Date(at).toISOString()) : dateTime(new Date(at).toISOString(), { weekday: 'short', day: 'numeric', month: 'short' })) : null,
    mayUpdate('tasks') ? menuButton(t('today.later', { title: task.title }), () => [
      { label: t('today.tomorrow'), icon: 'clock', action: () => later(1, hour) }, { label: t('today.in_three'), icon: 'clock', action: () => later(3, hour) }, { label: t('today.next_week'), icon: 'calendar', action: () => later(7, hour) },
    ], { symbol: 'clock' }) : null);
  return row;
}

// Deals that wait: nothing is planned, or they have been in a stage for too long.

async function deals(part, signal) {
  const mine = { and: [{ field: 'owner_id', op: 'eq', value: state.user.id }, { field: 'status', op: 'eq', value: 'open' }] };
  const { data } = await search('deals', { where: mine, sort: 'stage_entered_at', limit: 60, include: ['company'], fields: ['name', 'amount', 'close_date', 'stage_id', 'stage_entered_at', 'company_id', 'pipeline_id', 'lost_reason', 'version'] }, { signal });
  const ids = data.map((deal) => deal.id);
  let planned = new Set();
  if (ids.length) {
    const [open, coming] = await Promise.all([
      types.has('tasks') ? search('tasks', { where: { and: [{ field: 'about', op: 'in', value: ids }, { field: 'status', op: 'eq', value: 'open' }] }, fields: ['about'], limit: 200 }, { signal }).catch(() => ({ data: [] })) : { data: [] },
      types.has('activities') ? search('activities', { where: { and: [{ field: 'deal_id', op: 'in', value: ids }, { field: 'at', op: 'gt', value: { hours: 0 } }] }, fields: ['deal_id'], limit: 200 }, { signal }).catch(() => ({ data: [] })) : { data: [] }]);
    planned = new Set([...open.data.map((task) => task.about?.id), ...coming.data.map((activity) => activity.deal_id)]);
  }
  const day = today();
  const reasons = (deal) => [
    deal.close_date && deal.close_date < day ? ['overdue', t('today.close_passed')] : null,
    !planned.has(deal.id) ? ['next', t('today.no_next_step')] : null,
    Date.now() - Date.parse(deal.stage_entered_at) > 21 * DAY ? ['long', t('today.stage_long', { when: relative(deal.stage_entered_at) })] : null,
  ].filter(Boolean);
  const waiting = data.map((deal) => [deal, reasons(deal)]).filter(([, why]) => why.length).sort((a, b) => b[1].length - a[1].length || Number(b[0].amount?.amount ?? 0) - Number(a[0].amount?.amount ?? 0));
  part.count.textContent = waiting.length ? number(waiting.length) : '';
  const type = types.get('deals');
  refill(part.body, waiting.length ? h('ul.deal-rows', waiting.slice(0, 7).map(([deal, why]) => h('li',
    h('div.what', h('a', { href: `/deals/${deal.id}` }, deal.name), h('span.hint', why.map(([, words], index) => [index ? ' · ' : '', words]))),
    h('span.amount', deal.amount ? money(deal.amount, { compact: true }) : ''),
    h('span.actions',
      mayCreate('tasks') ? h('button.button.small', { type: 'button', 'aria-label': t('today.plan_for', { name: deal.name }), onclick: () => plan({ type: 'deals', id: deal.id }) }, t('today.plan')) : null,
      mayUpdate('deals') ? h('button.button.small', { type: 'button', 'aria-label': t('deals.move_title', { name: deal.name }), onclick: async () => (await import('./deals.js')).moveDialog(deal) }, t('deals.move')) : null))))
    : h('p.hint', t('today.deals_fine')));
}

// The month: what is won, what may come, what was promised.

async function forecast(part, signal) {
  const month = today().slice(0, 7);
  const [answer, quotas] = await Promise.all([
    api.get(address('/v1/forecast', { from: month, to: month, by: 'owner' }), { signal }),
    api.get(address('/v1/quotas', { from: month, to: month }), { signal }).catch(() => ({ data: [] }))]);
  const row = answer.rows.find((one) => one.owner_id === state.user.id && one.month === month);
  const quota = quotas.data.find((one) => one.user_id === state.user.id);
  const figures = row?.converted ?? { won: '0', weighted: '0', open: '0', commit: '0' };
  const currency = quota?.amount?.currency ?? answer.currency;
  const value = (name) => Number(figures[name] ?? 0);
  const goal = quota ? Number(quota.amount.amount ?? quota.amount) : null;
  const whole = Math.max(goal ?? 0, value('won') + value('weighted'), 1);
  const show = (amount) => money({ amount: String(amount), currency }, { compact: true });
  const bar = (name, amount) => h('span', { class: `bar ${name}`, style: { width: `${Math.min(100, (100 * amount) / whole)}%` } });
  refill(part.body,
    h('div.forecast-bar', { role: 'img', 'aria-label': t('today.bar', { won: show(value('won')), weighted: show(value('weighted')) }) }, bar('won', value('won')), bar('weighted', value('weighted')), goal ? h('span.goal', { style: { left: `${(100 * goal) / whole}%` } }) : null),
    h('dl.figures', h('div', h('dt', t('today.won')), h('dd', show(value('won')))), h('div', h('dt', t('today.weighted')), h('dd', show(value('weighted')))), h('div', h('dt', t('today.goal')), h('dd', goal === null ? '—' : show(goal)))),
    goal ? h('p.hint', t('today.attainment', { share: number(value('won') / goal, { style: 'percent' }) })) : null);
}

// What the others did, where I may see it.

async function latest(part, signal) {
  const { data } = await api.get(address('/v1/changes', { limit: 8 }), { signal });
  refill(part.body, data.length ? h('ul.latest', data.filter((change) => types.has(change.record.type)).map(latestRow)) : h('p.hint', t('today.latest_none')));
}

function latestRow(change) {
  const { record, records } = change;
  const type = types.get(record.type);
  const name = record.title ?? t('record.nameless');
  const fields = change.fields.map((path) => type.byPath.get(path)).filter(Boolean).map((field) => labelOf(type, field));
  const who = change.actor ? actor(change.actor) : t('actor.system');
  const what = change.action === 'update' && fields.length ? t('did.update_fields', { fields: fields.slice(0, 3).join(', ') + (fields.length > 3 ? ' …' : '') }) : t(`did.${change.action}`);
  const href = records > 1 ? `/${type.name}` : change.action === 'trash' ? `/${type.name}?trash=only` : `/${type.name}/${record.id}`;
  const isGone = change.action === 'trash';
  return h('li', { dataset: { id: record.id } }, h('span.mark-icon', icon(type.is_custom ? 'object' : iconOf(type.name))),
    h('div.what', h('a', { href }, records > 1 ? t('today.latest_many', { count: records, type: plurals(type) }) : name),
      h('span.hint', who, ' · ', what, ' · ', h('time', { datetime: change.at, title: dateTime(change.at) }, relative(change.at)))),
    records > 1 ? null : h('span.actions',
      isGone && mayDelete(type.name) ? h('button.button.small', { type: 'button', 'aria-label': t('today.restore', { name }), onclick: () => api.post(`/v1/${type.name}/${record.id}/restore`, {}).then(() => toast(t('today.restored', { name }))).catch(complain) }, t('record.restore')) : null,
      !isGone && type.standing === 'subject' && mayCreate('tasks') ? h('button.button.small', { type: 'button', 'aria-label': t('today.plan_for', { name }), onclick: () => plan({ type: type.name, id: record.id }) }, t('today.plan')) : null));
}
