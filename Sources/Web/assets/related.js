// What belongs to a record: those that name it, its files, every change of it, a deal's way through its stages.

import { h, fill, refill, icon, iconButton } from './dom.js';
import { api, search, address, call } from './api.js';
import { t, plurals, singular, labelOf, dateTime, relative, number, money, duration } from './i18n.js';
import { state, types, titleOf, mayCreate, mayUpdate } from './state.js';
import { display, actor, stageOf } from './fields.js';
import { shownValue } from './timeline.js';
import { create } from './form.js';
import { toast, complain, confirm } from './ui.js';
import { onChange } from './live.js';

/** A list for each type whose records name this one. */
export function related(type, record, signal) {
  const place = h('div.related');
  for (const child of type.children) {
    const childType = types.get(child.type);
    if (!childType || childType.standing === 'furniture' || child.form === 'any' || child.type === 'activities') continue;
    place.append(childList(type, record, childType, child, signal));
  }
  if (type.children.some((child) => child.form === 'any' && child.type === 'tasks')) place.prepend(aboutList(type, record, types.get('tasks'), signal));
  return place;
}

function listSection(title, { add, load, signal, watch, full }) {
  const list = h('ul.related-list');
  const count = h('span.count');
  const element = h('section.section', { hidden: true }, h('div.section-head', h('h2', title, ' ', count), h('span.actions', full && h('a.hint', { href: full }, t('related.all')), add)), list);
  const draw = async () => {
    try {
      const { data, page } = await load();
      count.textContent = data.length ? (page?.next ? `${data.length}+` : String(data.length)) : '';
      refill(list, data.map((node) => h('li', node)));
      element.hidden = !data.length && !add;
    } catch (error) { if (error.name !== 'AbortError') complain(error); }
  };
  draw();
  onChange(watch, draw, signal);
  return element;
}

function childList(type, record, childType, child, signal) {
  const where = { field: child.field, op: child.form === 'many' ? 'contains' : 'eq', value: record.id };
  const line = childType.columns.filter((path) => path !== child.field && !['owner_id', 'updated_at', 'created_at'].includes(path)).slice(0, 3).map((path) => childType.byPath.get(path)).filter(Boolean);
  const include = line.filter((field) => field.include && types.has(field.target)).map((field) => field.include);
  const given = { [child.field]: child.form === 'many' ? [record.id] : record.id };
  if (type.name === 'contacts' && childType.name === 'deals' && record.company_id) given.company_id = record.company_id;
  return listSection(plurals(childType), {
    signal, watch: childType.name, full: `/${childType.name}?where=${encodeURIComponent(JSON.stringify(where))}`,
    add: mayCreate(childType.name) && !record.deleted_at ? iconButton('plus', t('form.new', { type: singular(childType) }), () => create(childType.name, given)) : null,
    load: async () => {
      const answer = await search(childType.name, { where, limit: 20, fields: [...childType.title, ...line.map((field) => field.path)], include }, { signal });
      return { page: answer.page, data: answer.data.map((one) => [h('a', { href: `/${childType.name}/${one.id}` }, titleOf(childType, one, t('record.nameless'))), h('span.line', line.map((field) => display(childType, field, one)).filter((value) => value && value !== '').map((value) => h('span', value)))]) };
    },
  });
}

function aboutList(type, record, tasks, signal) {
  return listSection(plurals(tasks), {
    signal, watch: 'tasks',
    add: mayCreate('tasks') && !record.deleted_at ? iconButton('plus', t('form.new', { type: singular(tasks) }), () => create('tasks', { about: { type: type.name, id: record.id }, assignee_id: state.user.id, priority: 'normal' })) : null,
    load: async () => {
      const where = { and: [{ field: 'about', op: 'eq', value: record.id }, { field: 'status', op: 'eq', value: 'open' }] };
      const answer = await search('tasks', { where, limit: 20, sort: 'due', fields: ['title', 'due', 'priority', 'status', 'version'] }, { signal });
      return { page: answer.page, data: answer.data.map((one) => [
        h('label.check', h('input', { type: 'checkbox', 'aria-label': t('tasks.done', { title: one.title }), onchange: (event) => finish(one, event.target) })),
        h('a', { href: `/tasks/${one.id}` }, one.title), h('span.line', display(tasks, tasks.byPath.get('due'), one))]) };
    },
  });
}

async function finish(task, box) {
  try {
    const done = await api.patch(`/v1/tasks/${task.id}`, { status: 'done' });
    toast(t('tasks.finished', { title: task.title }), { undo: () => api.patch(`/v1/tasks/${task.id}`, { status: 'open' }).catch(complain) });
  } catch (error) { box.checked = false; complain(error); }
}

/** The files of a record: dropped or chosen, opened by a press. */
export function attachments(type, record, signal, isReadOnly) {
  const list = h('ul.related-list');
  const input = h('input', { type: 'file', multiple: true, hidden: true, onchange: () => upload([...input.files]) });
  const element = h('section.section.files',
    h('div.section-head', h('h2', t('files.title')), isReadOnly ? null : iconButton('attach', t('files.add'), () => input.click())), input, list,
    isReadOnly ? null : h('p.hint.drop-hint', t('files.drop')));
  const path = `/v1/${type.name}/${record.id}/attachments`;
  async function draw() {
    try {
      const { data } = await api.get(path, { signal });
      refill(list, data.map((file) => h('li', icon('attach'), h('a', { href: `/v1/attachments/${file.id}/content`, download: file.name }, file.name),
        h('span.line', h('span', number(Math.max(1, Math.round(file.size / 1024)), { style: 'unit', unit: 'kilobyte' }))),
        isReadOnly ? null : iconButton('trash', t('files.remove', { name: file.name }), () => remove(file)))));
    } catch (error) { if (error.name !== 'AbortError' && error.status !== 403) complain(error); }
  }
  async function upload(files) {
    for (const file of files) {
      const dismiss = toast(t('files.sending', { name: file.name }), { ms: 600000 });
      try { await call('POST', address(path, { name: file.name }), { body: file, type: file.type || 'application/octet-stream' }); } catch (error) { complain(error); } finally { dismiss(); }
    }
    draw();
  }
  async function remove(file) {
    if (!(await confirm(t('files.remove', { name: file.name }), t('files.remove_words'), t('ui.delete')))) return;
    try { await api.delete(`/v1/attachments/${file.id}`); draw(); } catch (error) { complain(error); }
  }
  if (!isReadOnly) {
    element.addEventListener('dragover', (event) => { if (event.dataTransfer.types.includes('Files')) { event.preventDefault(); element.classList.add('over'); } });
    element.addEventListener('dragleave', () => element.classList.remove('over'));
    element.addEventListener('drop', (event) => { event.preventDefault(); element.classList.remove('over'); upload([...event.dataTransfer.files]); });
  }
  draw();
  return element;
}

/** Every change, who made it and when, with the values before and after. Asked for when it is opened. */
export function changes(type, record, signal) {
  const body = h('tbody');
  const more = h('button.button.small', { type: 'button', hidden: true, onclick: () => load(next) }, t('list.more'));
  let next = null;
  const load = async (after) => {
    try {
      const page = await api.get(address(`/v1/${type.name}/${record.id}/changes`, { limit: 30, after }), { signal });
      body.append(...page.data.map((change) => h('tr',
        h('td', h('time', { datetime: change.at }, dateTime(change.at))), h('td', actor(change.actor)), h('td', t(`change.${change.action}`)),
        h('td', h('ul.changes', Object.entries(change.fields ?? {}).map(([path, { before, after }]) => {
          const field = type.byPath.get(path);
          return h('li', h('span.hint', `${field ? labelOf(type, field) : path}: `), field ? [change.action === 'create' ? null : [shownValue(type, field, before), ' → '], shownValue(type, field, after)] : '');
        }))))));
      next = page.page.next;
      more.hidden = !next;
    } catch (error) { if (error.name !== 'AbortError') complain(error); }
  };
  const element = h('details.section', { ontoggle: () => { if (element.open && !body.children.length) load(null); } },
    h('summary', t('changes.title')),
    h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': t('changes.title') }, h('table.grid', h('thead', h('tr', ['changes.when', 'changes.who', 'changes.what', 'changes.values'].map((key) => h('th', { scope: 'col' }, t(key))))), body)), h('div.list-foot', more));
  return element;
}

/** A deal's way through its pipeline: where it is, where it has been and for how long. */
export function stages(deal) {
  const element = h('section.section', { 'aria-label': t('deals.way') });
  (async () => {
    const [stage, { data }] = await Promise.all([stageOf(deal.stage_id), api.get(`/v1/deals/${deal.id}/stages`)]);
    if (!stage) return;
    const spent = new Map();
    for (const stay of data) spent.set(stay.stage_id, (spent.get(stay.stage_id) ?? 0) + (stay.seconds ?? 0));
    const all = stage.pipeline.stages;
    const index = all.findIndex((one) => one.id === stage.id);
    fill(element, h('ol.stage-way', all.map((one, at) => h('li', { class: one.id === stage.id ? `current ${one.kind}` : at < index && stage.kind !== 'lost' ? 'passed' : '', 'aria-current': one.id === stage.id ? 'step' : null },
      h('span.stage-name', one.name), h('span.hint', spent.has(one.id) ? days(spent.get(one.id)) : '')))));
  })().catch(() => {});
  return element;
}
const days = (seconds) => (seconds < 3600 ? duration(Math.round(seconds / 60)) : seconds < 172800 ? number(Math.round(seconds / 3600), { style: 'unit', unit: 'hour', unitDisplay: 'short' }) : number(Math.round(seconds / 86400), { style: 'unit', unit: 'day', unitDisplay: 'short' }));
