// What each role may do: a matrix of types and rights, fields that are hidden or read-only, and the account itself.

import { h, fill, icon } from './dom.js';
import { api, search } from './api.js';
import { t, plurals, labelOf } from './i18n.js';
import { state, types, titleOf } from './state.js';
import { toast, complain, confirm } from './ui.js';
import { sentence } from './refusals.js';
import { go } from './navigate.js';

const reaches = ['none', 'own', 'team', 'all'];
const actions = ['read', 'update', 'delete'];
const flags = ['create', 'export'];
const parts = ['settings', 'users', 'billing', 'schema'];

export async function show(place, visit) {
  if (visit.id) return showRole(place, visit);
  const { data } = await search('roles', { limit: 200, sort: 'name' }, { signal: visit.signal });
  fill(place, h('div.page-head', h('p.hint', t('roles.hint')), h('a.button.primary', { href: '/settings/roles/new', id: 'new', role: 'button' }, icon('plus'), t('list.new'))),
    h('ul.cards', data.map((role) => h('li.card', h('a', { href: `/settings/roles/${role.id}` }, h('strong', role.key ? t(`role.${role.key}`) : role.name)), h('p.hint', role.key ? t('roles.built_in') : Object.entries(role.admin).filter(([, has]) => has).map(([part]) => t(`roles.admin.${part}`)).join(', ') || '—')))));
}

async function showRole(place, visit) {
  const isNew = visit.id === 'new';
  const role = isNew ? { name: '', key: null, rights: { '*': { read: 'all', update: 'own', delete: 'own', create: true, export: false } }, hidden_fields: {}, readonly_fields: {}, admin: {} } : await api.get(`/v1/roles/${visit.id}`, { signal: visit.signal });
  const isFixed = role.key !== null && role.key !== undefined;
  const rights = structuredClone(role.rights);
  const hidden = structuredClone(role.hidden_fields ?? {});
  const readonly = structuredClone(role.readonly_fields ?? {});
  const admin = { settings: false, users: false, billing: false, schema: false, ...role.admin };
  const name = h('input', { id: 'role-name', value: isFixed ? t(`role.${role.key}`) : role.name, required: true, disabled: isFixed, maxlength: 500 });
  const nothing = { read: 'none', update: 'none', delete: 'none', create: false, export: false };
  const body = h('tbody');
  const rows = ['*', ...types.keys()];
  const row = (type) => {
    const own = rights[type];
    const shown = own ?? rights['*'] ?? nothing;
    const title = type === '*' ? t('roles.everything_else') : plurals(type);
    const set = (action, value) => { rights[type] = { ...nothing, ...shown, ...rights[type], [action]: value }; redraw(); };
    return h('tr', { class: own ? '' : 'inherited' }, h('th', { scope: 'row' }, title),
      actions.map((action) => h('td', h('select', { 'aria-label': `${title}: ${t(`roles.${action}`)}`, disabled: isFixed, onchange: (event) => set(action, event.target.value) }, reaches.map((reach) => h('option', { value: reach, selected: (shown[action] ?? 'none') === reach }, t(`reach.${reach}`)))))),
      flags.map((flag) => h('td', h('input', { type: 'checkbox', 'aria-label': `${title}: ${t(`roles.${flag}`)}`, disabled: isFixed, checked: shown[flag] === true, onchange: (event) => set(flag, event.target.checked) }))),
      h('td', type !== '*' && own && !isFixed ? h('button.button.small.quiet', { type: 'button', onclick: () => { delete rights[type]; redraw(); } }, t('roles.as_usual')) : null));
  };
  const redraw = () => { const at = document.activeElement?.getAttribute('aria-label'); fill(body, rows.map(row)); if (at) [...body.querySelectorAll('[aria-label]')].find((one) => one.getAttribute('aria-label') === at)?.focus(); };
  redraw();
  const fieldsPlace = h('div.stack');
  const drawFields = () => fill(fieldsPlace, [...types.values()].filter((type) => type.standing !== 'furniture').map((type) => h('details', h('summary', plurals(type), (hidden[type.name]?.length || readonly[type.name]?.length) ? ` (${(hidden[type.name]?.length ?? 0) + (readonly[type.name]?.length ?? 0)})` : ''),
    h('ul.field-rights', type.fields.filter((field) => !['id', 'version', 'created_at', 'updated_at', 'deleted_at', 'created_by', 'updated_by'].includes(field.path)).map((field) => {
      const current = hidden[type.name]?.includes(field.path) ? 'hidden' : readonly[type.name]?.includes(field.path) ? 'readonly' : 'all';
      return h('li', h('span', labelOf(type, field)), h('select', { 'aria-label': `${plurals(type)}: ${labelOf(type, field)}`, disabled: isFixed, onchange: (event) => {
        for (const [map, kind] of [[hidden, 'hidden'], [readonly, 'readonly']]) {
          map[type.name] = (map[type.name] ?? []).filter((path) => path !== field.path);
          if (event.target.value === kind) map[type.name].push(field.path);
          if (!map[type.name].length) delete map[type.name];
        }
      } }, ['all', 'readonly', 'hidden'].map((one) => h('option', { value: one, selected: one === current }, t(`roles.field.${one}`)))));
    })))));
  drawFields();
  const alert = h('p.alert', { role: 'alert', hidden: true });
  fill(place, h('form.stack', {
    onsubmit: async (event) => {
      event.preventDefault();
      alert.hidden = true;
      const body = { name: name.value, rights, hidden_fields: hidden, readonly_fields: readonly, admin };
      try { const saved = isNew ? await api.post('/v1/roles', body) : await api.patch(`/v1/roles/${role.id}`, body, { version: role.version }); toast(t('form.saved')); go(`/settings/roles/${saved.id}`); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); alert.scrollIntoView({ block: 'center' }); }
    },
  }, alert, isFixed ? h('p.note', t('roles.fixed')) : null,
  h('section.section', h('div.field', h('label', { for: 'role-name' }, t('list.name')), name)),
  h('section.section', h('h2', t('roles.rights')), h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': t('roles.rights') }, h('table.grid.matrix', h('thead', h('tr', h('th', { scope: 'col' }, t('roles.type')), [...actions, ...flags].map((action) => h('th', { scope: 'col' }, t(`roles.${action}`))), h('th', { scope: 'col' }, h('span.unseen', t('roles.as_usual'))))), body))),
  h('section.section', h('h2', t('roles.fields')), fieldsPlace),
  h('section.section', h('h2', t('roles.admin')), h('div.checks', parts.map((part) => h('label.check', h('input', { type: 'checkbox', checked: admin[part], disabled: isFixed, onchange: (event) => { admin[part] = event.target.checked; } }), t(`roles.admin.${part}`))))),
  isFixed ? null : h('div.save-bar', isNew ? null : h('button.button.danger', { type: 'button', onclick: async () => {
    if (!(await confirm(t('ui.delete'), t('roles.delete_words', { name: role.name }), t('ui.delete')))) return;
    try { await api.delete(`/v1/roles/${role.id}`); go('/settings/roles'); } catch (error) { complain(error); }
  } }, t('ui.delete')), h('button.button.primary', t('form.save')))));
}
