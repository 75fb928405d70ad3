// Deals as cards in columns, one per stage: what is in each, what it is worth, and how it moves on. A move is shown at once and taken back when it is
// refused.

import { h, fill, icon, iconButton, debounce, newID } from './dom.js';
import { api, search, address } from './api.js';
import { t, money, date, today, number, plurals, duration } from './i18n.js';
import { types, titleOf, mayCreate, mayUpdate, state } from './state.js';
import { pipelines, forgetPipelines } from './fields.js';
import { titleFor } from './pick.js';
import { moveDeal, chooseStage } from './deals.js';
import { create } from './form.js';
import { complain, emptyState } from './ui.js';
import { onChange } from './live.js';
import { keep, kept } from './kept.js';
import { note, go } from './navigate.js';
import { layoutSwitch } from './list.js';
import { carry } from './carry.js';
import { Sums } from './sums.js';
import { sheet } from './sheet.js';

const PAGE = 100;

export async function show(main, visit) {
  const [all] = await Promise.all([pipelines(), sheet('board.css')]);
  const board = new Board(all, visit);
  await board.open(main);
  return { title: t('deals.board'), section: 'deals' };
}

/** One stage: its deals as far as they are loaded, in their order, and the figures of all of them. */
class Column {
  constructor(stage) {
    this.stage = stage;
    this.deals = [];
    this.next = null;
    this.sums = new Sums();
  }
}

class Board {
  constructor(all, visit) {
    this.all = all;
    this.visit = visit;
    const query = visit.url.searchParams;
    this.pipeline = all.find((one) => one.id === (query.get('pipeline') ?? kept('board:pipeline'))) ?? all[0];
    this.isMine = query.has('owner') ? query.get('owner') === 'me' : kept('board:mine', false);
    this.mayMove = mayUpdate('deals');
    this.cards = new Map();
    /** Deals whose move is on its way. */
    this.sent = new Set();
  }

  async open(main) {
    this.main = main;
    this.draw(main);
    if (this.pipeline) await this.load();
    this.listen();
  }

  // What is asked for.

  request(condition, limit, after) {
    const required = this.pipeline.stages.flatMap((stage) => stage.required_fields ?? []);
    const fields = ['name', 'version', 'pipeline_id', 'stage_id', 'position', 'status', 'amount', 'close_date', 'company_id', 'contact_id', 'owner_id', 'lost_reason', 'stage_entered_at', ...required];
    const type = types.get('deals');
    const known = fields.filter((path, index) => type.byPath.has(path) && fields.indexOf(path) === index);
    const include = ['company', 'contact'].filter((name) => types.has(name === 'company' ? 'companies' : 'contacts') && type.byPath.has(`${name}_id`));
    const parts = [...condition, ...(this.isMine ? [{ field: 'owner_id', op: 'eq', value: state.user.id }] : [])];
    return { where: { and: parts }, fields: known, include, sort: 'position', limit, ...(after && { after }) };
  }

  inStage(stage, limit = PAGE, after) {
    return search('deals', this.request([{ field: 'stage_id', op: 'eq', value: stage.id }], limit, after), { signal: this.visit.signal });
  }

  async load() {
    this.columns = this.pipeline.stages.map((stage) => new Column(stage));
    this.byStage = new Map(this.columns.map((column) => [column.stage.id, column]));
    this.cards.clear();
    this.drawColumns();
    const figures = this.loadFigures();
    await Promise.all(this.columns.map(async (column) => {
      const { data, page } = await this.inStage(column.stage);
      column.deals = data;
      column.next = page.next;
      this.drawColumn(column);
    }));
    await figures;
    this.board.removeAttribute('aria-busy');
  }

  /** The figures of whole stages, also of what is not loaded. */
  async loadFigures() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    const report = await api.get(address('/v1/reports/pipeline', { pipeline_id: this.pipeline.id, by: this.isMine ? 'owner' : null }), { signal: this.visit.signal });
    if (turn !== this.turn) return;
    const stages = this.isMine ? report.rows?.find((row) => row.owner_id === state.user.id)?.stages ?? [] : report.stages;
    for (const column of this.columns) {
      const figures = stages.find((one) => one.stage_id === column.stage.id);
      column.sums = new Sums(figures?.count ?? 0, figures?.amount ?? {});
      this.drawHead(column);
    }
  }

  async more(column) {
    if (!column.next || column.isLoading) return;
    column.isLoading = true;
    column.moreButton.disabled = true;
    try {
      const { data, page } = await this.inStage(column.stage, PAGE, column.next);
      const fresh = data.filter((deal) => !this.cards.has(deal.id));
      column.deals.push(...fresh);
      column.next = page.next;
      column.list.append(...fresh.map((deal) => this.card(deal)));
    } catch (error) { complain(error); } finally {
      column.isLoading = false;
      column.moreButton.disabled = false;
      column.moreButton.hidden = !column.next;
    }
  }

  // What is seen.

  draw(main) {
    this.heading = h('h1', plurals('deals'));
    this.total = h('span.count', { role: 'status' });
    this.said = h('p.unseen', { role: 'status', 'aria-live': 'polite' });
    this.hint = newID('board-keys');
    this.board = h('div.board', { 'aria-busy': 'true', onkeydown: (event) => this.key(event), onfocusin: (event) => this.focused(event) });
    fill(main, h('section.board-page',
      h('div.page-head', h('div.page-title', this.heading, this.total), h('div.actions', this.pipelinePlace = h('span.select-place', this.pipelineSelect()), this.ownerSelect(), layoutSwitch('board'),
        mayCreate('deals') ? h('button.button.primary', { type: 'button', id: 'new', onclick: () => this.create() }, icon('plus'), t('list.new')) : null)),
      h('p.unseen', { id: this.hint }, t('board.keys')), this.said,
      this.pipeline ? this.board : emptyState(t('board.no_pipeline'), t('board.no_pipeline_words'), h('a.button.primary', { href: '/settings/pipelines/new' }, t('board.make_pipeline')))));
    carry(this.board, '.deal-card', {
      signal: this.visit.signal,
      begin: (card) => {
        if (!this.mayMove || card.deal.read_only) return false;
        this.carried = { card, home: card.nextElementSibling, list: card.parentElement };
        return true;
      },
      over: (card, x, y) => this.over(card, x, y),
      drop: (card) => this.drop(card),
      cancel: () => this.putBack(),
    });
  }

  pipelineSelect() {
    if (this.all.length < 2) return null;
    return h('select.quiet-select', { 'aria-label': t('field.pipeline_id'), onchange: (event) => { this.pipeline = this.all.find((one) => one.id === event.target.value); keep('board:pipeline', this.pipeline.id); this.navigate(); } },
      this.all.map((one) => h('option', { value: one.id, selected: one === this.pipeline }, one.name)));
  }

  ownerSelect() {
    return h('select.quiet-select', { 'aria-label': t('board.whose'), onchange: (event) => { this.isMine = event.target.value === 'me'; keep('board:mine', this.isMine); this.navigate(); } },
      h('option', { value: 'all', selected: !this.isMine }, t('board.everyones')), h('option', { value: 'me', selected: this.isMine }, t('board.mine')));
  }

  navigate() {
    note(address('/deals', { view: 'board', pipeline: this.all.length > 1 ? this.pipeline.id : null, owner: this.isMine ? 'me' : null }));
    this.board.setAttribute('aria-busy', 'true');
    this.load().catch(complain);
  }

  drawColumns() {
    fill(this.board, this.columns.map((column) => {
      const { stage } = column;
      column.list = h('ul.deal-cards', { role: 'list', 'aria-label': stage.name, 'aria-describedby': this.hint });
      column.head = h('p.column-sums');
      column.countText = h('span.column-count');
      column.moreButton = h('button.button.small', { type: 'button', hidden: true, onclick: () => this.more(column) }, t('list.more'));
      column.body = h('div.column-body', column.list, column.moreButton);
      column.element = h('section.board-column', { class: `is-${stage.kind}` }, h('header.column-head', h('div.column-title', h('h2', stage.name), column.countText), column.head), column.body);
      column.element.column = column;
      new IntersectionObserver(([entry]) => { if (entry.isIntersecting) this.more(column); }, { root: column.body, rootMargin: '600px' }).observe(column.moreButton);
      return column.element;
    }));
  }

  drawHead(column) {
    column.countText.textContent = number(column.sums.count);
    fill(column.head, column.sums.moneys.length ? column.sums.moneys.map((sum) => h('span', money(sum, { whole: true }))) : h('span', ' '));
    const count = this.columns.reduce((sum, one) => sum + one.sums.count, 0);
    this.total.textContent = t('list.count', { count });
  }

  drawColumn(column) {
    fill(column.list, column.deals.map((deal) => this.card(deal)));
    column.moreButton.hidden = !column.next;
    this.drawHead(column);
    this.rove(column, column.list.firstElementChild);
  }

  card(deal) {
    const card = h('li.deal-card', { 'aria-label': deal.name, dataset: { id: deal.id } });
    card.deal = deal;
    this.cards.set(deal.id, card);
    return this.fillCard(card);
  }

  fillCard(card) {
    const { deal } = card;
    const who = deal.company ? titleOf('companies', deal.company) : deal.contact ? titleOf('contacts', deal.contact) : '';
    const isOpen = deal.status === 'open';
    const isLate = isOpen && deal.close_date && deal.close_date < today();
    const days = Math.floor((Date.now() - Date.parse(deal.stage_entered_at)) / 864e5);
    const owner = deal.owner_id ? h('span.avatar', { 'aria-hidden': 'true' }) : null;
    if (owner) titleFor('users', deal.owner_id).then((name) => { if (name) { owner.textContent = initials(name); owner.title = name; } });
    card.setAttribute('aria-label', deal.name);
    card.classList.toggle('is-locked', !this.mayMove);
    const current = card.querySelector('a')?.tabIndex ?? -1;
    const focus = card.contains(document.activeElement) ? document.activeElement.localName : null;
    fill(card,
      h('a.card-name', { href: `/deals/${deal.id}`, draggable: 'false', tabindex: String(current) }, deal.name),
      who ? h('p.card-who', who) : null,
      h('p.card-facts', h('strong', deal.amount ? money(deal.amount, { whole: true }) : ''),
        deal.close_date ? h('time', { class: isLate ? 'is-late' : '', datetime: deal.close_date, title: t(isLate ? 'board.late' : 'field.close_date') }, date(deal.close_date, { day: 'numeric', month: 'short', ...(deal.close_date.slice(0, 4) !== today().slice(0, 4) && { year: 'numeric' }) })) : null),
      h('p.card-foot', isOpen && days > 0 ? h('span.hint', { title: t('field.stage_entered_at') }, number(days, { style: 'unit', unit: 'day', unitDisplay: 'short' })) : h('span'), owner),
      this.mayMove ? iconButton('move', t('deals.move'), () => this.ask(card), { class: 'card-move', tabindex: String(current) }) : null);
    if (focus) card.querySelector(focus)?.focus({ preventScroll: true });
    return card;
  }

  // Carrying a card.

  over(card, x, y) {
    const under = document.elementFromPoint(x, y);
    const column = under?.closest('.board-column')?.column;
    this.mark(column);
    if (!column) return;
    const target = under.closest('.deal-card');
    if (target === card) return;
    let before;
    if (target) {
      const box = target.getBoundingClientRect();
      before = y < box.top + box.height / 2 ? target : target.nextElementSibling;
    } else {
      const box = column.list.getBoundingClientRect();
      if (y > box.bottom) before = null; else if (y < box.top) before = column.list.firstElementChild; else if (column.list.contains(card)) return; else before = null;
    }
    if (before === card || (card.parentElement === column.list && before === card.nextElementSibling)) return;
    column.list.insertBefore(card, before);
  }

  mark(column) {
    if (this.marked === column) return;
    this.marked?.element.classList.remove('is-over');
    column?.element.classList.add('is-over');
    this.marked = column;
  }

  drop(card) {
    const { home, list } = this.carried;
    const column = card.closest('.board-column')?.column;
    this.mark(null);
    if (!column || (card.parentElement === list && card.nextElementSibling === home)) { this.putBack(); return; }
    const index = [...column.list.children].indexOf(card);
    this.carried = null;
    this.move(card, column, index);
    this.catchUp();
  }

  putBack() {
    const { card, home, list } = this.carried;
    this.mark(null);
    if (card.parentElement !== list || card.nextElementSibling !== home) list.insertBefore(card, home?.parentElement === list ? home : null);
    this.carried = null;
    this.catchUp();
  }

  // Moving a deal.

  /** Puts a card at a place among the others of a column: here at once, there as soon as the service agrees. */
  async move(card, to, index) {
    const { deal } = card;
    const from = this.byStage.get(deal.stage_id);
    const fromIndex = from.deals.indexOf(deal);
    const others = to.deals.filter((one) => one !== deal);
    if (from === to && fromIndex === index) return;
    const position = placeOf(deal, others, index, from === to);
    this.place(card, from, to, index, position);
    const before = { status: deal.status };
    deal.status = to.stage.kind;
    card.classList.add('is-sent');
    this.sent.add(deal.id);
    try {
      const saved = await moveDeal(deal, to.stage.id, { position });
      if (saved) this.take(card, saved); else this.back(card, from, to, fromIndex, before);
      this.said.textContent = saved ? t('board.moved', { name: deal.name, stage: to.stage.name, place: number(index + 1) }) : '';
    } catch (error) {
      this.back(card, from, to, fromIndex, before);
      complain(error);
    } finally {
      card.classList.remove('is-sent');
      this.sent.delete(deal.id);
    }
  }

  place(card, from, to, index, position) {
    const { deal } = card;
    const hadFocus = card.contains(document.activeElement) ? document.activeElement : null;
    from.deals.splice(from.deals.indexOf(deal), 1);
    // As the service does it: those behind close up, those from here on make room.
    for (const one of from.deals) if (one.position > deal.position) one.position -= 1;
    if (position !== undefined) for (const one of to.deals) if (one.position >= position) one.position += 1;
    to.deals.splice(index, 0, deal);
    deal.position = position ?? to.sums.count;
    deal.stage_id = to.stage.id;
    if (to.list.children[index] !== card) {
      const rest = [...to.list.children].filter((one) => one !== card);
      to.list.insertBefore(card, rest[index] ?? null);
    }
    if (from !== to) {
      from.sums.add(deal.amount, -1);
      to.sums.add(deal.amount);
      this.drawHead(from);
      this.drawHead(to);
      this.rove(from, from.current?.parentElement === from.list ? from.current : from.list.firstElementChild);
    }
    this.rove(to, card);
    hadFocus?.focus({ preventScroll: true });
  }

  back(card, from, to, index, before) {
    const { deal } = card;
    if (!this.byStage.has(from.stage.id) || this.byStage.get(from.stage.id) !== from) return;
    Object.assign(deal, before);
    this.place(card, to, from, Math.min(index, from.deals.length), undefined);
    this.fillCard(card);
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    this.reload([from, to]).catch(complain);
  }

  /** What the service says of a deal; what it refers to is as it was unless that changed. */
  take(card, saved) {
    const { deal } = card;
    const { company, contact } = deal;
    Object.assign(deal, saved);
    if (company?.id === deal.company_id) deal.company = company;
    if (contact?.id === deal.contact_id) deal.contact = contact;
    this.fillCard(card);
    const column = this.byStage.get(deal.stage_id);
    // Asked for anew while the move was on its way, a column may stand as it was before.
    if (column && !column.deals.includes(deal)) this.reload(this.columns).catch(complain);
  }

  async ask(card) {
    const stageID = await chooseStage(card.deal, this.pipeline);
    const to = stageID && this.byStage.get(stageID);
    if (!to || to.stage.id === card.deal.stage_id) return;
    await this.move(card, to, to.deals.length && to.next ? 0 : to.deals.length);
    card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    card.querySelector('a')?.focus({ preventScroll: true });
  }

  async create() {
    const deal = await create('deals', { pipeline_id: this.pipeline.id, stage_id: this.pipeline.stages[0].id });
    if (!deal) return;
    const column = this.byStage.get(deal.stage_id);
    if (!column) { go(`/deals/${deal.id}`); return; }
    await this.reload([column]);
    await this.loadFigures();
    const card = this.cards.get(deal.id);
    card?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    card?.querySelector('a').focus({ preventScroll: true });
  }

  // Keys: arrows go from card to card, with Shift they carry; M asks where to.

  key(event) {
    const card = event.target.closest('.deal-card');
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    const column = card.closest('.board-column').column;
    const here = column.deals.indexOf(card.deal);
    if (event.key.toLowerCase() === 'm' && !event.shiftKey && this.mayMove) { event.preventDefault(); this.ask(card); return; }
    const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0], Home: [0, -here], End: [0, column.deals.length - 1 - here] }[event.key];
    if (!step) return;
    event.preventDefault();
    const aside = this.columns[this.columns.indexOf(column) + step[0]];
    if (event.shiftKey) {
      if (!this.mayMove || !aside) return;
      const index = step[0] ? Math.min(here, aside.deals.length) : here + step[1];
      if (index < 0 || (!step[0] && index >= column.deals.length)) return;
      this.move(card, aside, index);
      card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      return;
    }
    let target;
    if (step[0]) {
      // The next column that has cards; at about the same height.
      for (let index = this.columns.indexOf(column) + step[0]; this.columns[index]; index += step[0]) {
        const { deals } = this.columns[index];
        if (deals.length) { target = deals[Math.min(here, deals.length - 1)]; break; }
      }
    } else target = column.deals[here + step[1]];
    const next = target && this.cards.get(target.id);
    next?.querySelector('a').focus();
    next?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  focused(event) {
    const card = event.target.closest('.deal-card');
    if (card) this.rove(card.closest('.board-column').column, card);
  }

  /** One card of each column stands in the order of the Tab key. */
  rove(column, card) {
    if (column.current && column.current !== card) for (const one of column.current.querySelectorAll('a, button')) one.tabIndex = -1;
    column.current = card;
    if (card) for (const one of card.querySelectorAll('a, button')) one.tabIndex = 0;
  }

  // Changes by others.

  listen() {
    let changes = [];
    const work = debounce(() => {
      if (this.carried) { this.isBehind = true; return; }
      // What becomes of an own move is in its answer.
      const all = changes.filter((change) => !this.sent.has(change.id));
      changes = changes.filter((change) => this.sent.has(change.id));
      if (changes.length) work();
      this.changed(all).catch((error) => { if (error.name !== 'AbortError') complain(error); });
    }, 150);
    this.catchUp = () => { if (this.isBehind) { this.isBehind = false; work(); } };
    this.countAgain = debounce(() => this.loadFigures().catch(() => {}), 400);
    onChange('deals', (change) => { changes.push(change); work(); }, this.visit.signal);
    onChange('pipelines', debounce(() => this.renew().catch(complain), 300), this.visit.signal);
  }

  async renew() {
    forgetPipelines();
    this.all = await pipelines();
    const isFirst = !this.pipeline;
    this.pipeline = this.all.find((one) => one.id === this.pipeline?.id) ?? this.all[0];
    if (isFirst || !this.pipeline) this.draw(this.main); else fill(this.pipelinePlace, this.pipelineSelect());
    if (this.pipeline) await this.load();
  }

  async changed(changes) {
    if (!this.pipeline) return;
    if (changes.some((change) => change.action === 'resync')) { await this.reload(this.columns); await this.loadFigures(); return; }
    const stale = [...new Set(changes.map((change) => change.id))].filter((id) => {
      const known = this.cards.get(id)?.deal;
      return !known || !(known.version >= changes.findLast((one) => one.id === id).version) || changes.some((one) => one.id === id && ['trash', 'purge'].includes(one.action));
    });
    if (!stale.length) return;
    this.countAgain();
    const touched = new Set();
    for (const id of stale) { const column = this.byStage.get(this.cards.get(id)?.deal.stage_id); if (column) touched.add(column); }
    for (let start = 0; start < stale.length; start += 200) {
      const { data } = await search('deals', this.request([{ field: 'id', op: 'in', value: stale.slice(start, start + 200) }], 200), { signal: this.visit.signal });
      for (const deal of data) { const column = this.byStage.get(deal.stage_id); if (column) touched.add(column); }
    }
    await this.reload([...touched], stale);
  }

  /** Asks for columns anew, as far as they were loaded. Cards that are the same stay, with the focus they may have. */
  async reload(columns, fresh = []) {
    await Promise.all(columns.map(async (column) => {
      const wanted = Math.max(PAGE, column.deals.length);
      let after;
      const deals = [];
      do {
        const { data, page } = await this.inStage(column.stage, Math.min(200, wanted - deals.length), after);
        deals.push(...data);
        after = page.next;
      } while (after && deals.length < wanted);
      column.fresh = { deals, next: after ?? null };
    }));
    if (this.carried) { this.isBehind = true; return; }
    const hadFocus = document.activeElement;
    const seen = new Set(columns.flatMap((column) => column.fresh.deals.map((deal) => deal.id)));
    for (const column of columns) {
      for (const deal of column.deals) if (!seen.has(deal.id) && this.cards.get(deal.id)?.deal === deal) this.cards.delete(deal.id);
      column.deals = column.fresh.deals;
      column.next = column.fresh.next;
      const cards = column.deals.map((deal) => {
        const card = this.cards.get(deal.id);
        if (!card) return this.card(deal);
        const isSame = card.deal.version === deal.version && card.deal.status === deal.status;
        card.deal = deal;
        return isSame ? card : this.fillCard(card);
      });
      arrange(column.list, cards);
      column.moreButton.hidden = !column.next;
      this.rove(column, cards.includes(column.current) ? column.current : cards[0]);
    }
    if (hadFocus?.isConnected && hadFocus !== document.activeElement && this.board.contains(hadFocus)) hadFocus.focus({ preventScroll: true });
    for (const id of fresh) {
      const card = this.cards.get(id);
      card?.classList.add('fresh');
      card?.addEventListener('animationend', () => card.classList.remove('fresh'), { once: true });
    }
  }

  catchUp() {}
}

/** The place of a deal in its stage when it shall stand at an index among those that are shown; nothing for the end. */
function placeOf(deal, others, index, isSameStage) {
  const without = (one) => one.position - (isSameStage && deal.position < one.position ? 1 : 0);
  if (index > 0) return without(others[index - 1]) + 1;
  return others.length ? without(others[0]) : undefined;
}

/** Makes an element hold exactly these children, moving only those that stand elsewhere. */
function arrange(list, wanted) {
  const keepers = new Set(wanted);
  for (const child of [...list.children]) if (!keepers.has(child)) child.remove();
  wanted.forEach((child, index) => { if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null); });
}

const initials = (name) => name.split(/\s+/).map((part) => part[0]).filter(Boolean).slice(0, 2).join('').toUpperCase();
