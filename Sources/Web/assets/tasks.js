// What one has to do: what is overdue, what is for today, what comes; a line takes a new task as one would say it.

import { h, fill, icon, debounce, newID } from './dom.js';
import { api, search } from './api.js';
import { t, date, dateTime, today, wall, instant, timeZone, plurals, relative, optionOf, number } from './i18n.js';
import { state, types, mayCreate, mayUpdate } from './state.js';
import { displayValue } from './fields.js';
import { titleFor } from './pick.js';
import { create } from './form.js';
import { dialog, toast, complain } from './ui.js';
import { sentence } from './refusals.js';
import { onChange } from './live.js';
import { keep, kept } from './kept.js';
import { sheet } from './sheet.js';
import { addDays, startOfWeek, weekday } from './days.js';
import { parseWhen } from './when.js';

const PAGE = 200;

export async function show(main, visit) {
  await sheet('tasks.css');
  const tasks = new TaskList(visit);
  await tasks.open(main);
  return { title: plurals('tasks'), section: 'tasks' };
}

class TaskList {
  constructor(visit) {
    this.visit = visit;
    this.isMine = kept('tasks:mine', true);
    this.tasks = [];
    this.done = [];
  }

  async open(main) {
    this.countText = h('span.count', { role: 'status' });
    this.place = h('div.task-sections');
    this.doneList = h('ul.task-list');
    this.doneMore = h('details.more.done-lately', { ontoggle: () => this.loadDone().catch(complain) }, h('summary', t('tasks.lately')), this.doneList);
    this.moreButton = h('button.button', { type: 'button', hidden: true, onclick: () => this.load(true).catch(complain) }, t('list.more'));
    const whose = h('select.quiet-select', { 'aria-label': t('tasks.whose'), onchange: () => { this.isMine = whose.value === 'me'; keep('tasks:mine', this.isMine); this.load().catch(complain); } },
      h('option', { value: 'me', selected: this.isMine }, t('tasks.mine')), h('option', { value: 'all', selected: !this.isMine }, t('tasks.everyones')));
    fill(main, h('section.task-page',
      h('div.page-head', h('div.page-title', h('h1', plurals('tasks')), this.countText), h('div.actions', whose, h('a.button', { href: '/tasks?view=list', 'aria-label': t('tasks.as_list') }, icon('list'), h('span', t('tasks.as_list'))),
        mayCreate('tasks') ? h('button.button.primary', { type: 'button', id: 'new', onclick: () => this.make() }, icon('plus'), t('list.new')) : null)),
      mayCreate('tasks') ? this.quickAdd() : null, this.place, h('div.list-foot', this.moreButton), this.doneMore));
    const reload = debounce(() => this.reload(), 200);
    onChange('tasks', reload, this.visit.signal);
    onChange(null, (change) => { if (change.action === 'resync') reload(); }, this.visit.signal);
    // A new day moves things from one section to another.
    const clock = setInterval(() => { if (this.day !== today() || this.tasks.some((task) => isOverdue(task) !== task.wasOverdue)) this.draw(); }, 30000);
    this.visit.signal.addEventListener('abort', () => clearInterval(clock), { once: true });
    await this.load();
  }

  reload() {
    // What is being ticked off or looked at stays; a dialog is above all of it.
    this.load().catch((error) => { if (error.name !== 'AbortError') complain(error); });
    if (this.doneMore.open) this.loadDone().catch(() => {});
  }

  // What is asked for.

  condition(status) {
    const mine = { or: [{ field: 'assignee_id', op: 'eq', value: state.user.id }, { and: [{ field: 'assignee_id', op: 'is_null', value: true }, { field: 'owner_id', op: 'eq', value: state.user.id }] }] };
    return { and: [{ field: 'status', op: 'eq', value: status }, ...(this.isMine ? [mine] : [])] };
  }

  fields = ['title', 'version', 'due', 'priority', 'status', 'assignee_id', 'about', 'owner_id'];

  async load(more = false) {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const wanted = more ? this.tasks.length + PAGE : Math.max(PAGE, this.tasks.length);
    const tasks = [];
    let after;
    do {
      const { data, page } = await search('tasks', { where: this.condition('open'), fields: this.fields, sort: 'due', limit: PAGE, ...(after && { after }) }, { signal: this.visit.signal });
      tasks.push(...data);
      after = page.next;
    } while (after && tasks.length < wanted);
    if (turn !== this.turn) return;
    this.tasks = tasks;
    this.hasMore = Boolean(after);
    this.draw();
  }

  async loadDone() {
    if (!this.doneMore.open) return;
    const { data } = await search('tasks', { where: this.condition('done'), fields: this.fields, sort: '-updated_at', limit: 20 }, { signal: this.visit.signal });
    fill(this.doneList, data.length ? data.map((task) => this.row(task)) : h('li.empty', t('tasks.none_done')));
  }

  // What is seen.

  draw() {
    this.day = today();
    const now = this.day;
    const week = addDays(startOfWeek(now, state.settings.week_start ?? 'monday'), 6);
    const sections = [
      ['overdue', (task, day) => isOverdue(task) && day < now], ['today', (task, day) => day === now], ['tomorrow', (task, day) => day === addDays(now, 1)],
      ['week', (task, day) => day > now && day <= week], ['later', (task, day) => day > now], ['someday', (task, day) => !day],
    ].map(([name, holds]) => ({ name, holds, tasks: [] }));
    for (const task of this.tasks) {
      task.wasOverdue = isOverdue(task);
      const day = dayOf(task);
      sections.find((section) => section.holds(task, day))?.tasks.push(task);
    }
    this.countText.textContent = this.hasMore ? t('tasks.more_than', { count: this.tasks.length }) : t('tasks.open', { count: this.tasks.length });
    this.moreButton.hidden = !this.hasMore;
    const focus = focusOf(this.place);
    fill(this.place, sections.filter((section) => section.tasks.length || section.name === 'today').map((section) => {
      const id = newID('tasks');
      return h('section.section.task-section', { class: `is-${section.name}`, 'aria-labelledby': id }, h('h2', { id }, t(`tasks.${section.name}`), section.tasks.length ? h('span.count', number(section.tasks.length)) : null),
        section.tasks.length ? h('ul.task-list', section.tasks.map((task) => this.row(task))) : h('p.hint', t(this.tasks.length ? 'tasks.nothing_today' : 'today.no_tasks')));
    }));
    focus?.(this.place);
  }

  row(task) {
    const isDone = task.status === 'done';
    const may = mayUpdate('tasks') && !task.read_only;
    const box = h('input', { type: 'checkbox', checked: isDone, disabled: !may, 'aria-label': t('tasks.done', { title: task.title }), onchange: () => this.finish(task, row, box.checked) });
    const day = dayOf(task);
    const due = task.due ? [icon('clock'), h('time', { datetime: dueAt(task), title: `${dateTime(dueAt(task), { dateStyle: 'full', timeStyle: 'short' })} (${timeZone})` }, shortDue(task, day))] : [icon('clock'), h('span', t('tasks.set_due'))];
    const row = h('li.task-item', { dataset: { id: task.id }, class: [isDone && 'is-done', !isDone && isOverdue(task) && 'is-late'].filter(Boolean).join(' ') },
      h('label.task-box', box),
      h('div.task-what', h('a.task-title', { href: `/tasks/${task.id}` }, task.title),
        task.about || task.priority === 'high' || (!this.isMine && task.assignee_id) ? h('p.task-more',
          task.priority === 'high' ? h('span.tag.tone-bad', optionOf(types.get('tasks'), types.get('tasks').byPath.get('priority'), 'high')) : null,
          task.about ? h('span', displayValue(types.get('tasks'), types.get('tasks').byPath.get('about'), task.about)) : null,
          !this.isMine && task.assignee_id ? h('span.hint', nameOf(task.assignee_id)) : null) : null),
      may && !isDone ? h('button.button.quiet.small.task-due', { type: 'button', 'aria-label': `${t('tasks.reschedule', { title: task.title })}${task.due ? `: ${dateTime(dueAt(task))}` : ''}`, onclick: () => this.reschedule(task) }, due)
        : h('span.task-due.hint', task.due ? due : null));
    return row;
  }

  // Doing.

  async finish(task, row, isDone) {
    row.classList.toggle('is-done', isDone);
    const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector('input');
    try {
      await api.patch(`/v1/tasks/${task.id}`, { status: isDone ? 'done' : 'open' });
      if (isDone) toast(t('tasks.finished', { title: task.title }), { undo: () => api.patch(`/v1/tasks/${task.id}`, { status: 'open' }).then(() => this.reload()).catch(complain) });
      // Seen for a moment before it leaves.
      if (row.contains(document.activeElement)) next?.focus();
      await new Promise((resolve) => setTimeout(resolve, 350));
      this.reload();
    } catch (error) {
      row.classList.toggle('is-done', !isDone);
      row.querySelector('input').checked = !isDone;
      complain(error);
    }
  }

  async make(given = {}) {
    if (await create('tasks', given)) await this.load().catch(complain);
  }

  quickAdd() {
    const [id, hintID] = [newID('quick'), newID('quick')];
    const input = h('input', { id, maxlength: 500, autocomplete: 'off', placeholder: t('tasks.example'), 'aria-describedby': hintID, value: kept('draft:task', '') });
    const hint = h('p.quick-hint', { id: hintID, 'aria-live': 'polite' });
    const read = () => parseWhen(input.value, { now: wall(new Date()), language: state.language });
    const tell = () => {
      keep('draft:task', input.value.trim() ? input.value : null);
      const { title, local } = read();
      fill(hint, !input.value.trim() ? t('tasks.quick_hint') : local ? [icon('clock'), h('span', dateTime(instant(local), { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit' })), h('span.hint', title ? title : t('tasks.what_missing'))] : t('tasks.no_time'));
    };
    input.addEventListener('input', tell);
    tell();
    const form = h('form.quick-add', {
      onsubmit: async (event) => {
        event.preventDefault();
        const { title, local } = read();
        if (!title) { input.focus(); fill(hint, t('tasks.what_missing')); return; }
        const line = input.value;
        input.value = '';
        tell();
        try {
          await api.post('/v1/tasks', { title, ...(local && { due: { local, time_zone: timeZone } }), assignee_id: state.user.id });
          await this.load();
        } catch (error) {
          if (!input.value) input.value = line;
          tell();
          complain(error);
        }
      },
    }, h('label.unseen', { for: id }, t('tasks.quick')), h('span.quick-line', icon('plus'), input, h('button.button', t('tasks.add'))), hint);
    return form;
  }

  /** Another time: one of the usual, or what is typed. */
  async reschedule(task) {
    const now = today();
    const clock = task.due ? wall(dueAt(task)).slice(11) : '09:00';
    const monday = addDays(now, ((1 - weekday(now) + 7) % 7) || 7);
    const usual = [['tasks.today', `${now}T17:00`], ['tasks.tomorrow', `${addDays(now, 1)}T${clock}`], ['tasks.monday', `${monday}T${clock}`], ['tasks.in_a_week', `${addDays(now, 7)}T${clock}`]];
    await dialog(task.title, (close) => {
      const id = newID('due');
      const input = h('input', { id, type: 'datetime-local', value: task.due ? wall(dueAt(task)) : `${addDays(now, 1)}T09:00`, required: true, autofocus: true });
      const alert = h('p.alert', { role: 'alert', hidden: true });
      const save = async (local) => {
        try { await this.setDue(task, local); close(); await this.load(); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); }
      };
      return h('form.stack', { onsubmit: (event) => { event.preventDefault(); save(input.value.slice(0, 16)); } }, alert,
        h('div.usual-times', { role: 'group', 'aria-label': t('tasks.usual') }, usual.map(([key, local]) => h('button.button', { type: 'button', onclick: () => save(local) }, h('span', t(key)), h('span.hint', dateTime(instant(local), { weekday: 'short', hour: 'numeric', minute: '2-digit' }))))),
        h('div.field', h('label', { for: id }, t('field.due')), input, h('span.hint', timeZone)),
        h('footer.dialog-foot', task.due ? h('button.button.quiet', { type: 'button', onclick: () => save(null) }, t('tasks.no_due')) : null, h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
    });
  }

  async setDue(task, local) {
    const zone = task.due?.time_zone ?? timeZone;
    const due = local && { local: wall(instant(local), zone), time_zone: zone };
    await api.patch(`/v1/tasks/${task.id}`, { due }, { version: task.version });
  }
}

const dueAt = (task) => instant(task.due.local.slice(0, 16), task.due.time_zone);
/** The day on which it is due where its reader is. */
const dayOf = (task) => (task.due ? wall(dueAt(task)).slice(0, 10) : null);
const isOverdue = (task) => Boolean(task.due) && dueAt(task) < new Date().toISOString();

function shortDue(task, day) {
  const at = dueAt(task);
  const now = today();
  const clock = dateTime(at, { hour: 'numeric', minute: '2-digit' });
  if (day === now) return clock;
  if (day === addDays(now, 1)) return clock;
  if (day > now && day <= addDays(now, 6)) return dateTime(at, { weekday: 'short', hour: 'numeric', minute: '2-digit' });
  if (day < now && day >= addDays(now, -6)) return relative(`${day}T12:00:00Z`, Date.parse(`${now}T12:00:00Z`));
  return date(day, { day: 'numeric', month: 'short', ...(day.slice(0, 4) !== now.slice(0, 4) && { year: 'numeric' }) });
}

function nameOf(id) {
  const place = h('span');
  titleFor('users', id).then((name) => { place.textContent = name ?? ''; });
  return place;
}

/** Remembers which control of which row has the focus; answers how to give it back. */
function focusOf(place) {
  const row = place.contains(document.activeElement) ? document.activeElement.closest('li[data-id]') : null;
  if (!row) return null;
  const { id } = row.dataset;
  const selector = document.activeElement.matches('input') ? 'input' : document.activeElement.matches('a') ? 'a' : 'button';
  const index = [...place.querySelectorAll('li[data-id]')].indexOf(row);
  return (again) => {
    const rows = [...again.querySelectorAll('li[data-id]')];
    (again.querySelector(`li[data-id="${id}"] ${selector}`) ?? rows[Math.min(index, rows.length - 1)]?.querySelector(selector))?.focus({ preventScroll: true });
  };
}
