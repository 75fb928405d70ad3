// What happened to a record and around it, the newest first, and what one adds to it: a note, a call, a meeting, a task, a reminder, a mail.

import { h, fill, icon, newID, debounce } from './dom.js';
import { api, address } from './api.js';
import { t, singular, labelOf, optionOf, dateTime, relative, today, instant, wall, timeZone } from './i18n.js';
import { state, types, valueAt, mayCreate, titleOf } from './state.js';
import { displayValue, recordLink, stageOf, labelled } from './fields.js';
import { toast, complain } from './ui.js';
import { onChange } from './live.js';
import { keep, kept } from './kept.js';

/** The list of what happened, with a way to older entries. */
export function timeline(type, record, signal) {
  const list = h('ol.timeline');
  const more = h('button.button.small', { type: 'button', hidden: true, onclick: () => load(next) }, t('list.more'));
  const element = h('section.section', h('div.section-head', h('h2', t('record.timeline'))), list, h('div.list-foot', more));
  let next = null;
  let kind = null;
  async function load(after) {
    try {
      const page = await api.get(address(`/v1/${type.name}/${record.id}/timeline`, { limit: 20, after }), { signal });
      const nodes = page.data.map((entry) => item(type, record, entry));
      if (after) list.append(...nodes); else fill(list, nodes.length ? nodes : h('li.empty', t('timeline.empty')));
      next = page.page.next;
      more.hidden = !next;
    } catch (error) { if (error.name !== 'AbortError') complain(error); }
  }
  const reload = debounce(() => load(null), 120);
  load(null);
  for (const name of ['activities', 'tasks', 'deals']) onChange(name, (change) => { if (change.id !== record.id) reload(); }, signal);
  return { element, reload };
}

const symbols = { activity: 'note', task: 'tasks', change: 'change', mail: 'mail', stage: 'stage', reminder: 'reminder' };

function item(type, record, entry) {
  const kind = entry.kind === 'activity' ? entry.data?.kind ?? 'note' : entry.kind;
  const isElsewhere = entry.record && entry.record.id !== record.id;
  const who = entry.actor ? (entry.actor.name ?? t(`actor.${entry.actor.type}`)) : null;
  return h('li', { class: `is-${entry.kind}` },
    h('span.mark-icon', icon(kind in { note: 1, call: 1, meeting: 1, email: 1 } ? kind : symbols[entry.kind] ?? 'change')),
    h('div.what',
      h('p.line', headline(entry, isElsewhere), h('span.hint', ' ', who ? `${who} · ` : '', h('time', { datetime: entry.at, title: dateTime(entry.at) }, relative(entry.at)))),
      detail(entry)));
}

function headline(entry, isElsewhere) {
  const link = () => (entry.record ? recordLink(entry.record.type, entry.record, entry.record.title) : null);
  const about = isElsewhere ? [h('span.hint', ' · '), link()] : null;
  switch (entry.kind) {
    case 'activity': return [h('strong', entry.data?.id ? h('a', { href: `/activities/${entry.data.id}` }, entry.summary) : entry.summary), about];
    case 'task': return [h('strong', entry.data?.id ? h('a', { href: `/tasks/${entry.data.id}` }, entry.summary) : entry.summary), about];
    case 'stage': return isElsewhere ? [link(), ': ', entry.summary] : h('strong', entry.summary);
    case 'change': return isElsewhere ? [link(), ': ', changeWords(entry)] : changeWords(entry);
    default: return entry.summary;
  }
}

function changeWords(entry) {
  const action = entry.data?.action;
  return action && action !== 'update' ? t(`change.${action}`) : entry.summary;
}

function detail(entry) {
  if (entry.kind === 'activity' && entry.data?.body) return h('p.prose', entry.data.body);
  const fields = entry.kind === 'change' ? entry.data?.fields : null;
  const type = types.get(entry.record?.type);
  if (!fields || !type || entry.data.action === 'create') return null;
  const rows = Object.entries(fields).map(([path, change]) => {
    const field = type.byPath.get(path);
    if (!field || !change || !('after' in change)) return null;
    return h('li', h('span.hint', `${labelOf(type, field)}: `), shown(type, field, change.before), ' → ', shown(type, field, change.after));
  }).filter(Boolean);
  return rows.length ? h('ul.changes', rows.slice(0, 6)) : null;
}

function shown(type, field, value) {
  const node = displayValue(type, field, value);
  return node === '' || (Array.isArray(node) && !node.length) ? h('span.nothing', t('value.nothing')) : node;
}
export { shown as shownValue };

/** Where one adds something. Calls back when it is saved. */
export function composer(type, record, saved) {
  const about = linksOf(type, record);
  const kinds = [
    ...(about && mayCreate('activities') ? ['note', 'call', 'meeting', 'email'] : []), ...(mayCreate('tasks') && type.standing === 'subject' ? ['task'] : []),
    ...(mayCreate('reminders') && type.standing === 'subject' ? ['reminder'] : []),
  ];
  if (!kinds.length) return null;
  let kind = kinds[0];
  const draft = `draft:composer:${record.id}`;
  const place = h('div');
  const bar = h('div.composer-kinds', { role: 'group', 'aria-label': t('composer.title') });
  const drawBar = () => fill(bar, kinds.map((name) => h('button.kind', { type: 'button', 'aria-pressed': String(name === kind), onclick: () => { kind = name; drawBar(); draw(); place.querySelector('textarea, input')?.focus(); } }, icon(name === 'task' ? 'tasks' : name), h('span', t(`composer.${name}`)))));

  function draw() {
    const ids = { text: newID('c'), subject: newID('c'), at: newID('c'), minutes: newID('c'), to: newID('c') };
    const start = kept(draft) ?? {};
    const text = h('textarea', { id: ids.text, rows: 3, maxlength: 20000, value: start.text ?? '' });
    const subject = h('input', { id: ids.subject, maxlength: 500, required: true, value: start.subject ?? '' });
    const at = h('input', { id: ids.at, type: 'datetime-local', value: wall(kind === 'task' || kind === 'reminder' ? nextMorning() : new Date()) });
    const minutes = h('input', { id: ids.minutes, type: 'number', min: 0, max: 100000, value: kind === 'meeting' ? 60 : kind === 'call' ? 15 : '' });
    const field = (id, label, control, cls = '') => h('div.field', { class: cls }, h('label', { for: id }, label), control);
    const to = h('select', { id: ids.to, onchange: () => { told.textContent = toldWords(to.value); } }, readers(type, record).map(([value, words]) => h('option', { value }, words)));
    const told = h('p.hint', toldWords(to.value));
    const isPlain = kind === 'note';
    const parts = isPlain ? [field(ids.text, t('composer.note'), text)] : [
      field(ids.subject, t(kind === 'task' ? 'composer.what' : 'composer.subject'), subject),
      h('div.row', field(ids.at, t(kind === 'task' ? 'composer.due' : 'composer.when'), at), ['call', 'meeting'].includes(kind) ? field(ids.minutes, t('composer.minutes'), minutes) : null,
        kind === 'reminder' ? field(ids.to, t('composer.to'), to) : null),
      field(ids.text, t('composer.details'), text),
      kind === 'reminder' ? told : kind === 'email' ? h('p.hint', t(addressOf(type, record) && kinds.includes('reminder') ? 'composer.email_hint_to' : 'composer.email_hint')) : null,
    ];
    const save = h('button.button.primary.small', t('form.save'));
    const form = h('form.stack', {
      oninput: () => keep(draft, text.value || subject.value ? { text: text.value, subject: subject.value } : null),
      onsubmit: async (event) => {
        event.preventDefault();
        if (isPlain && !text.value.trim()) { text.focus(); return; }
        save.disabled = true;
        try {
          await send(kind, { text: text.value.trim(), subject: subject.value.trim(), at: at.value, minutes: minutes.value, to: to.value });
          keep(draft, null);
          draw();
          saved();
        } catch (error) { complain(error); } finally { save.disabled = false; }
      },
    }, parts, h('div.actions.end', h('span.hint', timeZone), save));
    text.addEventListener('keydown', (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
    fill(place, form);
  }

  const toldWords = (to) => (to === 'self' ? t('composer.told_self', { address: addressOf(type, record) }) : t('composer.told'));

  async function send(name, { text, subject, at, minutes, to }) {
    if (name === 'task') {
      await api.post('/v1/tasks', { title: subject, ...(text && { body: text }), ...(at && { due: { local: at.slice(0, 16), time_zone: timeZone } }), about: { type: type.name, id: record.id }, assignee_id: state.user.id });
    } else if (name === 'reminder') {
      await api.post('/v1/reminders', { about: { type: type.name, id: record.id }, when: { local: at.slice(0, 16), time_zone: timeZone }, recipients: [to === 'me' ? { user_id: state.user.id } : to], subject, body: text || subject, active: true });
      toast(t('composer.reminder_set'));
    } else {
      const first = text.split('\n')[0];
      await api.post('/v1/activities', {
        kind: name, subject: name === 'note' ? (first.length > 120 ? `${first.slice(0, 117)}…` : first) : subject, ...(text && (name !== 'note' || text !== first || first.length > 120) && { body: text }),
        at: name === 'note' ? new Date().toISOString() : instant(at.slice(0, 16)), ...(minutes && ['call', 'meeting'].includes(name) && { duration_minutes: Number(minutes) }), ...about,
      });
    }
  }
  drawBar();
  draw();
  return h('section.section.composer', bar, place);
}

function nextMorning() {
  const day = today(new Date(Date.now() + 864e5));
  return instant(`${day}T09:00`);
}

/** Where a record has a mail address of its own, that. */
const addressOf = (type, record) => (['contacts', 'leads'].includes(type.name) ? record.email : null);

/** Whom a reminder about the record may tell: oneself first, the record itself only when asked for, since that is a mail to a customer. */
function readers(type, record) {
  const owner = record.owner_id && record.owner_id !== state.user.id;
  return [['me', t('composer.to_me')], owner ? ['owner', t('composer.to_owner')] : null, addressOf(type, record) ? ['self', `${titleOf(type, record)} <${addressOf(type, record)}>`] : null].filter(Boolean);
}

/** How an activity names the record; null where none can. */
function linksOf(type, record) {
  switch (type.name) {
    case 'contacts': return { contact_ids: [record.id], ...(record.company_id && { company_id: record.company_id }) };
    case 'companies': return { company_id: record.id };
    case 'deals': return { deal_id: record.id, ...(record.company_id && { company_id: record.company_id }), ...(record.contact_id && { contact_ids: [record.contact_id] }) };
    case 'leads': return { lead_id: record.id };
    default: return null;
  }
}
