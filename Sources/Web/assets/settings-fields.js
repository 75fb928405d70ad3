// What the firm adds to the product: fields of its own on any type, and whole types of its own.

import { h, fill, icon, iconButton, newID } from './dom.js';
import { api, search } from './api.js';
import { t, plurals, singular } from './i18n.js';
import { types, refreshTypes } from './state.js';
import { dialog, toast, complain, confirm } from './ui.js';
import { sentence } from './refusals.js';

const kinds = ['text', 'long_text', 'integer', 'decimal', 'money', 'boolean', 'date', 'datetime', 'select', 'multi_select', 'email', 'phone', 'url', 'reference'];

export async function show(place, visit) {
  const [fields, objects] = await Promise.all([
    search('custom_fields', { limit: 200, sort: 'created_at' }, { signal: visit.signal }).then(({ data }) => data),
    search('custom_objects', { limit: 200, sort: 'created_at' }, { signal: visit.signal }).then(({ data }) => data)]);
  const again = async () => { await refreshTypes(api); show(place, visit); };
  const targets = [...types.values()].filter((type) => type.standing !== 'furniture' && type.operations.includes('list'));
  const rows = (type) => fields.filter((field) => field.type === type.name).map((field) => h('li',
    h('strong', field.label), h('code.hint', `custom.${field.name}`), h('span.tag', t(`kind.${field.kind}`)), field.required ? h('span.tag', t('field.required')) : null, field.unique ? h('span.tag', t('field.unique')) : null,
    h('span.row-end', iconButton('edit', t('record.edit_field', { field: field.label }), async () => { if (await askField(type.name, field)) again(); }),
      iconButton('trash', t('pick.remove', { title: field.label }), async () => {
        if (!(await confirm(t('fields.delete', { name: field.label }), t('fields.delete_words'), t('ui.delete')))) return;
        try { await api.delete(`/v1/custom_fields/${field.id}`); again(); } catch (error) { complain(error); }
      }))));
  fill(place, h('p.hint', t('fields.hint')),
    h('section.section', h('div.section-head', h('h2', t('type.custom_objects')), h('button.button.small', { type: 'button', onclick: async () => { if (await askObject()) { await again(); location.reload(); } } }, icon('plus'), t('fields.new_object'))),
      objects.length ? h('ul.field-list', objects.map((object) => h('li', h('strong', h('a', { href: `/${object.plural}` }, plurals(object.plural))), h('code.hint', `/v1/${object.plural}`), h('span.row-end', iconButton('trash', t('pick.remove', { title: object.plural }), async () => {
        if (!(await confirm(t('fields.delete', { name: object.plural }), t('fields.delete_object_words'), t('ui.delete')))) return;
        try { await api.delete(`/v1/custom_objects/${object.id}`); await refreshTypes(api); location.reload(); } catch (error) { complain(error); }
      }))))) : h('p.hint', t('fields.no_objects'))),
    targets.map((type) => h('section.section', h('div.section-head', h('h2', plurals(type)), h('button.button.small', { type: 'button', 'aria-label': t('fields.new_for', { type: plurals(type) }), onclick: async () => { if (await askField(type.name)) again(); } }, icon('plus'), t('fields.new'))),
      rows(type).length ? h('ul.field-list', rows(type)) : h('p.hint', t('fields.none')))));
}

/** Asks for a field's definition; saves it. Answers whether it did. */
function askField(type, field) {
  return dialog(field ? t('record.edit_field', { field: field.label }) : t('fields.new_for', { type: plurals(type) }), (close) => {
    const form = definition(field);
    const alert = h('p.alert', { role: 'alert', hidden: true });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        try { if (field) await api.patch(`/v1/custom_fields/${field.id}`, form.value(), { version: field.version }); else await api.post('/v1/custom_fields', { type, ...form.value() }); close(true); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); }
      },
    }, alert, form.element, h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
  });
}

const nameOf = (label) => label.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 41);

/** The controls of one definition. */
function definition(field) {
  const ids = Object.fromEntries(['label', 'name', 'kind', 'options', 'target', 'default'].map((name) => [name, newID('d')]));
  const label = h('input', { id: ids.label, required: true, maxlength: 500, value: field?.label ?? '', oninput: () => { if (!field && !name.dataset.own) name.value = nameOf(label.value); } });
  const name = h('input', { id: ids.name, required: true, pattern: '[a-z][a-z0-9_]{0,40}', value: field?.name ?? '', disabled: Boolean(field), oninput: () => { name.dataset.own = '1'; } });
  const kind = h('select', { id: ids.kind, onchange: () => drawKind() }, kinds.map((one) => h('option', { value: one, selected: one === (field?.kind ?? 'text') }, t(`kind.${one}`))));
  const options = h('textarea', { id: ids.options, rows: 4, value: Array.isArray(field?.options) ? field.options.join('\n') : '' });
  const target = h('select', { id: ids.target }, [...types.values()].filter((type) => type.standing === 'subject' || type.name === 'users').map((type) => h('option', { value: type.name, selected: field?.options?.type === type.name }, plurals(type))));
  const required = h('input', { type: 'checkbox', checked: field?.required });
  const unique = h('input', { type: 'checkbox', checked: field?.unique });
  const standard = h('input', { id: ids.default, value: field?.default === null || field?.default === undefined ? '' : typeof field.default === 'string' ? field.default : JSON.stringify(field.default), maxlength: 500 });
  const rest = h('div.stack');
  const drawKind = () => fill(rest,
    ['select', 'multi_select'].includes(kind.value) ? h('div.field', h('label', { for: ids.options }, t('fields.options')), options, h('span.hint', t('fields.options_hint'))) : null,
    kind.value === 'reference' ? h('div.field', h('label', { for: ids.target }, t('fields.target')), target) : null,
    h('div.checks', h('label.check', required, t('field.required')), ['long_text', 'money', 'boolean', 'multi_select'].includes(kind.value) ? null : h('label.check', unique, t('field.unique'))),
    kind.value === 'reference' ? null : h('div.field', h('label', { for: ids.default }, t('field.default')), standard, h('span.hint', t('fields.default_hint'))));
  drawKind();
  const readDefault = () => {
    const text = standard.value.trim();
    if (!text) return null;
    if (['integer'].includes(kind.value)) return Number(text);
    if (kind.value === 'boolean') return text === 'true';
    if (['money', 'multi_select'].includes(kind.value)) { try { return JSON.parse(text); } catch { return text; } }
    return text;
  };
  return {
    element: h('div.stack', h('div.field', h('label', { for: ids.label }, t('field.label')), label), h('div.field', h('label', { for: ids.name }, t('fields.name')), name, h('span.hint', t('fields.name_hint'))), h('div.field', h('label', { for: ids.kind }, t('field.kind')), kind), rest),
    value: () => ({
      label: label.value, ...(!field && { name: name.value }), kind: kind.value, required: required.checked, unique: unique.checked && !['long_text', 'money', 'boolean', 'multi_select'].includes(kind.value),
      ...(['select', 'multi_select'].includes(kind.value) && { options: options.value.split('\n').map((one) => one.trim()).filter(Boolean) }), ...(kind.value === 'reference' && { options: { type: target.value } }),
      ...(kind.value !== 'reference' && (readDefault() !== null || field) && { default: readDefault() }),
    }),
  };
}

function askObject() {
  return dialog(t('fields.new_object'), (close, element) => {
    element.dataset.firm = '1';
    const [pluralID, nameID] = [newID('o'), newID('o')];
    const plural = h('input', { id: pluralID, required: true, pattern: '[a-z][a-z0-9_]{0,40}', placeholder: 'tickets' });
    const name = h('input', { id: nameID, required: true, pattern: '[a-z][a-z0-9_]{0,40}', placeholder: 'ticket' });
    const definitions = [definition({ label: t('list.name'), name: 'title', kind: 'text', required: true })];
    const list = h('div.stack');
    definitions[0] = definition(null);
    const draw = () => fill(list, definitions.map((one, index) => h('fieldset.setting-group', h('legend', index ? t('fields.number', { number: index + 1 }) : t('fields.named_by')), one.element)));
    draw();
    const alert = h('p.alert', { role: 'alert', hidden: true });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        const fields = definitions.map((one) => one.value());
        try { await api.post('/v1/custom_objects', { name: name.value, plural: plural.value, label_field: fields[0].name, fields }); close(true); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); alert.scrollIntoView(); }
      },
    }, alert, h('div.form-grid', h('div.field', h('label', { for: nameID }, t('fields.object_name')), name), h('div.field', h('label', { for: pluralID }, t('fields.object_plural')), plural)), list,
    h('div.actions', h('button.button.small', { type: 'button', onclick: () => { definitions.push(definition(null)); draw(); } }, icon('plus'), t('fields.new'))),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
  }, { wide: true });
}
