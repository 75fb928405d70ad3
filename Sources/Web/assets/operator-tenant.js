// One tenant: how it stands, what it uses, what was done to it, and what an operator may do - each with a reason.

import { h, fill, icon } from './dom.js';
import { address } from './api.js';
import { t, date, number, dateTime } from './i18n.js';
import { complain, menuButton, toast } from './ui.js';
import { columns } from './charts.js';
import { desk, knows, may, whole } from './operator-api.js';
import { ago, bytes, code, facts, head, paged, section, showOnce, stateTag, table, usageBar, when, withReason, words } from './operator-parts.js';
import { actionName } from './operator-audit.js';
import { jobRow, jobHeads } from './operator-jobs.js';

const living = ['trial', 'active', 'past_due'];
const readable = [...living, 'suspended', 'deletion_scheduled'];

/** What may be done: in which states, by whom, with which further questions. `plain` ones stand as buttons. */
const verbs = [
  { name: 'suspend', from: living, role: 'support', danger: true, plain: true },
  { name: 'resume', from: ['suspended'], role: 'support', plain: true },
  { name: 'cancel_deletion', from: ['deletion_scheduled'], role: 'admin', plain: true },
  { name: 'change_plan', from: readable, role: 'admin', plain: true, ask: askForPlan },
  { name: 'mark_past_due', from: ['trial', 'active'], role: 'support', ask: () => ({ fields: [{ name: 'grace', label: t('operator.grace'), kind: 'integer', min: 0, max: 3650, hint: t('operator.grace_hint') }], body: ({ grace, ...rest }) => ({ ...rest, grace: grace === undefined ? undefined : `P${grace}D` }) }) },
  { name: 'mark_paid', from: ['trial', 'past_due'], role: 'support' },
  { name: 'grants', from: readable, role: 'support', ask: () => ({ fields: [{ name: 'minutes', label: t('operator.minutes'), kind: 'integer', min: 1, max: 1440, value: 30, required: true }] }), done: showGrant },
  { name: 'export', from: readable, role: 'admin', done: followJob },
  { name: 'clone', from: readable, role: 'admin', ask: () => ({ fields: [{ name: 'as', label: t('operator.clone_as'), required: true, hint: t('operator.slug_hint'), maxlength: 40, autocapitalize: 'none' }, { name: 'mask', label: t('operator.mask'), kind: 'check', value: true, hint: t('operator.mask_hint') }] }), done: followJob },
  { name: 'move', from: readable, role: 'admin', ask: askForCell, done: followJob },
  { name: 'schedule_deletion', from: [...living, 'suspended'], role: 'admin', danger: true, ask: () => ({ fields: [{ name: 'after', label: t('operator.after_days'), kind: 'integer', min: 0, max: 3650, value: 30, required: true }], body: ({ after, ...rest }) => ({ ...rest, after: `P${after}D` }) }) },
];

export async function show(main, visit) {
  const { slug } = visit.parameters;
  const tenant = await desk.get(`/tenants/${encodeURIComponent(slug)}`, { signal: visit.signal });
  const allowed = verbs.filter((verb) => verb.from.includes(tenant.state) && may(verb.role) && knows('POST', `/tenants/{slug}/${verb.name}`));
  const run = (verb) => () => perform(verb, tenant, visit).catch(complain);
  const more = allowed.filter((verb) => !verb.plain);
  fill(main, head(tenant.name, {
    crumb: { href: '/operator/tenants', text: t('operator.tenants') },
    beside: h('span.subtitle', stateTag('tenant', tenant.state), code(tenant.slug), tenant.test ? h('span.tag', t('operator.test')) : null),
    actions: allowed.length ? [
      allowed.filter((verb) => verb.plain).map((verb) => h('button.button', { type: 'button', class: verb.danger ? 'danger' : '', onclick: run(verb) }, t(`operator.do.${verb.name}`))),
      more.length ? menuButton(t('list.actions'), () => more.map((verb) => ({ label: t(`operator.do.${verb.name}`), danger: verb.danger, action: run(verb) }))) : null,
    ] : null,
  }),
  tenant.maintenance ? h('p.note.warn', { role: 'note' }, icon('warning'), t('operator.maintenance', { why: tenant.maintenance })) : null,
  tenant.deletion_due_at ? h('p.note.warn', { role: 'note' }, icon('warning'), t('operator.deletion_on', { when: dateTime(tenant.deletion_due_at) })) : null,
  h('div.desk-columns',
    h('div.stack', about(tenant), usage(tenant), agreed(tenant)),
    h('div.stack', figuresOf(tenant, visit), useOf(tenant, visit), grants(tenant, visit), jobs(tenant, visit), invoices(tenant, visit), audit(tenant, visit))));
  return tenant.name;
}

async function perform(verb, tenant, visit) {
  const { fields = [], body = (given) => given, words: text } = (await verb.ask?.(tenant)) ?? {};
  const done = await withReason(t(`operator.do.${verb.name}`), {
    words: text ?? t(`operator.words.${verb.name}`, { name: tenant.name }), fields, danger: verb.danger,
    send: (given) => desk.post(`/tenants/${encodeURIComponent(tenant.slug)}/${verb.name}`, body(given)),
  });
  if (!done) return;
  if (verb.done) await verb.done(done.answer, visit); else { toast(t('operator.is_done')); await visit.again(); }
}

async function askForPlan(tenant) {
  const plans = await whole('/plans');
  return {
    fields: [
      { name: 'plan', label: t('operator.plan'), kind: 'select', options: plans.map((plan) => [plan.name, `${plan.name} (v${plan.version})`]), value: tenant.plan.name },
      { name: 'version', label: t('operator.version'), kind: 'integer', min: 1, hint: t('operator.version_hint') },
      { name: 'overrides', label: t('operator.overrides'), kind: 'long', class: 'code', spellcheck: 'false', value: Object.keys(tenant.overrides).length ? JSON.stringify(tenant.overrides, null, 1) : '', hint: t('operator.overrides_hint') },
    ],
    body: ({ overrides, ...rest }) => {
      try { return { ...rest, overrides: overrides ? JSON.parse(overrides) : null }; } catch { throw new Error(t('operator.no_json')); }
    },
  };
}

async function askForCell(tenant) {
  const cells = await whole('/cells');
  const others = cells.filter((cell) => cell.name !== tenant.cell);
  return others.length
    ? { fields: [{ name: 'cell', label: t('operator.cell'), kind: 'select', options: others.map((cell) => [cell.name, `${cell.name} (${cell.tenants}/${cell.tenant_limit})`]) }] }
    : { words: t('operator.only_cell'), fields: [{ name: 'cell', label: t('operator.cell'), required: true, value: tenant.cell }] };
}

/** An order that takes its time is followed on its own page; one that was done at once needs none. */
function followJob(answer, visit) {
  if (answer.id && answer.kind) return visit.go(`/operator/jobs/${answer.id}`);
  toast(t('operator.is_done'));
  return visit.again();
}

async function showGrant(grant, visit) {
  await showOnce(t('operator.grant_title'), t('operator.grant_words', { when: dateTime(grant.expires_at) }), grant.token);
  await visit.again();
}

const about = (tenant) => section(t('operator.about'), facts([
  [t('operator.plan'), h('span', h('a', { href: `/operator/plans/${tenant.plan.name}` }, tenant.plan.name), ` v${tenant.plan.version}`)],
  [t('operator.administrator'), tenant.admin.email],
  [t('operator.cell'), code(tenant.cell)],
  [t('operator.schema'), String(tenant.schema_version)],
  [t('operator.created'), when(tenant.created_at)],
  tenant.trial_ends_at ? [t('operator.trial_ends'), when(tenant.trial_ends_at)] : null,
  tenant.grace_ends_at ? [t('operator.grace_ends'), when(tenant.grace_ends_at)] : null,
  tenant.deletion_due_at ? [t('operator.deletion_due'), when(tenant.deletion_due_at)] : null,
]));

function usage(tenant) {
  const rows = Object.entries(tenant.usage).filter(([, one]) => one.max !== null || one.used > 0);
  return rows.length ? section(t('plan.usage'), h('ul.usage', rows.map(([name, one]) => usageBar(name, one)))) : null;
}

/** What is agreed beside the plan. */
function agreed(tenant) {
  const groups = Object.entries(tenant.overrides).filter(([, group]) => Object.keys(group ?? {}).length);
  if (!groups.length) return null;
  return section(t('operator.overrides'), facts(groups.flatMap(([, group]) => Object.entries(group).map(([name, value]) =>
    [words(`limit.${name}`, name), value === null ? t('operator.unlimited') : typeof value === 'boolean' ? t(value ? 'value.yes' : 'value.no') : number(value)]))));
}

/** A part that comes by itself and stays away where it cannot. */
function later(title, read, build) {
  const place = h('div');
  read().then((found) => { const content = build(found); if (content) place.replaceWith(section(title, content)); else place.remove(); }).catch((error) => { place.remove(); if (error.name !== 'AbortError' && !(error.status >= 0)) console.error(error); });
  return place;
}

function figuresOf(tenant, visit) {
  if (!knows('GET', '/tenants/{slug}/stats') || !readable.includes(tenant.state)) return null;
  return later(t('operator.takes'), () => desk.get(`/tenants/${tenant.slug}/stats`, { signal: visit.signal }), (found) => [
    facts([[t('operator.size'), bytes(found.bytes)], [t('operator.rows'), number(found.rows)], [t('operator.relations'), number(found.relations)], [t('operator.slow'), number(found.slow_statements)], [t('operator.last_here'), ago(found.last_active_at)]]),
    found.slow.length ? table(t('operator.slow'), [t('operator.statement'), { text: t('operator.milliseconds'), number: true }, t('operator.at')], found.slow.slice(0, 10).map((one) => [h('code.statement', one.statement), number(one.milliseconds), ago(one.at)])).element : null,
  ]);
}

/** What was done day by day in this month and the one before, as it was read for the bill. */
function useOf(tenant, visit) {
  if (!knows('GET', '/tenants/{slug}/metering')) return null;
  const now = new Date();
  const month = (back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
  const read = (period) => desk.get(address(`/tenants/${tenant.slug}/metering`, { period }), { signal: visit.signal }).then(({ data }) => data);
  return later(t('operator.use'), () => Promise.all([read(month(1)), read(month(0))]), (months) => {
    const days = months.flat().slice(-30);
    if (!days.length) return null;
    const last = days.findLast((day) => day.api_calls > 0);
    return [
      facts([[t('operator.last_active'), last ? date(last.day) : t('operator.not_lately')], [t('operator.seats'), number(days.at(-1).seats)], [t('operator.mail_sent'), number(days.reduce((sum, day) => sum + day.mails, 0))]]),
      columns(t('operator.calls_a_day'), { series: [{ name: t('operator.requests'), tone: '1' }], format: number, groups: days.map((day) => ({ name: date(day.day, { day: 'numeric', month: 'short' }), values: [day.api_calls] })) }),
    ];
  });
}

function grants(tenant, visit) {
  if (!knows('GET', '/tenants/{slug}/grants')) return null;
  return later(t('operator.grants'), () => desk.get(`/tenants/${tenant.slug}/grants?limit=20`, { signal: visit.signal }), ({ data }) => data.length
    ? table(t('operator.grants'), [t('operator.actor'), t('operator.reason'), t('operator.until'), { text: t('list.actions'), actions: true }], data.map((grant) => {
      const isOpen = !grant.revoked_at && new Date(grant.expires_at) > Date.now();
      return [grant.actor, grant.reason, isOpen ? when(grant.expires_at) : t('operator.over'), isOpen && may('support') ? h('button.button.small', { type: 'button', onclick: () => endGrant(tenant, grant, visit).catch(complain) }, t('operator.end')) : ''];
    })).element : null);
}

async function endGrant(tenant, grant, visit) {
  const done = await withReason(t('operator.end_grant'), { send: ({ reason }) => desk.delete(address(`/tenants/${tenant.slug}/grants/${grant.id}`, { reason })) });
  if (done) await visit.again();
}

const jobs = (tenant, visit) => later(t('operator.jobs'), () => desk.get(address('/jobs', { tenant: tenant.slug, limit: 10 }), { signal: visit.signal }), ({ data }) =>
  (data.length ? table(t('operator.jobs'), jobHeads(), data.map((job) => jobRow(job, visit))).element : null));

function invoices(tenant, visit) {
  if (!knows('GET', '/tenants/{slug}/invoices')) return null;
  const settle = async (invoice) => {
    const done = await withReason(t('operator.settle'), { fields: [{ name: 'reference', label: t('operator.reference_of_payment') }], send: (body) => desk.post(`/tenants/${tenant.slug}/invoices/${invoice.id}/settle`, body) });
    if (done) await visit.again();
  };
  return later(t('operator.invoices'), () => desk.get(`/tenants/${tenant.slug}/invoices?limit=12`, { signal: visit.signal }), ({ data }) => data.length
    ? table(t('operator.invoices'), [t('operator.number'), t('operator.period'), { text: t('operator.total'), number: true }, t('operator.state'), { text: t('list.actions'), actions: true }], data.map((invoice) => [
      invoice.number, invoice.period, number(invoice.total, { style: 'currency', currency: invoice.currency }), words(`invoice.${invoice.state}`, invoice.state),
      !invoice.paid_at && may('support') ? h('button.button.small', { type: 'button', onclick: () => settle(invoice).catch(complain) }, t('operator.settle')) : '',
    ])).element : null);
}

function audit(tenant, visit) {
  const list = table(t('operator.audit'), [t('operator.at'), t('operator.actor'), t('operator.action'), t('operator.reason')]);
  const pages = paged((after) => desk.get(address('/audit', { target: tenant.slug, limit: 10, after }), { signal: visit.signal }),
    (rows) => list.add(rows.map((row) => [when(row.at), row.actor, actionName(row.action), row.reason ?? ''])), t('operator.nothing_done'));
  pages.restart().catch(complain);
  return section(t('operator.audit'), list.element, pages.foot);
}
