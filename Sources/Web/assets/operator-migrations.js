// How far each tenant's schema is; those that could not be migrated, why, and another attempt.

import { h, fill } from './dom.js';
import { address } from './api.js';
import { t } from './i18n.js';
import { complain, toast } from './ui.js';
import { desk, may } from './operator-api.js';
import { code, head, paged, stateTag, table, withReason } from './operator-parts.js';

const standings = ['quarantined', 'pending', 'current'];

export async function show(main, visit) {
  let state = standings.includes(visit.url.searchParams.get('state')) ? visit.url.searchParams.get('state') : '';
  const list = table(t('operator.migrations'), [t('operator.tenant'), t('operator.state'), { text: t('operator.schema'), number: true }, { text: t('operator.to_go'), number: true, wide: true }, { text: t('operator.cell'), wide: true }, { text: t('list.actions'), actions: true }]);
  const retry = async (slug) => {
    const done = await withReason(t('operator.migrate'), { words: t('operator.words.migrate', { name: slug }), send: (body) => desk.post(`/migrations/${slug}/retry`, body) });
    if (!done) return;
    toast(t(`operator.migration.now.${done.answer.state}`));
    await visit.again();
  };
  const pages = paged((after) => desk.get(address('/migrations', { limit: 50, after, state }), { signal: visit.signal }), (rows) => list.add(rows.map((row) => [
    h('a', { href: `/operator/tenants/${row.tenant}` }, row.tenant), h('span', stateTag('migration', row.state), row.reason ? h('span.hint.reason', row.reason) : null),
    `${row.schema_version} / ${row.latest}`, String(row.pending), code(row.cell),
    row.state !== 'current' && may('support') ? h('button.button.small', { type: 'button', onclick: () => retry(row.tenant).catch(complain) }, t('operator.migrate')) : '',
  ])), t('operator.no_migrations'));
  fill(main, head(t('operator.migrations')), h('p.hint', t('operator.migrations_hint')),
    h('div.list-tools', h('select', { 'aria-label': t('operator.state'), onchange: (event) => { state = event.target.value; history.replaceState(history.state, '', address('/operator/migrations', { state })); list.clear(); pages.restart().catch(complain); } },
      h('option', { value: '' }, t('operator.all_states')), standings.map((one) => h('option', { value: one, selected: one === state }, t(`operator.migration.${one}`))))), list.element, pages.foot);
  await pages.restart();
  return t('operator.migrations');
}
