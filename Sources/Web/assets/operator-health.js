// Whether everything is well: the service itself, its database connections, its queues and its mail, looked at every few seconds.

import { h, fill } from './dom.js';
import { t, number, percent, time, duration } from './i18n.js';
import { complain } from './ui.js';
import { desk, figures, knows } from './operator-api.js';
import { head, section, table } from './operator-parts.js';

export async function show(main, visit) {
  const body = h('div.stack');
  const note = h('p.hint');
  const isolation = h('div', { role: 'status' });
  const check = async (event) => {
    event.target.disabled = true;
    fill(isolation, h('p.hint', t('operator.checking')));
    try {
      const report = await desk.get('/isolation-check', { signal: visit.signal });
      const isFine = report.failures.length === 0;
      fill(isolation, h('div', { class: isFine ? 'note good' : 'alert' }, h('strong', t(isFine ? 'operator.isolated' : 'operator.not_isolated')), h('p', t('operator.probed', { count: report.probed })),
        isFine ? null : h('ul', report.failures.slice(0, 30).map((one) => h('li', [one.method, one.path, one.status, one.detail].filter(Boolean).join(' '))))));
    } catch (error) { fill(isolation); complain(error); } finally { event.target.disabled = false; }
  };
  fill(main, head(t('operator.health'), { actions: knows('GET', '/isolation-check') ? h('button.button', { type: 'button', onclick: check }, t('operator.check_isolation')) : null }), note, isolation, body);
  await look(body, note, visit.signal);
  const timer = setInterval(() => { if (!document.hidden) look(body, note, visit.signal).catch(() => { /* The next look tells. */ }); }, 5000);
  visit.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return t('operator.health');
}

let before = null;

async function look(place, note, signal) {
  const [ready, all] = await Promise.all([fetch('/readyz', { signal, cache: 'no-store' }), figures(signal)]);
  const now = { at: Date.now(), requests: sum(all, 'tenantry_http_requests_total') };
  const rate = before && now.at > before.at ? Math.max(0, (now.requests - before.requests) / ((now.at - before.at) / 1000)) : null;
  before = now;
  const failed = all.filter((one) => one.name === 'tenantry_http_requests_total' && /^5/.test(one.labels.status ?? one.labels.code ?? '')).reduce((total, one) => total + one.value, 0);
  const oldest = max(all, 'tenantry_jobs_oldest_seconds');
  const waiters = sum(all, 'tenantry_pool_waiters');
  const mailFailed = sum(all, 'tenantry_mail_failed_total');
  fill(note, t('operator.looked', { time: time(new Date().toISOString()) }));
  fill(place, h('ul.tiles',
    tile(t('operator.service'), t(ready.ok ? 'operator.up' : 'operator.down'), ready.ok ? 'good' : 'bad'),
    tile(t('operator.requests'), rate === null ? number(now.requests) : t('operator.per_second', { rate: number(rate, { maximumFractionDigits: 1 }) }), '', t('operator.since_start', { count: now.requests })),
    tile(t('operator.failures'), now.requests ? percent(failed / now.requests) : '—', failed ? 'warn' : 'good', t('operator.failed_requests', { count: failed })),
    tile(t('operator.latency'), latency(all)),
    tile(t('operator.connections'), `${number(sum(all, 'tenantry_pool_in_use'))} / ${number(sum(all, 'tenantry_pool_connections'))}`, waiters ? 'warn' : '', t('operator.waiters', { count: waiters })),
    tile(t('operator.waiting_jobs'), number(sum(all, 'tenantry_jobs_ready')), oldest > 60 ? 'warn' : '', oldest > 0 ? t('operator.oldest', { time: seconds(oldest) }) : t('operator.none_overdue')),
    tile(t('operator.mail_sent'), number(sum(all, 'tenantry_mail_sent_total')), mailFailed ? 'warn' : '', t('operator.mail_failed', { count: mailFailed }))),
  h('div.narrow', section(t('operator.tenants_by_state'), table(t('operator.tenants_by_state'), [t('operator.state'), { text: t('operator.tenants'), number: true }],
    all.filter((one) => one.name === 'tenantry_tenants').map((one) => [t(`operator.tenant.${one.labels.state}`), number(one.value)])).element)));
}

const tile = (name, value, tone = '', words = '') => h('li.tile', { class: tone }, h('span.tile-name', name), h('strong', value), h('span.hint', words));
const of = (all, name) => all.filter((one) => one.name === name);
const sum = (all, name) => of(all, name).reduce((total, one) => total + one.value, 0);
const max = (all, name) => Math.max(0, ...of(all, name).map((one) => one.value));
const seconds = (value) => (value < 60 ? number(value, { style: 'unit', unit: 'second', maximumFractionDigits: 0 }) : duration(Math.round(value / 60)));

/** The time within which 95 of 100 requests were answered, from the histogram's buckets. */
function latency(all) {
  const buckets = new Map();
  for (const one of of(all, 'tenantry_http_request_seconds_bucket')) { const bound = one.labels.le === '+Inf' ? Infinity : Number(one.labels.le); buckets.set(bound, (buckets.get(bound) ?? 0) + one.value); }
  const total = buckets.get(Infinity);
  if (!total) return '—';
  const bound = [...buckets].sort((a, b) => a[0] - b[0]).find(([, count]) => count >= total * 0.95)?.[0];
  return bound === Infinity || bound === undefined ? '—' : `≤ ${number(bound * 1000, { style: 'unit', unit: 'millisecond', maximumFractionDigits: 0 })}`;
}
