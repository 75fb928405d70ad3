// What operators did, newest first: who, what, to whom and why; and whether the chain of its rows is whole.

import { h, fill } from './dom.js';
import { address } from './api.js';
import { t, number } from './i18n.js';
import { complain } from './ui.js';
import { desk, knows } from './operator-api.js';
import { code, head, paged, table, when, words } from './operator-parts.js';

export const actionName = (action) => words(`operator.done.${action}`, action);

export async function show(main, visit) {
  let target = visit.url.searchParams.get('target') ?? '';
  const list = table(t('operator.audit'), [{ text: '#' }, t('operator.at'), t('operator.actor'), t('operator.action'), t('operator.target'), t('operator.reason'), { text: t('operator.hash'), wide: true }]);
  const pages = paged((after) => desk.get(address('/audit', { limit: 50, after, target }), { signal: visit.signal }), (rows) => list.add(rows.map((row) => [
    String(row.seq), when(row.at), row.actor, actionName(row.action), row.target ?? '', row.reason ?? '', h('code', { title: row.hash }, row.hash.slice(0, 12)),
  ])), t('operator.nothing_done'));
  const chain = h('div', { role: 'status' });
  fill(main, head(t('operator.audit'), { actions: knows('GET', '/audit/verify') ? h('button.button', { type: 'button', onclick: (event) => verify(chain, event.target, visit.signal).catch(complain) }, t('operator.verify')) : null }), chain,
    h('div.list-tools', h('input', { type: 'search', 'aria-label': t('operator.target'), placeholder: t('operator.target'), value: target, onchange: (event) => { target = event.target.value.trim(); history.replaceState(history.state, '', address('/operator/audit', { target })); list.clear(); pages.restart().catch(complain); } })),
    list.element, pages.foot);
  await pages.restart();
  return t('operator.audit');
}

/** Reads the whole chain; the head of the last look is kept here, so that a chain that was rewritten since is noticed. */
async function verify(place, button, signal) {
  const name = 'tenantry:operator:audit-head';
  button.disabled = true;
  try {
    const report = await desk.get(address('/audit/verify', { known: localStorage.getItem(name) }), { signal });
    if (report.intact) localStorage.setItem(name, report.head);
    fill(place, h('div', { class: report.intact ? 'note good' : 'alert' }, h('strong', t(report.intact ? 'operator.chain_intact' : 'operator.chain_broken')),
      h('p', t('operator.chain_rows', { count: report.rows, seals: number(report.seals) })), report.intact ? null : h('ul', report.flaws.slice(0, 20).map((flaw) => h('li', `#${flaw.seq}: ${flaw.what}`))),
      h('p', t('operator.chain_head'), ' ', code(report.head))));
  } finally { button.disabled = false; }
}
