// What a field's value looks like and how it is edited, by its kind. Everything that shows records goes through here, custom fields too.

import { h, fill, newID, icon, iconButton } from './dom.js';
import { api } from './api.js';
import { t, money, date, dateTime, number, optionOf, labelOf, plurals, singular, wall, instant, timeZone, duration, locale } from './i18n.js';
import { state, types, titleOf, valueAt } from './state.js';
import { onChange } from './live.js';
import { picker, multiPicker, titleFor, rememberTitle } from './pick.js';

let stagesAsked;
/** Every pipeline with its stages, asked once. */
export function pipelines() {
  stagesAsked ??= api.get('/v1/pipelines?limit=200&sort=created_at').then(({ data }) => data).catch((error) => { stagesAsked = null; throw error; });
  return stagesAsked;
}
export const forgetPipelines = () => { stagesAsked = null; };
onChange('pipelines', forgetPipelines);
export async function stageOf(id) {
  for (const pipeline of await pipelines()) for (const stage of pipeline.stages) if (stage.id === id) return { ...stage, pipeline };
  return null;
}

/** Fills a node later with what is known only later. */
function later(promise, show) {
  const place = h('span');
  promise.then((value) => fill(place, show(value))).catch(() => {});
  return place;
}

const safeAddress = (text) => /^https?:\/\//i.test(text);

/** A link to a record, or its name where it has no page of its own; `title` where it is known already. */
export function recordLink(type, record, title = titleOf(type, record)) {
  if (!record) return '';
  rememberTitle(type, record.id, title);
  return types.get(type)?.standing === 'furniture' || !types.has(type) ? title : h('a', { href: `/${type}/${record.id}` }, title);
}

/** The value of a field as a node or a text; empty for nothing. */
export function display(type, field, record) {
  const value = valueAt(record, field.path);
  if (field.include && record[field.include]) return recordLink(field.target, record[field.include]);
  return displayValue(type, field, value);
}

export function displayValue(type, field, value) {
  if (value === null || value === undefined || value === '') return '';
  switch (field.kind) {
    case 'select': return h('span.tag', { class: `tone-${tone(field.name, value)}` }, optionOf(type, field, value));
    case 'multi_select': return value.map((one) => h('span.tag', optionOf(type, field, one)));
    case 'boolean': return t(value ? 'value.yes' : 'value.no');
    case 'email': return h('a', { href: `mailto:${value}` }, value);
    case 'phone': return h('a', { href: `tel:${value.replace(/[^\d+]/g, '')}` }, value);
    case 'url': return safeAddress(value) ? h('a', { href: value, rel: 'noopener noreferrer', target: '_blank' }, value.replace(/^https?:\/\//i, '')) : value;
    case 'domain': return h('a', { href: `https://${value}`, rel: 'noopener noreferrer', target: '_blank' }, value);
    case 'money': return money(value);
    case 'decimal': return number(value, { maximumFractionDigits: 4 });
    case 'integer': return field.name === 'duration_minutes' ? duration(value) : field.name === 'probability' ? number(value / 100, { style: 'percent' }) : number(value);
    case 'integers': return value.map((one) => number(one)).join(', ');
    case 'date': return date(value);
    case 'datetime': return h('time', { datetime: value, title: dateTime(value, { dateStyle: 'full', timeStyle: 'long' }) }, dateTime(value));
    case 'local_time': return localTime(value);
    case 'tags': return value.map((one) => h('span.tag', one));
    case 'address': return ['street', 'postal_code', 'city', 'region', 'country'].map((part) => value[part]).filter(Boolean).join(', ');
    case 'reference':
      if (field.target === 'stages') return later(stageOf(value), (stage) => stage?.name ?? '');
      return later(titleFor(field.target, value), (title) => (title ? recordLink(field.target, { id: value }, title) : t('record.unknown')));
    case 'references': return value.map((id, index) => [index ? ', ' : '', later(titleFor(field.target, id), (title) => recordLink(field.target, { id }, title ?? '…'))]).flat();
    case 'record':
      if (!value.id) return plurals(value.type);
      return later(titleFor(value.type, value.id), (title) => (title ? recordLink(value.type, { id: value.id }, title) : singular(value.type)));
    case 'actor': return actor(value);
    case 'long_text': return h('span.prose', value);
    case 'document': case 'computed': return typeof value === 'object' ? JSON.stringify(value) : String(value);
    default: return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}

export function actor(value) {
  if (!value) return '';
  if (value.name) return value.name;
  if (value.type !== 'user') return t(`actor.${value.type}`);
  return value.id === state.user.id ? state.user.name : later(titleFor('users', value.id), (title) => title ?? t('actor.user'));
}

function localTime(value) {
  const at = instant(value.local.slice(0, 16), value.time_zone);
  const own = dateTime(at);
  return h('time', { datetime: at, title: value.time_zone }, own);
}

/** A tone that helps to tell options apart at a glance; the word is always there too. */
export function tone(name, value) {
  return {
    won: 'good', done: 'good', customer: 'good', qualified: 'good', converted: 'good', active: 'good', lost: 'bad', high: 'bad', unqualified: 'bad',
    disabled: 'bad', open: 'info', working: 'info', new: 'info', prospect: 'info', invited: 'info', former: 'dim', cancelled: 'dim', low: 'dim',
  }[value] ?? 'plain';
}

/** A decimal as people write it in this language, as the service reads it: `1.200,50` is `1200.50`. */
export function decimal(text) {
  const parts = new Intl.NumberFormat(locale).formatToParts(-12345.6);
  const group = parts.find((part) => part.type === 'group')?.value ?? ',';
  const point = parts.find((part) => part.type === 'decimal')?.value ?? '.';
  let plain = text.replace(/[\s\u00a0\u202f'’]/g, '');
  // Someone who types the other language's point is understood where it is clear.
  if (point === ',' && !plain.includes(',') && /^-?\d+\.\d{1,2}$/.test(plain)) return plain;
  plain = plain.replaceAll(group, '').replace(point, '.');
  return plain;
}

const zones = () => Intl.supportedValuesOf?.('timeZone') ?? [];
const currencies = () => Intl.supportedValuesOf?.('currency') ?? [];
const languages = ['en', 'de', 'es', 'fr', 'it', 'nl', 'pl', 'pt', 'zh-CN', 'ja', 'ko'];

function suggested(input, values) {
  const list = h('datalist', { id: newID('list') }, values.map((value) => h('option', { value })));
  input.setAttribute('list', list.id);
  return [input, list];
}

/**
 * A control for a field: `{element, value(), focus()}`. `value()` is what a body holds. `id` names the control, so that a label can stand elsewhere.
 */
export function editor(type, field, value, { id = newID('field'), record = {}, label, compact = false } = {}) {
  const required = field.is_required && !field.is_filled;
  const name = label ?? labelOf(type, field);
  const common = { id, required, 'aria-label': compact ? name : null, name: field.path };
  const simple = (element, read = () => element.value.trim() || null) => ({ element, value: read, focus: () => element.focus() });
  switch (field.kind) {
    case 'long_text': return simple(h('textarea', { ...common, rows: compact ? 3 : 5, maxlength: field.maximum, value: value ?? '' }));
    case 'select': {
      const element = h('select', common, (!field.is_required && !field.is_filled) || !value ? h('option', { value: '' }) : null,
        field.options.map((option) => h('option', { value: option, selected: option === value }, optionOf(type, field, option))));
      return simple(element, () => element.value || null);
    }
    case 'multi_select': {
      const boxes = field.options.map((option) => h('input', { type: 'checkbox', value: option, checked: value?.includes(option) }));
      const element = h('fieldset.checks', { 'aria-label': name }, boxes.map((box, index) => h('label.check', box, optionOf(type, field, field.options[index]))));
      return { element, value: () => boxes.filter((box) => box.checked).map((box) => box.value), focus: () => boxes[0]?.focus() };
    }
    case 'boolean': {
      const element = h('input', { ...common, required: false, type: 'checkbox', checked: value === true });
      return simple(element, () => element.checked);
    }
    case 'integer': {
      const element = h('input', { ...common, type: 'number', step: 1, min: field.minimum > -1e9 ? field.minimum : null, max: field.maximum < 1e9 ? field.maximum : null, value: value ?? '' });
      return simple(element, () => (element.value === '' ? null : Number(element.value)));
    }
    case 'integers': {
      const element = h('input', { ...common, inputmode: 'numeric', value: (value ?? []).join(', ') });
      return simple(element, () => element.value.split(/[,;\s]+/).filter(Boolean).map(Number));
    }
    case 'decimal': {
      const element = h('input', { ...common, inputmode: 'decimal', value: value === null || value === undefined ? '' : number(value, { maximumFractionDigits: 4, useGrouping: false }) });
      return simple(element, () => (element.value.trim() ? decimal(element.value) : null));
    }
    case 'money': return moneyEditor(common, value, name);
    case 'currency': { const [element, list] = suggested(h('input', { ...common, maxlength: 3, value: value ?? '' }), currencies()); return { ...simple(element, () => element.value.trim().toUpperCase() || null), element: h('span.with-list', element, list) }; }
    case 'time_zone': { const [element, list] = suggested(h('input', { ...common, value: value ?? '' }), zones()); return { ...simple(element), element: h('span.with-list', element, list) }; }
    case 'language': { const [element, list] = suggested(h('input', { ...common, value: value ?? '' }), languages); return { ...simple(element), element: h('span.with-list', element, list) }; }
    case 'date': return simple(h('input', { ...common, type: 'date', value: value ?? '' }));
    case 'datetime': {
      const element = h('input', { ...common, type: 'datetime-local', value: value ? wall(value) : '' });
      const before = element.value;
      // What was not touched keeps its seconds.
      return simple(element, () => (element.value === '' ? null : element.value === before ? value : instant(element.value.slice(0, 16))));
    }
    case 'local_time': {
      const zone = value?.time_zone ?? timeZone;
      const element = h('input', { ...common, type: 'datetime-local', value: value?.local?.slice(0, 16) ?? '' });
      return { ...simple(element, () => (element.value ? { local: element.value.slice(0, 16), time_zone: zone } : null)), element: h('span.with-zone', element, h('span.hint', zone)) };
    }
    case 'email': return simple(h('input', { ...common, type: 'email', value: value ?? '', maxlength: 500 }));
    case 'phone': return simple(h('input', { ...common, type: 'tel', value: value ?? '', maxlength: 500 }));
    case 'url': return simple(h('input', { ...common, type: 'text', inputmode: 'url', value: value ?? '', maxlength: 500 }));
    case 'secret': return simple(h('input', { ...common, type: 'password', autocomplete: 'new-password', value: '' }), undefined);
    case 'reference':
      if (field.target === 'stages') return stageEditor(common, value, record);
      return picker(field.target, { id, value, title: field.include && record[field.include] ? titleOf(field.target, record[field.include]) : '', label: compact ? name : null, required });
    case 'references': return multiPicker(field.target, { id, values: value ?? [], label: compact ? name : null });
    case 'record': return recordEditor(common, value, name);
    case 'tags': return tagsEditor(common, value ?? []);
    case 'address': return addressEditor(value ?? {}, id);
    case 'document': {
      const element = h('textarea.code', { ...common, rows: 6, value: JSON.stringify(value ?? null, null, 2) });
      return simple(element, () => JSON.parse(element.value));
    }
    default: return simple(h('input', { ...common, value: value ?? '', maxlength: field.maximum ?? 500 }));
  }
}

function moneyEditor(common, value, name) {
  const amount = h('input', { ...common, inputmode: 'decimal', value: value?.amount ? number(value.amount, { maximumFractionDigits: 4, useGrouping: false }) : '', class: 'amount' });
  const [currency, list] = suggested(h('input', { 'aria-label': t('value.currency'), maxlength: 3, value: value?.currency ?? state.settings.currency ?? 'EUR', class: 'currency' }), currencies());
  return {
    element: h('span.money', amount, currency, list), focus: () => amount.focus(),
    value: () => (amount.value.trim() ? { amount: decimal(amount.value), currency: currency.value.trim().toUpperCase() } : null),
  };
}

function stageEditor(common, value, record) {
  const element = h('select', { ...common });
  const ready = pipelines().then((all) => {
    const own = record.pipeline_id ? all.filter((pipeline) => pipeline.id === record.pipeline_id) : all;
    const groups = own.map((pipeline) => {
      const options = pipeline.stages.map((stage) => h('option', { value: stage.id, selected: stage.id === value }, stage.name));
      return own.length > 1 ? h('optgroup', { label: pipeline.name }, options) : options;
    });
    fill(element, groups);
    if (!value && own[0]) element.value = own[0].stages[0]?.id;
  });
  return { element, ready, focus: () => element.focus(), value: () => element.value || value || null };
}

function recordEditor(common, value, name) {
  const subjects = [...types.values()].filter((type) => type.standing === 'subject');
  const select = h('select', { id: common.id, 'aria-label': t('value.type') }, h('option', { value: '' }),
    subjects.map((type) => h('option', { value: type.name, selected: value?.type === type.name }, singular(type))));
  const place = h('span');
  let inner = null;
  const draw = (id) => { inner = select.value ? picker(select.value, { value: id, label: name }) : null; fill(place, inner?.element); };
  select.addEventListener('change', () => draw(null));
  draw(value?.id);
  return { element: h('span.about', select, place), focus: () => select.focus(), value: () => (select.value && inner?.value() ? { type: select.value, id: inner.value() } : null) };
}

function tagsEditor(common, values) {
  let tags = [...values];
  const chips = h('span.chips');
  const input = h('input', { ...common, required: false, autocomplete: 'off', placeholder: t('value.add_tag') });
  const element = h('div.tags-editor', chips, input);
  const draw = () => fill(chips, tags.map((tag) => h('span.chip', tag, iconButton('close', t('pick.remove', { title: tag }), () => { tags = tags.filter((one) => one !== tag); draw(); element.dispatchEvent(new Event('input', { bubbles: true })); }))));
  const take = () => {
    for (const tag of input.value.split(',').map((one) => one.trim()).filter(Boolean)) if (!tags.includes(tag)) tags.push(tag);
    input.value = '';
    draw();
  };
  input.addEventListener('keydown', (event) => {
    if ((event.key === 'Enter' && input.value.trim()) || event.key === ',') { event.preventDefault(); take(); element.dispatchEvent(new Event('input', { bubbles: true })); }
    if (event.key === 'Backspace' && !input.value && tags.length) { tags.pop(); draw(); }
  });
  input.addEventListener('blur', take);
  draw();
  return { element, focus: () => input.focus(), value: () => { take(); return tags; } };
}

function addressEditor(value, id) {
  const parts = ['street', 'postal_code', 'city', 'region', 'country'];
  const inputs = parts.map((part, index) => h('input', { id: index ? newID('address') : id, value: value[part] ?? '', maxlength: part === 'country' ? 2 : 500, autocomplete: 'off' }));
  const element = h('div.address-editor', parts.map((part, index) => h('label', { class: part }, t(`address.${part}`), inputs[index])));
  return {
    element, focus: () => inputs[0].focus(),
    value: () => Object.fromEntries(parts.map((part, index) => [part, (part === 'country' ? inputs[index].value.trim().toUpperCase() : inputs[index].value.trim()) || null])),
  };
}

/** Whether a person may change a field here. */
export const isWritable = (field) => !field.is_read_only && !['computed', 'actor', 'id'].includes(field.kind);

/** A field with its label, its control and room for what is wrong with it. */
export function labelled(type, field, value, options = {}) {
  const id = options.id ?? newID('field');
  const control = editor(type, field, value, { ...options, id });
  const grouped = ['address', 'multi_select'].includes(field.kind);
  // The star is drawn by the style sheet, so that a field is called what it is called.
  const needed = field.is_required && !field.is_filled ? 'needed' : '';
  const name = labelOf(type, field);
  const complaint = h('span.error', { id: `${id}-error`, hidden: true });
  const label = field.kind === 'boolean' ? h('label.check', { for: id }, control.element, h('span', name)) : h('label', { for: id, class: needed }, name);
  const element = h('div.field', { class: `kind-${field.kind}`, dataset: { path: field.path } },
    grouped ? h('fieldset', h('legend', { class: needed }, name), control.element) : field.kind === 'boolean' ? label : [label, control.element], complaint);
  return {
    ...control, element, field,
    refuse(text) {
      complaint.textContent = text ?? '';
      complaint.hidden = !text;
      const input = element.querySelector('input, select, textarea');
      input?.toggleAttribute('aria-invalid', Boolean(text));
      if (text) { input?.setAttribute('aria-invalid', 'true'); input?.setAttribute('aria-describedby', complaint.id); }
    },
  };
}
