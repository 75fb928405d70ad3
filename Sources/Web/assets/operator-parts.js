// What the pages of the operators' desk are made of: tables, tags, facts, and the dialog that asks for the reason of everything that is done.

import { h, fill, newID } from './dom.js';
import { t, has, number, dateTime, relative } from './i18n.js';
import { dialog } from './ui.js';
import { sentence } from './refusals.js';

const tones = { active: 'good', trial: 'info', past_due: 'warn', suspended: 'bad', deletion_scheduled: 'bad', provisioning: 'dim', deleted: 'dim', ready: 'info', running: 'info', dead: 'bad', done: 'good', current: 'good', pending: 'info', quarantined: 'bad', open: 'good', closed: 'dim' };
/** The state of a tenant, a job, a migration or a cell. */
export const stateTag = (kind, state) => h('span.tag', { class: `tone-${tones[state] ?? 'dim'}` }, words(`operator.${kind}.${state}`, state));
/** The phrase of a key; where the page has none (a new kind of job), the name itself as words. */
export const words = (key, name) => (has(key) ? t(key) : name.replaceAll('_', ' ').replaceAll('.', ' '));
/** A quantity that plans limit. */
export const resource = (name) => (has(`limit.${name}`) ? t(`limit.${name}`) : name.startsWith('records.') ? words(`type.${name.slice(8)}`, name.slice(8)) : name.replaceAll('_', ' '));

export const bytes = (value) => {
  const steps = [['terabyte', 2 ** 40], ['gigabyte', 2 ** 30], ['megabyte', 2 ** 20], ['kilobyte', 2 ** 10], ['byte', 1]];
  const [unit, size] = steps.find(([, one]) => Math.abs(value) >= one) ?? steps[4];
  return number(value / size, { style: 'unit', unit, maximumFractionDigits: value / size < 10 ? 1 : 0 });
};
export const quantity = (name, value) => (name.includes('bytes') ? bytes(value) : number(value));
export const when = (moment) => (moment ? h('time', { datetime: moment, title: dateTime(moment, { dateStyle: 'full', timeStyle: 'long' }) }, dateTime(moment)) : '—');
export const ago = (moment) => (moment ? h('time', { datetime: moment, title: dateTime(moment) }, relative(moment)) : '—');
export const code = (text) => h('code', text);

/** A head with a title and what can be done. */
export const head = (title, { crumb, beside, actions } = {}) => h('div.page-head',
  h('div', crumb ? h('p.crumb', h('a', { href: crumb.href }, crumb.text)) : null, h('div.page-title', h('h1', title), beside)), actions ? h('div.actions', actions) : null);
export const section = (title, ...content) => { const id = newID('part'); return h('section.section', { 'aria-labelledby': id }, h('h2', { id }, title), content); };
/** Names and values. */
export const facts = (pairs) => h('dl.facts', pairs.filter(Boolean).map(([name, value]) => h('div', h('dt', name), h('dd', value ?? '—'))));

/** A table; a head is a text, or `{text, number, wide}`: figures stand to the right, `wide` columns leave a narrow window first. */
export function table(label, heads, rows = []) {
  const body = h('tbody');
  const kinds = heads.filter(Boolean).map((one) => (typeof one === 'string' ? { text: one } : one));
  const classes = (one) => [one.number && 'number', one.wide && 'wide-only', one.actions && 'row-actions'].filter(Boolean).join(' ');
  const row = (cells) => h('tr', cells.filter((cell) => cell !== undefined).map((cell, index) => (index === 0 ? h('th', { scope: 'row' }, cell) : h('td', { class: classes(kinds[index]) }, cell))));
  const add = (list) => body.append(...list.map(row));
  add(rows);
  return {
    add,
    clear: () => fill(body),
    element: h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': label },
      h('table.grid', h('thead', h('tr', kinds.map((one) => h('th', { scope: 'col', class: classes(one) }, one.actions ? h('span.unseen', one.text) : one.text)))), body)),
  };
}

/** A list that grows: `read(after)` answers a page, `show(rows)` puts its rows in. */
export function paged(read, show, none) {
  const more = h('button.button', { type: 'button', hidden: true }, t('list.more'));
  const empty = h('p.empty', { hidden: true }, none);
  let next = null;
  async function load(after) {
    const page = await read(after);
    show(page.data);
    next = page.page?.next ?? null;
    more.hidden = !next;
    empty.hidden = Boolean(after || page.data.length);
  }
  more.addEventListener('click', () => { more.disabled = true; load(next).finally(() => { more.disabled = false; }); });
  return { foot: h('div.list-foot', empty, more), restart: () => load(null) };
}

/** What is used of what there may be. */
export function usageBar(name, { used, max }) {
  const id = newID('usage');
  return h('li', h('span', { id }, resource(name)),
    h('span.figures', max === null ? t('plan.unlimited', { used: quantity(name, used) }) : t('plan.of', { used: quantity(name, used), max: quantity(name, max) })),
    max === null ? null : h('meter', { min: 0, max: Math.max(1, max), value: Math.min(used, max), high: max * 0.9, optimum: 0, 'aria-labelledby': id }));
}

let inputs = 0;
/** One labelled control of a form: `{name, label, kind, value, options, required, hint}`. */
export function control({ name, label, kind = 'text', value, options, required = false, hint, ...more }) {
  const id = `f${++inputs}-${name.replaceAll(/\W/g, '-')}`;
  const notes = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(' ');
  const shared = { id, name, required, 'aria-describedby': notes, ...more };
  const error = h('span.error', { id: `${id}-error` });
  const note = hint && h('span.hint', { id: `${id}-hint` }, hint);
  if (kind === 'check') return h('div.field', { dataset: { field: name } }, h('label.check', h('input', { ...shared, type: 'checkbox', checked: value === true }), label), note, error);
  const input = kind === 'select'
    ? h('select', shared, options.map((one) => { const [key, text] = Array.isArray(one) ? one : [one, one]; return h('option', { value: key, selected: key === value }, text); }))
    : kind === 'long' ? h('textarea', { ...shared, rows: 3, value: value ?? '' })
      : h('input', { ...shared, type: kind === 'integer' ? 'number' : kind, step: kind === 'integer' ? 1 : null, value: value ?? '', autocomplete: 'off' });
  return h('div.field', { dataset: { field: name } }, h('label', { for: id }, label, required ? h('span.star', { 'aria-hidden': 'true' }, ' *') : null), input, note, error);
}

/** What stands in a form: numbers as numbers, what is empty is left out. */
export function values(form) {
  const found = {};
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.type === 'checkbox') found[input.name] = input.checked;
    else if (input.value.trim() !== '') found[input.name] = input.type === 'number' ? Number(input.value) : input.type === 'password' ? input.value : input.value.trim();
  }
  return found;
}

/** Says of a refusal what belongs to which control; the rest stands above. */
export function showRefusal(form, alert, error) {
  for (const field of form.querySelectorAll('[data-field]')) { fill(field.querySelector('.error')); field.querySelector('input, select, textarea')?.removeAttribute('aria-invalid'); }
  const rest = (error.errors ?? []).filter((one) => {
    const field = form.querySelector(`[data-field="${CSS.escape(one.pointer.slice(1).replaceAll('/', '.'))}"]`);
    if (!field) return true;
    fill(field.querySelector('.error'), one.detail);
    field.querySelector('input, select, textarea')?.setAttribute('aria-invalid', 'true');
    return false;
  });
  alert.hidden = false;
  alert.textContent = error.errors?.length ? [t('operator.refused'), ...rest.map((one) => one.detail)].join(' ') : sentence(error);
  (form.querySelector('[aria-invalid=true]') ?? alert).focus();
}

/**
 * Asks why something is to be done, and what else it needs (`fields`, as `control` has them); `send(values)` does it. A refusal stands in the
 * dialog, which stays open. Answers what `send` answered, or undefined when nothing was done.
 */
export function withReason(title, { words: text, fields = [], action, danger = false, send }) {
  return dialog(title, (close) => {
    const alert = h('p.alert', { role: 'alert', tabindex: '-1', hidden: true });
    const button = h('button.button', { class: danger ? 'danger' : 'primary' }, action ?? title);
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        alert.hidden = true;
        try { close({ answer: await send(values(event.target)) }); } catch (error) { showRefusal(event.target, alert, error); } finally { button.disabled = false; }
      },
    }, alert, text ? h('p', text) : null, fields.map(control),
    control({ name: 'reason', label: t('operator.reason'), kind: 'long', required: true, maxlength: 500, hint: t('operator.reason_hint') }),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), button));
  });
}

/** Shows a secret once. */
export const showOnce = (title, text, secret) => dialog(title, (close) => {
  const id = newID('secret');
  return [h('p', text), h('div.field', h('label', { for: id }, t('operator.token')), h('input.code', { id, readonly: true, value: secret, autofocus: true, onfocus: (event) => event.target.select() })),
    h('footer.dialog-foot',
      h('button.button', { type: 'button', onclick: async (event) => { await navigator.clipboard.writeText(secret); fill(event.target, t('operator.copied')); } }, t('operator.copy')),
      h('button.button.primary', { type: 'button', onclick: () => close() }, t('ui.close')))];
});
