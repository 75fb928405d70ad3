// The queues of all cells: what waits, runs and died, what comes in the next hours, and one job with what it made.

import { h, fill, icon } from './dom.js';
import { address } from './api.js';
import { t, number, percent, time } from './i18n.js';
import { complain, toast } from './ui.js';
import { columns } from './charts.js';
import { call, desk, may } from './operator-api.js';
import { ago, code, facts, head, paged, section, stateTag, table, when, withReason, words } from './operator-parts.js';

const states = ['ready', 'running', 'dead', 'done'];
export const kindName = (kind) => words(`operator.kind.${kind}`, kind);

export const jobHeads = (withTenant = false) => [t('operator.kind'), withTenant && t('operator.tenant'), t('operator.state'), { text: t('operator.due'), wide: true }, { text: t('operator.attempts'), number: true, wide: true }, { text: t('list.actions'), actions: true }];
export const jobRow = (job, visit, withTenant = false) => [
  h('a', { href: `/operator/jobs/${job.id}` }, kindName(job.kind)), withTenant ? h('a', { href: `/operator/tenants/${job.tenant}` }, job.tenant) : undefined,
  h('span', stateTag('job', job.state), job.error ? h('span.hint.cut', { title: job.error }, job.error) : null), ago(job.ended_at ?? job.run_at), `${job.attempt}/${job.maximum_attempts}`,
  h('span.actions', actionsOf(job, visit)),
];

function actionsOf(job, visit) {
  if (!may('support') || !['ready', 'dead'].includes(job.state)) return null;
  const path = `/jobs/${job.id}`;
  const perform = (verb, danger) => async () => {
    const done = await withReason(t(`operator.job.do.${verb}`), { words: t(`operator.job.words.${verb}`, { kind: kindName(job.kind), tenant: job.tenant }), danger, send: (body) => desk.post(`${path}/${verb}`, body) });
    if (!done) return;
    toast(t('operator.is_done'));
    if (verb === 'cancel' && visit.parameters.id) visit.go('/operator/jobs'); else visit.again();
  };
  return [
    h('button.button.small', { type: 'button', onclick: perform('retry') }, t('operator.job.do.retry')),
    h('button.button.small.danger', { type: 'button', onclick: perform('cancel', true) }, t('operator.job.do.cancel')),
  ];
}

export async function show(main, visit) {
  return visit.parameters.id ? showJob(main, visit) : showAll(main, visit);
}

async function showAll(main, visit) {
  const query = visit.url.searchParams;
  const chosen = { state: query.get('state') ?? '', kind: query.get('kind') ?? '', tenant: query.get('tenant') ?? '' };
  const list = table(t('operator.jobs'), jobHeads(true));
  const pages = paged((after) => desk.get(address('/jobs', { limit: 50, after, ...chosen }), { signal: visit.signal }), (jobs) => list.add(jobs.map((job) => jobRow(job, visit, true))), t('operator.no_jobs'));
  const restart = () => { history.replaceState(history.state, '', address('/operator/jobs', chosen)); list.clear(); return pages.restart(); };
  const words = (name, label) => h('input', { type: 'search', 'aria-label': label, placeholder: label, value: chosen[name], onchange: (event) => { chosen[name] = event.target.value.trim(); restart().catch(complain); } });
  const coming = h('div');
  fill(main, head(t('operator.jobs'), { actions: h('button.button', { type: 'button', onclick: () => visit.again() }, t('operator.refresh')) }), coming,
    h('div.list-tools.three', h('select', { 'aria-label': t('operator.state'), onchange: (event) => { chosen.state = event.target.value; restart().catch(complain); } },
      h('option', { value: '' }, t('operator.not_done')), states.map((state) => h('option', { value: state, selected: state === chosen.state }, t(`operator.job.${state}`)))), words('kind', t('operator.kind')), words('tenant', t('operator.tenant'))),
    list.element, pages.foot);
  forecast(coming, visit).catch((error) => { if (error.name !== 'AbortError') complain(error); });
  await pages.restart();
  return t('operator.jobs');
}

/** What the next day brings, hour by hour; the kinds with most jobs have a colour of their own. */
async function forecast(place, visit) {
  const { data } = await desk.get('/jobs/forecast?hours=24', { signal: visit.signal });
  const sums = new Map();
  for (const row of data) sums.set(row.kind, (sums.get(row.kind) ?? 0) + row.jobs);
  const named = [...sums].sort((a, b) => b[1] - a[1]).slice(0, 5).map(([kind]) => kind);
  const kinds = sums.size > named.length ? [...named, null] : named;
  const hours = [...new Set(data.map((row) => row.hour))].sort();
  if (!hours.length) return;
  const first = Date.parse(hours[0]);
  const all = Array.from({ length: 24 }, (_, index) => first + index * 36e5);
  const count = (hour, kind) => data.filter((row) => Date.parse(row.hour) === hour && (kind ? row.kind === kind : !named.includes(row.kind))).reduce((sum, row) => sum + row.jobs, 0);
  const series = kinds.map((kind, index) => ({ name: kind ? kindName(kind) : t('operator.other'), tone: String(index + 1) }));
  const groups = all.map((hour) => ({ name: time(hour), values: kinds.map((kind) => count(hour, kind)) }));
  const figures = table(t('operator.forecast'), [t('operator.kind'), { text: t('operator.jobs'), number: true }], [...sums].sort((a, b) => b[1] - a[1]).map(([kind, jobs]) => [kindName(kind), number(jobs)]));
  fill(place, section(t('operator.forecast'), h('div.chart-with-table', columns(t('operator.forecast_hint'), { series, groups, format: number }), figures.element)));
}

async function showJob(main, visit) {
  const path = `/jobs/${visit.parameters.id}`;
  const job = await desk.get(path, { signal: visit.signal });
  const body = h('div.desk-columns');
  const title = kindName(job.kind);
  const actions = h('div.actions');
  const tag = h('span');
  fill(main, head(title, { crumb: { href: '/operator/jobs', text: t('operator.jobs') }, beside: tag, actions }), body);
  const draw = (job) => {
    fill(tag, stateTag('job', job.state));
    fill(actions, actionsOf(job, visit), job.kind === 'export_tenant' && job.state === 'done' && may('admin') ? h('button.button.primary', { type: 'button', onclick: (event) => save(job, event.target).catch(complain) }, icon('export'), t('operator.download')) : null);
    fill(body,
      h('div.stack', section(t('operator.about'), facts([
        [t('operator.tenant'), h('a', { href: `/operator/tenants/${job.tenant}` }, job.tenant)], [t('operator.cell'), code(job.cell)], [t('operator.attempts'), `${job.attempt}/${job.maximum_attempts}`],
        [t('operator.enqueued'), when(job.enqueued_at)], [t('operator.due'), when(job.run_at)], job.started_at ? [t('operator.started'), when(job.started_at)] : null, job.ended_at ? [t('operator.finished'), when(job.ended_at)] : null,
        job.worker ? [t('operator.worker'), code(job.worker)] : null, job.progress !== null && job.progress !== undefined ? [t('operator.progress'), percent(job.progress)] : null,
        job.rescued ? [t('operator.rescued'), number(job.rescued)] : null,
      ]), job.error ? h('p.alert', { role: 'note' }, job.error) : null)),
      h('div.stack', job.result ? section(t('operator.result'), job.result.tenant ? h('p', h('a', { href: `/operator/tenants/${job.result.tenant}` }, job.result.tenant)) : h('pre.json', JSON.stringify(job.result, null, 2))) : null,
        section(t('operator.payload'), h('pre.json', { tabindex: '0', role: 'region', 'aria-label': t('operator.payload') }, JSON.stringify(job.payload, null, 2)))));
  };
  draw(job);
  follow(path, job, draw, visit.signal);
  return title;
}

/** Looks again until the job has ended or the page is left. */
async function follow(path, job, draw, signal) {
  for (let known = job; ['ready', 'running'].includes(known.state) && !signal.aborted;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (signal.aborted) return;
    const next = await desk.get(path, { signal }).catch(() => null);
    if (!next) return;
    if (JSON.stringify(next) !== JSON.stringify(known)) draw(next);
    known = next;
  }
}

/** Writes the file where the person says, piece by piece where the browser can; else it is gathered first. */
async function save(job, button) {
  const name = `${job.tenant}-${job.enqueued_at.slice(0, 10)}.tar`;
  const target = window.showSaveFilePicker ? await window.showSaveFilePicker({ suggestedName: name }).catch(() => null) : undefined;
  if (target === null) return;
  button.disabled = true;
  try {
    const response = await call('GET', `/operator/v1/jobs/${job.id}/content`, { raw: true });
    if (target) await response.body.pipeTo(await target.createWritable());
    else {
      const link = h('a', { href: URL.createObjectURL(await response.blob()), download: name });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }
    toast(t('export.done'));
  } finally { button.disabled = false; }
}
