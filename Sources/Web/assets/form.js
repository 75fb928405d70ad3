// Making and changing a record in a form that follows from the type's fields.

import { h, fill, icon } from './dom.js';
import { api } from './api.js';
import { t, singular, plurals, labelOf, dateTime } from './i18n.js';
import { state, types, titleOf, valueAt, bodyOf } from './state.js';
import { labelled, isWritable, display, displayValue, pipelines } from './fields.js';
import { dialog, toast, complain } from './ui.js';
import { fieldWords, sentence } from './refusals.js';
import { keep, kept } from './kept.js';

const essentials = {
  contacts: ['first_name', 'last_name', 'email', 'phone', 'title', 'company_id', 'lifecycle_stage', 'owner_id', 'tags'],
  companies: ['name', 'domain', 'industry', 'employees', 'phone', 'website', 'owner_id', 'tags'],
  leads: ['first_name', 'last_name', 'company_name', 'email', 'phone', 'source', 'status', 'owner_id'],
  deals: ['name', 'amount', 'stage_id', 'close_date', 'company_id', 'contact_id', 'owner_id', 'tags'],
  activities: ['kind', 'subject', 'body', 'at', 'duration_minutes', 'contact_ids', 'company_id', 'deal_id'],
  tasks: ['title', 'due', 'priority', 'assignee_id', 'about', 'body'],
  users: ['name', 'email', 'role_id'],
};

/** The fields of a form in the order in which they are asked for; `more` holds those that are rarely needed. */
export function formFields(type, { only } = {}) {
  const own = type.fields.filter((field) => isWritable(field) && (!['id', 'version'].includes(field.name)));
  if (only) return { first: only.map((path) => type.byPath.get(path)).filter((field) => field && isWritable(field)), more: [] };
  const wanted = essentials[type.name];
  if (!wanted) return { first: own.filter((field) => field.kind !== 'document'), more: [] };
  const isFirst = (field) => wanted.includes(field.path) || field.is_required || field.path.startsWith('custom.');
  const first = own.filter((field) => isFirst(field) && !(type.name === 'deals' && field.path === 'pipeline_id'));
  first.sort((a, b) => rank(a) - rank(b));
  return { first, more: own.filter((field) => !first.includes(field) && field.kind !== 'document' && !(type.name === 'deals' && ['pipeline_id', 'position'].includes(field.path))) };
  function rank(field) { const index = wanted.indexOf(field.path); return index < 0 ? 50 : index; }
}

/** What a new record has unless someone says otherwise. */
function beginning(type) {
  const now = new Date();
  if (type.name === 'activities') return { kind: 'note', at: now.toISOString() };
  if (type.name === 'tasks') return { assignee_id: state.user.id, priority: 'normal' };
  return {};
}

/**
 * Asks for a new record in a dialog. `given` fills fields. Answers the record, or undefined when it was given up; what was typed is kept until then.
 */
export function create(typeName, given = {}, { only, title } = {}) {
  const type = types.get(typeName);
  // What is given and not asked for holds as well.
  const unasked = only ? Object.fromEntries(Object.entries(given).filter(([path]) => !only.includes(path))) : {};
  return dialog(title ?? t('form.new', { type: singular(type) }), (close, element) => {
    element.dataset.firm = '1';
    const form = recordForm(type, { ...beginning(type), ...given }, {
      only, draft: `draft:${typeName}:new`, onsave: close, oncancel: () => close(),
      send: (body, options) => api.post(`/v1/${typeName}`, { ...unasked, ...body }, options),
    });
    return form.element;
  }, { wide: true });
}

/** Asks for changes of a record in a dialog. Answers the record as it is then. */
export function edit(typeName, record, { only, title } = {}) {
  const type = types.get(typeName);
  return dialog(title ?? t('form.edit', { type: singular(type) }), (close, element) => {
    element.dataset.firm = '1';
    return recordForm(type, record, {
      only, draft: `draft:${typeName}:${record.id}`, onsave: close, oncancel: () => close(), changes: true,
      send: (body, options) => saveChange(typeName, record, body, options),
    }).element;
  }, { wide: true });
}

/**
 * The form itself. With `changes` only what was changed is sent. What is typed is kept under `draft` until it is saved or given up, so that a closed tab
 * loses nothing.
 */
export function recordForm(type, record, { only, draft, send, onsave, oncancel, changes = false }) {
  const { first, more } = formFields(type, { only });
  const saved = draft ? kept(draft) : null;
  const start = (field) => (saved && field.path in saved ? saved[field.path] : valueAt(record, field.path));
  const controls = [];
  const make = (field) => {
    const control = labelled(type, field, start(field), { record });
    controls.push(control);
    return control.element;
  };
  const alert = h('p.alert', { role: 'alert', hidden: true });
  const rest = more.length ? h('details.more', h('summary', t('form.more')), h('div.form-grid', more.map(make))) : null;
  const isMoved = h('p.hint', { hidden: !saved }, t('form.draft_restored'), ' ',
    h('button.link', { type: 'button', onclick: () => { keep(draft, null); onsave(undefined); } }, t('form.discard')));
  const save = h('button.button.primary', { type: 'submit' }, t('form.save'));
  const element = h('form.stack', { novalidate: true, onsubmit: submit },
    alert, isMoved, h('div.form-grid', first.map(make)), rest,
    h('footer.dialog-foot', oncancel && h('button.button', { type: 'button', onclick: () => { keep(draft, null); oncancel(); } }, t('ui.cancel')), save));
  const before = new Map(controls.map((control) => [control, saved && control.field.path in saved ? valueAt(record, control.field.path) ?? null : read(control)]));
  for (const control of controls) control.ready?.then(() => before.set(control, changes ? read(control) : before.get(control)));

  function read(control) { try { return control.value(); } catch { return undefined; } }
  function values() {
    let body = {};
    for (const control of controls) {
      const value = read(control);
      if (value === undefined) continue;
      const same = JSON.stringify(value) === JSON.stringify(before.get(control) ?? null) || (isNothing(value) && isNothing(before.get(control)));
      if (changes ? same : isNothing(value)) continue;
      const part = bodyOf(control.field.path, value);
      body = part.custom ? { ...body, custom: { ...body.custom, ...part.custom } } : { ...body, ...part };
    }
    return body;
  }
  const keepDraft = () => {
    if (!draft) return;
    const flat = {};
    for (const control of controls) {
      const value = read(control);
      if (value !== undefined && !control.field.is_write_only && JSON.stringify(value) !== JSON.stringify(before.get(control) ?? null)) flat[control.field.path] = value;
    }
    keep(draft, Object.keys(flat).length ? flat : null);
  };
  element.addEventListener('input', keepDraft);
  element.addEventListener('change', keepDraft);

  async function submit(event) {
    event?.preventDefault();
    for (const control of controls) control.refuse(null);
    alert.hidden = true;
    let missing = null;
    for (const control of controls) {
      if (!control.field.is_required || control.field.is_filled || !isNothing(read(control))) continue;
      if (type.name === 'deals' && control.field.path === 'stage_id') continue;
      control.refuse(t('form.needed'));
      missing ??= control;
    }
    if (missing) { missing.focus(); return; }
    const body = values();
    if (type.name === 'deals' && !changes) await completeDeal(body);
    save.disabled = true;
    try {
      const answer = changes && !Object.keys(body).length ? record : await send(body, {});
      keep(draft, null);
      onsave(answer);
    } catch (error) {
      await refuse(error, body);
    } finally { save.disabled = false; }
  }

  async function refuse(error, body) {
    if (error.code === 'duplicate' && error.problem.existing?.length && !changes) {
      if (await insist(error.problem.existing)) {
        try { const answer = await send(body, { headers: { 'X-Allow-Duplicate': 'true' } }); keep(draft, null); onsave(answer); } catch (again) { await refuse(again, body); }
      }
      return;
    }
    let shown = 0;
    for (const one of error.errors ?? []) {
      const path = one.pointer.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
      const name = path[0] === 'custom' ? `custom.${path[1]}` : path[0];
      const control = controls.find((candidate) => candidate.field.path === name);
      if (!control) continue;
      control.refuse(fieldWords(one, control.field));
      if (!shown++) { if (control.element.closest('details')) control.element.closest('details').open = true; control.focus(); }
    }
    if (shown < (error.errors?.length || 1)) { alert.textContent = sentence(error); alert.hidden = false; alert.scrollIntoView({ block: 'nearest' }); }
    if (!(error.status >= 0)) console.error(error);
  }

  return { element, submit, values };
}

const isNothing = (value) => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length)
  || (typeof value === 'object' && !Array.isArray(value) && Object.values(value).every((one) => one === null));

/** A deal names its stage; its pipeline follows. */
async function completeDeal(body) {
  const all = await pipelines();
  const pipeline = all.find((one) => one.id === body.pipeline_id) ?? all.find((one) => one.stages.some((stage) => stage.id === body.stage_id)) ?? all[0];
  body.pipeline_id ??= pipeline?.id;
  body.stage_id ??= pipeline?.stages[0]?.id;
}

/** A rule says that there is one already: shows which, and asks whether there shall be another. */
function insist(existing) {
  return dialog(t('duplicate.title'), (close) => [
    h('p', t('duplicate.words')),
    h('ul', existing.map((one) => h('li', h('a', { href: `/${one.type}/${one.id}`, onclick: () => close(false) }, t('duplicate.open', { fields: (one.fields ?? []).join(', ') }))))),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close(false) }, t('ui.cancel')),
      h('button.button.primary', { type: 'button', onclick: () => close(true) }, t('duplicate.insist'))),
  ]);
}

/**
 * Sends a change of a record as it was read. When someone else was faster, both versions are shown and the person decides field by field; answers the
 * record as it is then, or undefined when the change was given up.
 */
export async function saveChange(typeName, record, body, options = {}) {
  try {
    return await api.patch(`/v1/${typeName}/${record.id}`, body, { version: record.version, ...options });
  } catch (error) {
    if (error.status !== 412) throw error;
    const theirs = await api.get(`/v1/${typeName}/${record.id}`);
    const decided = await decide(types.get(typeName), record, body, theirs);
    if (decided === undefined) return theirs;
    if (!Object.keys(decided).length) return theirs;
    return saveChange(typeName, theirs, decided, options);
  }
}

/** Both versions side by side. Answers the body to send; undefined when theirs stays. */
function decide(type, before, body, theirs) {
  const paths = Object.entries(body).flatMap(([name, value]) => (name === 'custom' ? Object.keys(value).map((inner) => `custom.${inner}`) : [name]));
  const mine = (path) => valueAt(body, path);
  const clashing = paths.filter((path) => JSON.stringify(valueAt(theirs, path) ?? null) !== JSON.stringify(valueAt(before, path) ?? null)
    && JSON.stringify(valueAt(theirs, path) ?? null) !== JSON.stringify(mine(path) ?? null));
  const choices = new Map(paths.map((path) => [path, true]));
  return dialog(t('conflict.title'), (close, element) => {
    element.dataset.firm = '1';
    const rows = paths.map((path) => {
      const field = type.byPath.get(path);
      if (!field) return null;
      const group = `conflict-${path}`;
      const choice = (own, value) => h('td', h('label.check',
        h('input', { type: 'radio', name: group, checked: own === true, onchange: () => choices.set(path, own) }), h('span', displayValue(type, field, value) || t('value.nothing'))));
      return h('tr', { class: clashing.includes(path) ? 'clash' : '' }, h('th', { scope: 'row' }, labelOf(type, field)), choice(true, mine(path)), choice(false, valueAt(theirs, path)));
    });
    return [
      h('p', t('conflict.words')),
      h('div.table-wrap', h('table.grid.conflict', h('thead', h('tr', h('th', { scope: 'col' }, t('filter.field')), h('th', { scope: 'col' }, t('conflict.mine')), h('th', { scope: 'col' }, t('conflict.theirs')))), h('tbody', rows))),
      h('footer.dialog-foot',
        h('button.button', { type: 'button', onclick: () => close(undefined) }, t('conflict.keep_theirs')),
        h('button.button.primary', { type: 'button', onclick: () => {
          let answer = {};
          for (const [path, own] of choices) if (own) { const part = bodyOf(path, mine(path)); answer = part.custom ? { ...answer, custom: { ...answer.custom, ...part.custom } } : { ...answer, ...part }; }
          close(answer);
        } }, t('form.save'))),
    ];
  }, { wide: true });
}
