// Who may sit at this desk: names, roles, when they were last here; a new token, and the end of one.

import { h, fill, icon } from './dom.js';
import { address } from './api.js';
import { t } from './i18n.js';
import { complain, toast } from './ui.js';
import { desk, operator, whole } from './operator-api.js';
import { ago, head, showOnce, table, when, withReason } from './operator-parts.js';

export async function show(main, visit) {
  const people = await whole('/operators', visit.signal);
  const add = async () => {
    const done = await withReason(t('operator.new_person'), {
      action: t('operator.make'), fields: [
        { name: 'name', label: t('operator.name'), required: true, maxlength: 100 },
        { name: 'role', label: t('operator.role'), kind: 'select', value: 'viewer', options: ['viewer', 'support', 'admin'].map((role) => [role, `${t(`operator.role.${role}`)} – ${t(`operator.role.${role}.words`)}`]) },
      ], send: (body) => desk.post('/operators', body),
    });
    if (!done) return;
    await showOnce(t('operator.new_person'), t('operator.token_once', { name: done.answer.name }), done.answer.token);
    await visit.again();
  };
  const end = async (person) => {
    const done = await withReason(t('operator.end_access'), { words: t('operator.words.end_access', { name: person.name }), danger: true, send: ({ reason }) => desk.delete(address(`/operators/${encodeURIComponent(person.name)}`, { reason })) });
    if (done) { toast(t('operator.is_done')); await visit.again(); }
  };
  fill(main, head(t('operator.people'), { actions: h('button.button.primary', { type: 'button', id: 'new', onclick: () => add().catch(complain) }, icon('plus'), t('list.new')) }),
    table(t('operator.people'), [t('operator.name'), t('operator.role'), t('operator.last_here'), { text: t('operator.created'), wide: true }, { text: t('list.actions'), actions: true }], people.map((person) => [
      person.name, person.revoked_at ? h('span.tag.tone-dim', t('operator.ended_access')) : t(`operator.role.${person.role}`), ago(person.last_used_at), when(person.created_at),
      person.revoked_at || person.id === operator.id ? '' : h('button.button.small.danger', { type: 'button', onclick: () => end(person).catch(complain) }, t('operator.end_access')),
    ])).element);
  return t('operator.people');
}
