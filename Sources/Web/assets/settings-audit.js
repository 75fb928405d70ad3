// Who signed in, took data away, changed rights or settings: the firm's own audit, newest first.

import { h, fill } from './dom.js';
import { api, address } from './api.js';
import { t, has, dateTime } from './i18n.js';
import { types } from './state.js';
import { recordLink, actor } from './fields.js';
import { complain } from './ui.js';

export async function show(place, visit) {
  const body = h('tbody');
  const more = h('button.button', { type: 'button', hidden: true, onclick: () => load(next).catch(complain) }, t('list.more'));
  let next = null;
  async function load(after) {
    const page = await api.get(address('/v1/audit', { limit: 50, after }), { signal: visit.signal });
    body.append(...page.data.map((entry) => h('tr', h('td', h('time', { datetime: entry.at }, dateTime(entry.at))), h('td', entry.actor ? actor(entry.actor) : '—'), h('td', has(`audit.${entry.action}`) ? t(`audit.${entry.action}`) : entry.action.replaceAll('_', ' ')), h('td', entry.address ?? ''), h('td', detail(entry.detail)))));
    next = page.page.next;
    more.hidden = !next;
  }
  await load(null);
  fill(place, h('p.hint', t('audit.hint')), h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': t('settings.audit') }, h('table.grid', h('thead', h('tr', [t('changes.when'), t('changes.who'), t('changes.what'), t('audit.from'), t('composer.details')].map((text) => h('th', { scope: 'col' }, text)))), body)), h('div.list-foot', more));
}

const detail = (value) => Object.entries(value ?? {}).map(([name, one]) => `${name}: ${typeof one === 'object' ? JSON.stringify(one) : one}`).join(', ');
