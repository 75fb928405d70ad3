// The day's appointments and reminders, each with what one does about it on the spot: put it off, write down what came of it, plan the next step.

import { h, refill, icon, iconButton } from './dom.js';
import { api, search, address } from './api.js';
import { t, time, today, wall, instant } from './i18n.js';
import { state, types, mayCreate, mayUpdate } from './state.js';
import { recordLink } from './fields.js';
import { edit } from './form.js';
import { plan } from './plan.js';
import { toast, complain, menuButton } from './ui.js';

const DAY = 864e5;

/** Draws today's and tomorrow's into the body of a card. */
export async function agenda(part, signal) {
  const answer = await api.get(address('/v1/agenda', { days: 2 }), { signal });
  const list = answer.data.filter((entry) => entry.kind !== 'task');
  const reminders = await remindersOf(list, signal);
  const day = today();
  const rows = (entries) => h('ol.agenda', entries.map((entry) => row(entry, reminders.get(entry.reminder_id))));
  const own = list.filter((entry) => entry.local.startsWith(day));
  const next = list.filter((entry) => !entry.local.startsWith(day));
  refill(part.body, own.length ? rows(own) : h('p.hint', t('today.free')), next.length ? [h('h3.group-name', t('today.tomorrow')), rows(next)] : null);
}

/** The reminders of the entries by id: what one may do about one depends on how it comes, and on who else is told. */
async function remindersOf(entries, signal) {
  const ids = [...new Set(entries.map((entry) => entry.reminder_id).filter(Boolean))].slice(0, 200);
  if (!ids.length || !mayUpdate('reminders')) return new Map();
  const { data } = await search('reminders', { where: { field: 'id', op: 'in', value: ids }, limit: 200 }, { signal });
  return new Map(data.map((one) => [one.id, one]));
}

function row(entry, reminder) {
  const isPast = Date.parse(entry.at) < Date.now();
  const isReminder = entry.kind === 'reminder';
  const title = (isReminder && entry.summary) || entry.record.title || t('record.nameless');
  const items = () => (isReminder ? reminderActions(entry, reminder, title, isPast) : talkActions(entry, title)).filter(Boolean);
  return h('li', { class: isPast ? 'past' : '', dataset: { id: isReminder ? entry.reminder_id : entry.record.id } },
    h('time', { datetime: entry.at }, time(entry.at)), h('span.mark-icon', icon(isReminder ? 'reminder' : entry.kind)),
    h('div.what', recordLink(entry.record.type, entry.record, entry.record.title), isReminder && entry.summary && entry.summary !== entry.record.title ? h('span.hint', entry.summary) : null),
    h('span.actions', !isReminder && isPast && mayUpdate('activities') ? iconButton('edit', t('today.note_for', { title }), () => note(entry, title).catch(complain)) : null,
      items().length ? menuButton(t('today.act', { title }), items) : null));
}

/** Another day at the same time of day, as far as it is later. */
const later = (entry, move) => [['today.tomorrow', 1, 'clock'], ['today.in_three', 3, 'clock'], ['today.next_week', 7, 'calendar']].map(([key, days, symbol]) => {
  const now = wall(entry.at);
  const local = `${today(new Date(Date.now() + days * DAY))}${now.slice(10)}`;
  return local > now && { label: t(key), icon: symbol, action: () => move(local).catch(complain) };
});

// Calls and meetings.

function talkActions(entry, title) {
  const url = `/v1/activities/${entry.record.id}`;
  return [
    ...(mayUpdate('activities') ? later(entry, (local) => change(url, () => ({ at: instant(local) }), t('today.postponed', { title }))) : []),
    mayCreate('tasks') && { label: t('today.plan_next'), icon: 'tasks', action: () => api.get(url).then((talk) => plan(subjectOf(talk))).catch(complain) },
  ];
}

/** What came of it. */
async function note(entry, title) {
  const talk = await api.get(`/v1/activities/${entry.record.id}`);
  const only = ['body', 'duration_minutes', ...(entry.kind === 'call' ? ['direction'] : [])];
  const saved = await edit('activities', talk, { only, title: t('today.note_of', { title }) });
  if (!saved || saved.version === talk.version) return;
  const before = Object.fromEntries(only.map((path) => [path, talk[path]]));
  toast(t('today.noted', { title }), { undo: () => api.patch(`/v1/activities/${talk.id}`, before, { version: saved.version }).catch(complain) });
}

/** What the next step is about: the deal it served, else whom it was with. */
const subjectOf = (talk) => [['deals', talk.deal_id], ['leads', talk.lead_id], ['contacts', talk.contact_ids?.[0]], ['companies', talk.company_id]].map(([type, id]) => id && types.has(type) && { type, id }).find(Boolean);

// Reminders.

/** One that tells others too, or stands for every record of a type, is changed where all of it is seen; so is one that follows a date of its record. */
function reminderActions(entry, reminder, title, isPast) {
  const url = `/v1/reminders/${entry.reminder_id}`;
  const isOwn = reminder && reminder.when.local && (!reminder.about || reminder.about.id) && reminder.recipients.length === 1 && (reminder.recipients[0] === 'owner' || reminder.recipients[0].user_id?.toLowerCase() === state.user.id);
  const subject = entry.record.type !== 'reminders' && types.get(entry.record.type)?.standing === 'subject' && { type: entry.record.type, id: entry.record.id };
  const next = subject && mayCreate('tasks') && { label: t('today.plan_next'), icon: 'tasks', action: () => plan(subject).catch(complain) };
  if (!isOwn) return [next];
  const zone = reminder.when.time_zone;
  // One that comes again keeps its rule and leaves out this time. Moved to a business day, it is none of the rule's own times.
  if (reminder.rrule) {
    const skip = () => change(url, ({ exdate }) => ({ exdate: [...exdate, wall(entry.at, zone)] }), t('today.skipped', { title }));
    return [!isPast && !reminder.when.business_days && !reminder.when.business_hours && { label: t('today.skip'), icon: 'right', action: () => skip().catch(complain) }, next];
  }
  return [
    ...later(entry, (local) => change(url, ({ when }) => ({ when: { ...when, local: wall(instant(local), zone) } }), t('today.postponed', { title }))),
    !isPast && { label: t('today.call_off'), icon: 'close', action: () => change(url, () => ({ active: false }), t('today.called_off', { title })).catch(complain) }, next,
  ];
}

/** Changes a record as it is now, and offers to take it back. */
async function change(url, make, words) {
  const record = await api.get(url);
  const body = make(record);
  const saved = await api.patch(url, body, { version: record.version });
  const before = Object.fromEntries(Object.keys(body).map((name) => [name, record[name]]));
  toast(words, { undo: () => api.patch(url, before, { version: saved.version }).catch(complain) });
}
