// What makes two records one: rules per type, and a look through everything.

import { h, fill, icon, iconButton, newID } from './dom.js';
import { api } from './api.js';
import { t, plurals, labelOf, number } from './i18n.js';
import { types } from './state.js';
import { titleFor } from './pick.js';
import { toast, complain } from './ui.js';

export async function show(place, visit) {
  const mergeable = [...types.values()].filter((type) => type.operations.includes('merge'));
  fill(place, h('p.hint', t('duplicates.hint')), mergeable.map((type) => section(type, visit)));
}

function section(type, visit) {
  const list = h('ul.rule-list');
  const found = h('div.stack');
  let rules = [];
  const fields = type.fields.filter((field) => ['text', 'email', 'phone', 'domain', 'url', 'reference', 'date', 'select', 'integer'].includes(field.kind) && !field.is_read_only && field.path !== 'owner_id');
  const draw = () => fill(list, rules.length ? rules.map((rule, index) => h('li', h('div.checks', fields.filter((field) => rule.all.includes(field.path)).map((field) => h('span.chip', labelOf(type, field), iconButton('close', t('pick.remove', { title: labelOf(type, field) }), () => { rule.all = rule.all.filter((path) => path !== field.path); rules = rules.filter((one) => one.all.length); draw(); }))),
    h('select', { 'aria-label': t('duplicates.and'), onchange: (event) => { if (event.target.value) rule.all.push(event.target.value); draw(); } }, h('option', { value: '' }, t('duplicates.and')), fields.filter((field) => !rule.all.includes(field.path)).map((field) => h('option', { value: field.path }, labelOf(type, field))))))) : h('li.hint', t('duplicates.none')));
  api.get(`/v1/duplicate_rules/${type.name}`, { signal: visit.signal }).then((answer) => { rules = answer.rules; draw(); }).catch(complain);
  const add = h('select', { 'aria-label': t('duplicates.or'), onchange: () => { if (add.value) rules.push({ all: [add.value] }); add.value = ''; draw(); } }, h('option', { value: '' }, t('duplicates.or')), fields.map((field) => h('option', { value: field.path }, labelOf(type, field))));
  const scan = async () => {
    try {
      let answer = await api.post('/v1/duplicates/scans', { type: type.name });
      fill(found, h('p.hint', { role: 'status' }, t('duplicates.looking')));
      while (!['done', 'failed'].includes(answer.state)) { await new Promise((resolve) => setTimeout(resolve, 400)); answer = await api.get(`/v1/duplicates/scans/${answer.id}?limit=50`, { signal: visit.signal }); }
      answer = await api.get(`/v1/duplicates/scans/${answer.id}?limit=50`, { signal: visit.signal });
      fill(found, h('p', { role: 'status' }, t('duplicates.found', { count: answer.groups.length })), h('ul.field-list', await Promise.all(answer.groups.map(async (group) => {
        const names = await Promise.all(group.ids.map((id) => titleFor(type.name, id)));
        return h('li', h('span', names.map((name, index) => [index ? ', ' : '', h('a', { href: `/${type.name}/${group.ids[index]}` }, name ?? '…')])), h('span.row-end', h('button.button.small', { type: 'button', onclick: async () => { const { merge } = await import('./merge.js'); if (await merge(type, group.ids.slice(0, 10).map((id) => ({ id })))) scan(); } }, t('merge.title'))));
      }))));
    } catch (error) { complain(error); }
  };
  return h('section.section', h('h2', plurals(type)), list, h('div.actions', add, h('button.button.small.primary', { type: 'button', onclick: () => api.put(`/v1/duplicate_rules/${type.name}`, { rules }).then(() => toast(t('form.saved'))).catch(complain) }, t('form.save')),
    h('button.button.small', { type: 'button', onclick: scan }, icon('search'), t('duplicates.look'))), found);
}
