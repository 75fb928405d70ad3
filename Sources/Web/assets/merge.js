// Records that are one: a hint that there may be another, and making one of several.

import { h, fill, icon } from './dom.js';
import { api, search } from './api.js';
import { t, plurals, singular, labelOf } from './i18n.js';
import { types, titleOf, valueAt, mayUpdate } from './state.js';
import { displayValue, isWritable } from './fields.js';
import { picker } from './pick.js';
import { dialog, toast, complain } from './ui.js';
import { sentence } from './refusals.js';

const rules = new Map();

/** Looks for records that the firm's rules would take for this one; a line that says so, or null. */
export async function duplicatesHint(type, record, signal) {
  if (!mayUpdate(type.name)) return null;
  if (!rules.has(type.name)) rules.set(type.name, (await api.get(`/v1/duplicate_rules/${type.name}`, { signal })).rules);
  const anyOf = rules.get(type.name).map(({ all }) => all.map((path) => [path, valueAt(record, path)])).filter((pairs) => pairs.every(([, value]) => value))
    .map((pairs) => ({ and: pairs.map(([path, value]) => ({ field: path, op: 'eq', value })) }));
  if (!anyOf.length) return null;
  const { data } = await search(type.name, { where: { and: [{ or: anyOf }, { field: 'id', op: 'ne', value: record.id }] }, fields: type.title, limit: 5 }, { signal });
  if (!data.length) return null;
  return h('p.note.warn', icon('warning'), h('span', t('merge.hint', { count: data.length }), ' ', data.map((one, index) => [index ? ', ' : '', h('a', { href: `/${type.name}/${one.id}` }, titleOf(type, one))])),
    h('button.button.small', { type: 'button', onclick: async () => { const merged = await merge(type, [record, ...data]); if (merged) location.reload(); } }, t('merge.title')));
}

/** Asks with which other record this one shall become one. */
export async function mergeWith(type, record) {
  const other = await dialog(t('merge.with'), (close) => {
    const choice = picker(type.name, { label: singular(type), where: { field: 'id', op: 'ne', value: record.id }, onchange: (id) => { if (id) close(id); } });
    return [h('p', t('merge.choose', { name: titleOf(type, record) })), choice.element];
  });
  return other ? merge(type, [record, { id: other }]) : undefined;
}

/** All of them side by side, a choice for each field that differs. Answers the one that stays, or undefined. */
export async function merge(type, chosen) {
  const records = await Promise.all(chosen.map(({ id }) => api.get(`/v1/${type.name}/${id}`)));
  let winner = records[0].id;
  const choose = new Map();
  return dialog(t('merge.heading', { count: records.length }), (close, element) => {
    element.dataset.firm = '1';
    const place = h('div.table-wrap', { tabindex: '0' });
    const moved = h('p.hint', { role: 'status' });
    const fields = type.fields.filter((field) => isWritable(field) && !['tags', 'document'].includes(field.kind));
    const differing = fields.filter((field) => new Set(records.map((record) => JSON.stringify(valueAt(record, field.path) ?? null))).size > 1);
    const standing = (field) => choose.get(field.path) ?? [winner, ...records.map((record) => record.id).filter((id) => id !== winner)].find((id) => { const value = valueAt(records.find((one) => one.id === id), field.path); return value !== null && value !== undefined; }) ?? winner;
    const body = (dry) => ({ from: records.map((record) => record.id).filter((id) => id !== winner), choose: Object.fromEntries([...choose].filter(([path]) => !path.startsWith('custom.') || true)), dry_run: dry });
    const foresee = () => api.post(`/v1/${type.name}/${winner}/merge`, body(true)).then((answer) => {
      moved.textContent = Object.entries(answer.moved).filter(([, count]) => count).map(([name, count]) => `${plurals(name)}: ${count}`).join(', ');
      if (moved.textContent) moved.textContent = t('merge.moves', { what: moved.textContent });
    }).catch((error) => { moved.textContent = sentence(error); });
    const draw = () => {
      fill(place, h('table.grid.conflict',
        h('thead', h('tr', h('th', { scope: 'col' }, t('merge.stays')), records.map((record) => h('th', { scope: 'col' }, h('label.check', h('input', { type: 'radio', name: 'winner', checked: record.id === winner, onchange: () => { winner = record.id; draw(); foresee(); } }), titleOf(type, record)))))),
        h('tbody', differing.map((field) => h('tr', h('th', { scope: 'row' }, labelOf(type, field)), records.map((record) => {
          const value = displayValue(type, field, valueAt(record, field.path));
          const isNothing = value === '' || (Array.isArray(value) && !value.length);
          return h('td', isNothing ? h('span.nothing', '—') : h('label.check', h('input', { type: 'radio', name: `merge-${field.path}`, checked: standing(field) === record.id, onchange: () => choose.set(field.path, record.id) }), h('span', value)));
        }))))));
    };
    draw();
    foresee();
    const save = h('button.button.primary', {
      type: 'button', onclick: async () => {
        save.disabled = true;
        try {
          const answer = await api.post(`/v1/${type.name}/${winner}/merge`, body(false));
          toast(t('merge.done'), { undo: answer.operation_id ? () => api.post(`/v1/operations/${answer.operation_id}/undo`, {}).then(() => location.reload()).catch(complain) : undefined });
          close(answer.record);
        } catch (error) { complain(error); save.disabled = false; }
      },
    }, t('merge.title'));
    return [h('p', t('merge.words')), place, moved, h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), save)];
  }, { wide: true });
}
