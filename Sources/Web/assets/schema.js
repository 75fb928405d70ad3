// A form that follows from a JSON Schema: what the firm's settings are edited with.

import { h, fill, iconButton, newID } from './dom.js';
import { t, has } from './i18n.js';
import { state } from './state.js';

/** What a setting is for: by its name, or by what holds for each of its group; the definition's own English for what has no words. */
function help(schema, path) {
  const key = [`setting_help.${path}`, `setting_help.${path.split('.').slice(0, -1).concat('each').join('.')}`].find(has);
  return schema.description && (key ? t(key) : schema.description);
}
const plain = (schema) => (Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type);
const words = (name) => { const text = name.replaceAll('_', ' '); return text.charAt(0).toUpperCase() + text.slice(1); };
export const settingLabel = (path, name) => (has(`setting.${path}`) ? t(`setting.${path}`) : has(`setting.${name}`) ? t(`setting.${name}`) : words(name));

/** `{element, value()}` for a member of an object; `value()` answers undefined where nothing is to be sent. */
export function control(schema, name, value, path) {
  const kind = plain(schema);
  const id = newID('s');
  if (kind === 'object' && schema.properties) {
    if (schema.properties.set || value?.set !== undefined) return secret(id, name, value, path, schema);
    return group(schema, name, value ?? {}, path);
  }
  if (kind === 'array') return list(schema, name, value ?? [], path);
  const note = help(schema, path);
  const frame = (element) => h('div.field', h('label', { for: id }, settingLabel(path, name)), element, note && h('span.hint', note));
  if (kind === 'boolean') {
    const box = h('input', { id, type: 'checkbox', checked: value === true });
    return { element: h('div.field', h('label.check', { for: id }, box, settingLabel(path, name)), note && h('span.hint', note)), value: () => box.checked };
  }
  if (schema.enum) {
    const select = h('select', { id }, schema.enum.map((one) => h('option', { value: one ?? '', selected: one === value }, one === null ? '' : has(`choice.${one}`) ? t(`choice.${one}`) : words(one))));
    return { element: frame(select), value: () => select.value || null };
  }
  if (kind === 'integer' || kind === 'number') {
    const input = h('input', { id, type: 'number', min: schema.minimum, max: schema.maximum, value: value ?? '' });
    return { element: frame(input), value: () => (input.value === '' ? null : Number(input.value)) };
  }
  if (value && typeof value === 'object' && 'set' in value) return secret(id, name, value, path, schema);
  const type = schema.format === 'date' ? 'date' : /2\[0-3\]/.test(schema.pattern ?? '') ? 'time' : /0-9A-Fa-f|a-f/.test(schema.pattern ?? '') && name === 'colour' ? 'color' : name === 'password' ? 'password' : 'text';
  const input = h('input', { id, type, value: value ?? (type === 'color' ? '#2f5bd7' : ''), maxlength: type === 'text' ? schema.maxLength ?? 500 : null });
  let touched = type !== 'color' || Boolean(value);
  input.addEventListener('input', () => { touched = true; });
  return { element: frame(input), value: () => (touched ? input.value.trim() || null : null) };
}

function secret(id, name, value, path, schema) {
  const input = h('input', { id, type: 'password', autocomplete: 'new-password', placeholder: value?.set ? t('setting.secret_set') : '', maxlength: 1000 });
  return { element: h('div.field', h('label', { for: id }, settingLabel(path, name)), input, help(schema, path) && h('span.hint', help(schema, path))), value: () => input.value || undefined };
}

function group(schema, name, value, path) {
  const inner = Object.entries(schema.properties).filter(([member]) => value === undefined || member in value || !('readOnly' in schema)).map(([member, sub]) => [member, control(sub, member, value?.[member], path ? `${path}.${member}` : member)]);
  const read = () => Object.fromEntries(inner.map(([member, one]) => [member, one.value()]).filter(([, one]) => one !== undefined));
  const isWithheld = state.tenant.features[schema['x-feature']] === false;
  const element = h('fieldset.setting-group', h('legend', settingLabel(path, name)), help(schema, path) && h('p.hint', help(schema, path)),
    isWithheld && h('p.note', t('settings.not_in_plan')), h('div.form-grid', inner.map(([, one]) => one.element)));
  return { element, value: read, isGroup: true };
}

function list(schema, name, value, path) {
  const entries = value.map((one) => one);
  const place = h('ul.setting-list');
  let controls = [];
  const isObject = plain(schema.items) === 'object';
  const draw = () => {
    controls = entries.map((entry, index) => {
      const parts = isObject ? Object.entries(schema.items.properties).map(([member, sub]) => [member, control({ ...sub, description: undefined }, member, entry?.[member], `${path}.${member}`)]) : [[null, control({ ...schema.items, description: undefined }, name, entry, `${path}.item`)]];
      return { read: () => (isObject ? Object.fromEntries(parts.map(([member, one]) => [member, one.value()])) : parts[0][1].value()), element: h('li', parts.map(([, one]) => one.element), iconButton('trash', t('setting.remove', { number: index + 1 }), () => { sync(); entries.splice(index, 1); draw(); })) };
    });
    fill(place, controls.map((one) => one.element));
  };
  const sync = () => { controls.forEach((one, index) => { entries[index] = one.read(); }); };
  draw();
  return {
    element: h('fieldset.setting-group', h('legend', settingLabel(path, name)), help(schema, path) && h('p.hint', help(schema, path)), place,
      h('div.actions', h('button.button.small', { type: 'button', onclick: () => { sync(); entries.push(isObject ? {} : ''); draw(); place.lastElementChild?.querySelector('input, select')?.focus(); } }, t('setting.add')))),
    value: () => { sync(); return entries.filter((one) => one !== null && one !== ''); }, isGroup: true,
  };
}
