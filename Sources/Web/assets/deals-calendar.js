// Deals by the day on which they are expected to close; a deal carried to another day is expected then.

import { h, fill, icon, iconButton, debounce } from './dom.js';
import { api, address, search } from './api.js';
import { t, date, money, plurals, today } from './i18n.js';
import { state, mayCreate, mayUpdate } from './state.js';
import { create } from './form.js';
import { toast, complain } from './ui.js';
import { onChange } from './live.js';
import { note } from './navigate.js';
import { layoutSwitch } from './list.js';
import { sheet } from './sheet.js';
import { addDays, addMonths, monthDays, monthOf } from './days.js';
import { monthTable, dayList, isNarrow } from './month.js';
import { Sums } from './sums.js';

export async function show(main, visit) {
  await sheet('calendar.css');
  const calendar = new DealsCalendar(visit);
  await calendar.open(main);
  return { title: plurals('deals'), section: 'deals' };
}

class DealsCalendar {
  constructor(visit) {
    this.visit = visit;
    const asked = visit.url.searchParams.get('date') ?? '';
    this.date = /^\d{4}-\d\d-\d\d$/.test(asked) && !Number.isNaN(Date.parse(asked)) ? asked : today();
    this.deals = [];
  }

  get days() { return monthDays(this.date, state.settings.week_start ?? 'monday'); }

  async open(main) {
    this.heading = h('h2.period', { 'aria-live': 'polite' });
    this.sums = h('span.count');
    this.place = h('div.calendar-place');
    fill(main, h('section.calendar-page',
      h('div.page-head', h('div.page-title', h('h1', plurals('deals')), this.sums), h('div.actions', layoutSwitch('calendar'),
        mayCreate('deals') ? h('button.button.primary', { type: 'button', id: 'new', onclick: () => this.make(today()) }, icon('plus'), t('list.new')) : null)),
      h('div.period-bar', iconButton('left', t('calendar.back'), () => this.go(addMonths(this.date, -1))), iconButton('right', t('calendar.forth'), () => this.go(addMonths(this.date, 1))),
        h('button.button.small', { type: 'button', onclick: () => this.go(today()) }, t('calendar.today')), this.heading, h('span.hint', t('calendar.by_close_date'))),
      this.place));
    const reload = debounce(() => this.load().catch((error) => { if (error.name !== 'AbortError') complain(error); }), 200);
    onChange('deals', reload, this.visit.signal);
    matchMedia('(max-width: 48rem)').addEventListener('change', () => this.draw(), { signal: this.visit.signal });
    await this.load();
  }

  go(day) {
    this.date = day;
    note(address('/deals', { view: 'calendar', date: monthOf(day) === monthOf(today()) ? null : day }));
    this.load().catch(complain);
  }

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const { days } = this;
    const deals = [];
    let after;
    do {
      const body = { where: { field: 'close_date', op: 'between', value: [days[0], days.at(-1)] }, fields: ['name', 'version', 'amount', 'close_date', 'status', 'stage_id'], sort: 'close_date', limit: 200, ...(after && { after }) };
      const { data, page } = await search('deals', body, { signal: this.visit.signal });
      deals.push(...data);
      after = page.next;
    } while (after && deals.length < 2000);
    if (turn !== this.turn) return;
    this.deals = deals;
    this.draw();
  }

  draw() {
    const { days } = this;
    const month = monthOf(this.date);
    const label = date(this.date, { month: 'long', year: 'numeric' });
    this.heading.textContent = label;
    const total = new Sums();
    for (const deal of this.deals) if (monthOf(deal.close_date) === month && deal.status !== 'lost') total.add(deal.amount);
    this.sums.textContent = [t('list.count', { count: this.deals.filter((deal) => monthOf(deal.close_date) === month).length }), ...total.moneys.map((sum) => money(sum, { whole: true }))].join(' · ');
    const focused = document.activeElement?.closest?.('.entry')?.deal?.id;
    const entriesOf = (day) => this.deals.filter((deal) => deal.close_date === day).map((deal) => this.entry(deal));
    const move = (entry, count) => this.move(entry.deal, addDays(entry.deal.close_date, count));
    const open = (day) => this.make(day);
    fill(this.place, isNarrow()
      ? dayList({ days: days.filter((day) => monthOf(day) === month), label, entriesOf, nothing: t('calendar.nothing_closes'), move })
      : monthTable({ days, month, label, entriesOf, open, make: open, move, signal: this.visit.signal }));
    if (focused) [...this.place.querySelectorAll('.entry')].find((one) => one.deal.id === focused)?.focus({ preventScroll: true });
  }

  entry(deal) {
    const isLate = deal.status === 'open' && deal.close_date < today();
    const movable = mayUpdate('deals') && !deal.read_only;
    const entry = h('a.entry', { href: `/deals/${deal.id}`, draggable: 'false', class: [`is-${deal.status}`, movable && 'is-movable', isLate && 'is-late'].filter(Boolean).join(' ') }, h('span.entry-title', deal.name), h('span.entry-end', money(deal.amount, { compact: true })));
    entry.deal = deal;
    return entry;
  }

  async make(day) {
    if (mayCreate('deals') && (await create('deals', { close_date: day }))) await this.load().catch(complain);
  }

  async move(deal, day, { isUndo = false } = {}) {
    const before = deal.close_date;
    deal.close_date = day;
    this.draw();
    try {
      const saved = await api.patch(`/v1/deals/${deal.id}`, { close_date: day }, { version: deal.version });
      deal.version = saved.version;
      if (!isUndo) toast(t('calendar.moved', { title: deal.name, when: date(day, { weekday: 'short', day: 'numeric', month: 'short' }) }), { undo: () => this.move(deal, before, { isUndo: true }) });
    } catch (error) {
      deal.close_date = before;
      this.draw();
      complain(error);
      this.load().catch(() => {});
    }
  }
}
