// Users and teams: who is in, what they may do, with whom they belong.

import { h, fill, icon } from './dom.js';
import { api, search } from './api.js';
import { t, plurals, singular, labelOf } from './i18n.js';
import { state, types, titleOf, mayCreate, mayUpdate, mayDelete } from './state.js';
import { display } from './fields.js';
import { create, edit } from './form.js';
import { toast, complain, confirm, menuButton } from './ui.js';
import { onChange } from './live.js';

export async function show(place, visit) {
  const type = types.get(visit.section);
  const columns = visit.section === 'users' ? ['email', 'role_id', 'status', 'time_zone'] : ['member_ids', 'parent_id'];
  const list = h('tbody');
  const fields = columns.map((path) => type.byPath.get(path)).filter(Boolean);
  async function load() {
    const include = fields.filter((field) => field.include && types.has(field.target)).map((field) => field.include);
    const { data } = await search(type.name, { limit: 200, sort: 'name', include }, { signal: visit.signal });
    fill(list, data.map((record) => h('tr', h('th', { scope: 'row' }, titleOf(type, record)), fields.map((field) => h('td', display(type, field, record))), h('td.row-actions', mayUpdate(type.name) ? actions(record) : null))));
  }
  const refresh = () => load().catch(complain);
  const actions = (record) => menuButton(t('people.actions', { name: titleOf(type, record) }), () => [
    { label: t('record.edit'), icon: 'edit', action: async () => { if (await edit(type.name, record, { only: visit.section === 'users' ? ['name', 'email', 'role_id', 'team_ids', 'time_zone', 'locale'] : ['name', 'member_ids', 'parent_id'] })) refresh(); } },
    visit.section === 'users' && record.status === 'invited' && { label: t('people.invite_again'), icon: 'mail', action: () => api.post(`/v1/users/${record.id}/invite`, {}).then(() => toast(t('people.invited'))).catch(complain) },
    visit.section === 'users' && record.status === 'active' && { label: t('people.disable'), icon: 'close', action: () => setStatus(record, 'disabled') },
    visit.section === 'users' && record.status === 'disabled' && { label: t('people.enable'), icon: 'check', action: () => setStatus(record, 'active') },
    mayDelete(type.name) && { label: t('ui.delete'), icon: 'trash', danger: true, action: async () => {
      if (!(await confirm(t('people.delete', { name: titleOf(type, record) }), t('people.delete_words'), t('ui.delete')))) return;
      api.delete(`/v1/${type.name}/${record.id}`).then(refresh).catch(complain);
    } },
  ]);
  const setStatus = (record, status) => api.patch(`/v1/users/${record.id}`, { status }, { version: record.version }).then(refresh).catch(complain);
  await load();
  onChange(type.name, refresh, visit.signal);
  fill(place, h('div.page-head', h('p.hint', t(`settings.${visit.section}_hint`)), mayCreate(type.name) ? h('button.button.primary', { type: 'button', id: 'new', onclick: async () => {
    if (await create(type.name, visit.section === 'users' ? { role_id: undefined } : {}, { only: visit.section === 'users' ? ['name', 'email', 'role_id', 'team_ids', 'password'] : ['name', 'member_ids', 'parent_id'] })) refresh();
  } }, icon('plus'), t('list.new')) : null),
  h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': plurals(type) }, h('table.grid', h('thead', h('tr', h('th', { scope: 'col' }, t('list.name')), fields.map((field) => h('th', { scope: 'col' }, labelOf(type, field))), h('th', { scope: 'col' }, h('span.unseen', t('record.actions'))))), list)));
}
