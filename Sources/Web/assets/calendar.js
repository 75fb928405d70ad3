// What one has before oneself: meetings, calls, tasks and reminders by day, week or month, in one's own zone. What is one's own can be carried to
// another time.

import { h, fill, icon, iconButton, debounce, newID } from './dom.js';
import { api, address, search } from './api.js';
import { t, date, dateTime, time, today, wall, instant, timeZone, duration, locale } from './i18n.js';
import { state, mayCreate, mayUpdate, types } from './state.js';
import { recordLink } from './fields.js';
import { create } from './form.js';
import { dialog, toast, complain, menuButton } from './ui.js';
import { onChange } from './live.js';
import { keep, kept } from './kept.js';
import { note } from './navigate.js';
import { sheet } from './sheet.js';
import { waitsForHand } from './carry.js';
import { addDays, addMonths, addMinutes, monthDays, monthOf, weekOf, daysBetween } from './days.js';
import { monthTable, dayList, isNarrow } from './month.js';
import { hoursGrid } from './hours.js';

const modes = ['day', 'week', 'month'];

export async function show(main, visit) {
  await sheet('calendar.css');
  const calendar = new Calendar(visit);
  await calendar.open(main);
  return { title: t('page.calendar'), section: 'calendar' };
}

class Calendar {
  constructor(visit) {
    this.visit = visit;
    const query = visit.url.searchParams;
    const mode = query.get('mode') ?? kept('calendar:mode', 'week');
    this.mode = modes.includes(mode) ? mode : 'week';
    this.date = /^\d{4}-\d\d-\d\d$/.test(query.get('date') ?? '') && !Number.isNaN(Date.parse(query.get('date'))) ? query.get('date') : today();
    this.items = [];
  }

  get weekStart() { return state.settings.week_start ?? 'monday'; }

  /** The days that are shown. */
  get days() {
    switch (this.mode) {
      case 'day': return [this.date];
      case 'week': return weekOf(this.date, this.weekStart);
      default: return monthDays(this.date, this.weekStart);
    }
  }

  get title() {
    if (this.mode === 'day') return date(this.date, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
    if (this.mode === 'month') return date(this.date, { month: 'long', year: 'numeric' });
    const { days } = this;
    return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).formatRange(new Date(`${days[0]}T00:00Z`), new Date(`${days[6]}T00:00Z`));
  }

  async open(main) {
    this.heading = h('h2.period', { 'aria-live': 'polite' });
    this.place = h('div.calendar-place');
    this.modesPlace = h('nav.switch.words', { 'aria-label': t('calendar.modes') });
    const may = (name) => mayCreate(name) && types.has(name);
    const make = [may('activities') && ['meeting', 'meeting'], may('activities') && ['call', 'call'], may('tasks') && ['task', 'tasks']].filter(Boolean);
    fill(main, h('section.calendar-page',
      h('div.page-head', h('div.page-title', h('h1', t('page.calendar')), h('span.count', { title: t('calendar.zone') }, zoneName())),
        h('div.actions', this.modesPlace, make.length ? menuButton(t('list.new'), () => make.map(([kind, symbol]) => ({ label: t(`composer.${kind}`), icon: symbol, action: () => this.make(kind) })), { symbol: 'plus', text: true, className: 'primary' }) : null)),
      h('div.period-bar', iconButton('left', t('calendar.back'), () => this.step(-1)), iconButton('right', t('calendar.forth'), () => this.step(1)),
        h('button.button.small', { type: 'button', onclick: () => this.go(today()) }, t('calendar.today')), this.heading),
      this.place));
    const { signal } = this.visit;
    this.reload = debounce(() => this.load().catch((error) => { if (error.name !== 'AbortError') complain(error); }), 200);
    for (const name of ['activities', 'tasks', 'reminders']) onChange(name, this.reload, signal);
    document.addEventListener('keydown', (event) => this.key(event), { signal });
    matchMedia('(max-width: 48rem)').addEventListener('change', () => this.draw(), { signal });
    await this.load();
    this.begin();
  }

  // What is asked for.

  async load() {
    const { days } = this;
    const turn = this.turn = (this.turn ?? 0) + 1;
    // An agenda knows at most 31 days at once.
    const parts = [];
    for (let start = 0; start < days.length; start += 21) parts.push(days.slice(start, start + 21));
    const [agendas, talks] = await Promise.all([
      Promise.all(parts.map((part) => api.get(address('/v1/agenda', { date: part[0], days: part.length }), { signal: this.visit.signal }))),
      types.has('activities') ? this.talks(days) : new Map(),
    ]);
    if (turn !== this.turn || waitsForHand(this.reload)) return;
    this.items = agendas.flatMap((agenda) => agenda.data).map((one) => {
      const talk = talks.get(one.record.id);
      return {
        kind: one.kind, type: one.record.type, id: one.record.id, title: one.summary ?? one.record.title ?? t('record.nameless'), record: one.record,
        at: one.at, local: wall(one.at), minutes: talk?.duration_minutes ?? null, version: talk?.version, status: one.status,
        isMovable: one.kind !== 'reminder' && mayUpdate(one.record.type),
      };
    });
    this.draw();
  }

  /** How long meetings and calls take, which an agenda does not say. */
  async talks(days) {
    const found = new Map();
    const [from, to] = [instant(`${days[0]}T00:00`), instant(`${addDays(days.at(-1), 1)}T00:00`)];
    const where = { and: [{ field: 'kind', op: 'in', value: ['meeting', 'call'] }, { field: 'owner_id', op: 'eq', value: state.user.id }, { field: 'at', op: 'gte', value: from }, { field: 'at', op: 'lt', value: to }] };
    let after;
    do {
      const { data, page } = await search('activities', { where, fields: ['duration_minutes', 'version'], sort: 'at', limit: 200, ...(after && { after }) }, { signal: this.visit.signal });
      for (const talk of data) found.set(talk.id, talk);
      after = page.next;
    } while (after && found.size < 1000);
    return found;
  }

  // What is seen.

  draw() {
    this.heading.textContent = this.title;
    fill(this.modesPlace, modes.map((mode) => h('a', { href: address('/calendar', { mode, date: this.date }), 'aria-current': mode === this.mode ? 'true' : null, onclick: (event) => { if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); this.change({ mode }); } } }, t(`calendar.${mode}`))));
    const focused = document.activeElement?.closest?.('.entry')?.item;
    const scrolled = this.place.firstElementChild?.scrollTop;
    const { days } = this;
    const entriesOf = (day) => this.items.filter((item) => item.local.slice(0, 10) === day).map((item) => this.entry(item));
    const common = { days, label: this.title, open: (day) => this.change({ mode: 'day', date: day }), signal: this.visit.signal };
    const byDays = (entry, count) => this.move(entry.item, addMinutes(entry.item.local, count * 1440));
    if (isNarrow()) {
      const own = this.mode === 'month' ? days.filter((day) => monthOf(day) === monthOf(this.date)) : days;
      fill(this.place, dayList({ ...common, days: own, entriesOf, nothing: t('calendar.nothing'), move: byDays }));
    } else if (this.mode === 'month') {
      fill(this.place, monthTable({ ...common, month: monthOf(this.date), entriesOf, make: (day) => this.make('meeting', `${day}T09:00`), move: byDays }));
    } else {
      const items = this.items.map((item) => ({ ...item, element: this.entry(item) }));
      fill(this.place, hoursGrid({ ...common, items, make: (local) => this.make('meeting', local), move: (entry, local) => this.move(entry.item, local) }));
    }
    if (scrolled) this.place.firstElementChild.scrollTop = scrolled;
    if (focused) [...this.place.querySelectorAll('.entry')].find((one) => one.item.id === focused.id && one.item.kind === focused.kind)?.focus({ preventScroll: true });
  }

  begin() { this.place.firstElementChild?.begin?.(); }

  entry(item) {
    const isLate = item.kind === 'task' && item.at < new Date().toISOString();
    const element = h('button.entry', { type: 'button', class: [`is-${item.kind}`, item.isMovable && 'is-movable', isLate && 'is-late', item.at < new Date().toISOString() && 'is-past'].filter(Boolean).join(' '), onclick: () => this.showItem(item) },
      icon(item.kind === 'task' ? 'tasks' : item.kind), h('time', { datetime: item.at }, time(item.at)), h('span.entry-title', h('span.unseen', `${t(`composer.${item.kind}`)}: `), item.title));
    element.item = item;
    return element;
  }

  // Going about.

  change({ mode = this.mode, date: day = this.date }) {
    const isOther = mode !== this.mode;
    this.mode = mode;
    this.date = day;
    keep('calendar:mode', mode);
    note(address('/calendar', { mode, date: day === today() ? null : day }));
    this.load().then(() => { if (isOther) this.begin(); }).catch(complain);
  }

  go(day) { this.change({ date: day }); }
  step(count) { this.go(this.mode === 'month' ? addMonths(this.date, count) : addDays(this.date, this.mode === 'week' ? 7 * count : count)); }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target.closest?.('input, textarea, select, dialog, [popover]')) return;
    if (event.key === 'PageUp' || event.key === 'PageDown') { event.preventDefault(); this.step(event.key === 'PageUp' ? -1 : 1); return; }
    const action = { d: () => this.change({ mode: 'day' }), w: () => this.change({ mode: 'week' }), m: () => this.change({ mode: 'month' }), '.': () => this.go(today()) }[event.key];
    if (action && !event.defaultPrevented) action();
  }

  // Making and moving.

  async make(kind, local = `${this.days.includes(today()) ? today() : this.days[0]}T${this.days.includes(today()) ? nextHour() : '09:00'}`) {
    const isTask = kind === 'task';
    const given = isTask ? { due: { local, time_zone: timeZone }, assignee_id: state.user.id } : { kind, at: instant(local), duration_minutes: kind === 'meeting' ? 60 : 15 };
    const made = await create(isTask ? 'tasks' : 'activities', given, { title: t(`calendar.new_${kind}`) });
    if (made) await this.load().catch(complain);
  }

  /** Moves an item to another time: here at once, there if the service agrees; can be taken back. */
  async move(item, local, minutes, { isUndo = false } = {}) {
    const before = { local: item.local, minutes: item.minutes };
    item.local = local;
    item.at = instant(local);
    if (minutes !== undefined) item.minutes = minutes;
    this.draw();
    try {
      if (item.type === 'tasks') {
        const task = await api.get(`/v1/tasks/${item.id}`);
        const zone = task.due?.time_zone ?? timeZone;
        await api.patch(`/v1/tasks/${item.id}`, { due: { local: wall(instant(local), zone), time_zone: zone } }, { version: task.version });
      } else {
        const saved = await api.patch(`/v1/activities/${item.id}`, { at: instant(local), ...(minutes !== undefined && { duration_minutes: minutes }) }, { version: item.version });
        item.version = saved.version;
      }
      if (!isUndo) toast(t('calendar.moved', { title: item.title, when: dateTime(item.at, { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }) }), { undo: () => this.move(item, before.local, minutes === undefined ? undefined : before.minutes, { isUndo: true }) });
      const days = this.days;
      if (daysBetween(days[0], local.slice(0, 10)) < 0 || daysBetween(local.slice(0, 10), days.at(-1)) < 0) await this.load();
    } catch (error) {
      Object.assign(item, before, { at: instant(before.local) });
      this.draw();
      complain(error);
      this.load().catch(() => {});
    }
  }

  /** An item from near, with what one can do to it. */
  async showItem(item) {
    const isTask = item.type === 'tasks';
    await dialog(item.title, (close) => {
      const [atID, minutesID] = [newID('at'), newID('at')];
      const at = h('input', { id: atID, type: 'datetime-local', required: true, value: item.local });
      const minutes = h('input', { id: minutesID, type: 'number', min: 0, max: 100000, value: item.minutes ?? '' });
      const save = async (event) => {
        event.preventDefault();
        close();
        const length = isTask || minutes.value === '' || Number(minutes.value) === item.minutes ? undefined : Number(minutes.value);
        if (at.value.slice(0, 16) !== item.local || length !== undefined) await this.move(item, at.value.slice(0, 16), length);
      };
      const finish = async () => {
        close();
        try {
          await api.patch(`/v1/tasks/${item.id}`, { status: 'done' });
          toast(t('tasks.finished', { title: item.title }), { undo: () => api.patch(`/v1/tasks/${item.id}`, { status: 'open' }).then(() => this.load()).catch(complain) });
          await this.load();
        } catch (error) { complain(error); }
      };
      return [
        h('p.item-when', icon(item.kind === 'task' ? 'tasks' : item.kind), h('span', t(`composer.${item.kind}`), ' · ', dateTime(item.at, { dateStyle: 'full', timeStyle: 'short' }), item.minutes ? ` · ${duration(item.minutes)}` : '', h('span.hint', ` ${zoneName()}`))),
        item.kind === 'reminder' && item.record.type !== 'reminders' ? h('p', t('calendar.about'), ' ', recordLink(item.record.type, item.record)) : null,
        item.isMovable ? h('form.stack', { onsubmit: save },
          h('div.row', h('div.field', h('label', { for: atID }, t(isTask ? 'field.due' : 'field.when')), at), isTask ? null : h('div.field', h('label', { for: minutesID }, t('composer.minutes')), minutes)),
          h('footer.dialog-foot', h('a.button', { href: `/${item.type}/${item.id}`, onclick: () => close() }, t('calendar.open')), isTask ? h('button.button', { type: 'button', onclick: finish }, icon('check'), t('calendar.done')) : null, h('button.button.primary', t('form.save'))))
          : h('footer.dialog-foot', types.has(item.type) && types.get(item.type).standing !== 'furniture' ? h('a.button', { href: `/${item.type}/${item.id}`, onclick: () => close() }, t('calendar.open')) : h('button.button', { type: 'button', onclick: () => close() }, t('ui.close'))),
      ];
    });
  }
}

/** `Europe/Berlin, GMT+1`. */
function zoneName() {
  const part = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'shortOffset' }).formatToParts(new Date()).find((one) => one.type === 'timeZoneName')?.value;
  const place = timeZone.replaceAll('_', ' ');
  return part && part !== place ? `${place}, ${part}` : place;
}

const nextHour = () => `${String(Math.min(22, Number(wall(new Date()).slice(11, 13)) + 1)).padStart(2, '0')}:00`;
