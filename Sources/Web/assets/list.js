// The records of a type as a table: as many as there are, a screenful at a time. Columns, order, conditions and words are what the address says, so
// that a list can be sent to a colleague.

import { h, fill, icon, iconButton, debounce, newID } from './dom.js';
import { api, search, address } from './api.js';
import { t, plurals, singular, labelOf, number } from './i18n.js';
import { state, types, takePage, titleOf, valueAt, bodyOf, mayCreate, mayUpdate, mayDelete } from './state.js';
import { display, isWritable, editor } from './fields.js';
import { create, saveChange } from './form.js';
import { toast, complain, menuButton, confirm, dialog, emptyState, loading } from './ui.js';
import { sentence } from './refusals.js';
import { onChange } from './live.js';
import { keep, kept } from './kept.js';
import { go, note } from './navigate.js';

const ROW = 45;
const PAGE = 100;
const COUNTED = 200000;

export async function show(main, visit) {
  const type = types.get(visit.parameters.type);
  const list = new RecordList(type, visit);
  await list.open(main);
  return { title: list.title, section: type.name };
}

class RecordList {
  constructor(type, visit) {
    this.type = type;
    this.visit = visit;
    const query = visit.url.searchParams;
    this.viewID = /^[0-9a-f-]{36}$/.test(query.get('view') ?? '') ? query.get('view') : null;
    this.words = query.get('q') ?? '';
    this.where = parse(query.get('where'));
    this.sort = query.get('sort');
    this.trash = query.get('trash') === 'only';
    this.columns = query.get('columns')?.split(',');
    this.records = [];
    this.selected = new Set();
    this.next = null;
    this.count = null;
  }

  get title() { return this.view?.name ?? plurals(this.type); }

  async open(main) {
    const page = this.trash ? null : takePage('list', this.type.name);
    this.views = [];
    const views = types.has('views') ? this.loadViews() : Promise.resolve();
    if (this.viewID) {
      try { this.view = await api.get(`/v1/views/${this.viewID}`, { signal: this.visit.signal }); } catch (error) { if (error.status !== 404) throw error; this.viewID = null; }
    }
    const own = kept(`columns:${this.type.name}${this.viewID ? `:${this.viewID}` : ''}`);
    this.columns ??= own?.paths ?? (this.view?.columns?.length ? this.view.columns : this.type.columns);
    this.columns = this.columns.filter((path) => this.type.byPath.has(path));
    this.widths = own?.widths ?? {};
    this.where ??= null;
    this.sort ??= this.view?.sort ?? (this.type.byPath.has('updated_at') ? '-updated_at' : '-created_at');
    this.draw(main);
    const same = page && !this.where && !this.words && page.sort === this.sort && this.columns.every((path) => page.columns.includes(path));
    if (same) this.take({ data: page.data, page: page.page }); else await this.load();
    views.then(() => this.drawViews()).catch(() => {});
    onChange(this.type.name, debounceChanges((changes) => this.changed(changes)), this.visit.signal);
    onChange(null, (change) => { if (change.action === 'resync') this.reload(); }, this.visit.signal);
  }

  async loadViews() {
    const { data } = await api.get(address('/v1/views', { 'filter[type]': this.type.name, limit: 100, sort: 'name' }), { signal: this.visit.signal });
    this.views = data;
  }

  // What is asked for.

  get condition() {
    const parts = [this.view?.where, this.where].filter((one) => one && !(one.and && !one.and.length));
    return parts.length > 1 ? { and: parts } : parts[0];
  }

  request(after) {
    const fields = ['version', ...this.type.title, ...this.columns].filter((path, index, all) => all.indexOf(path) === index && this.type.byPath.has(path));
    const include = this.columns.map((path) => this.type.byPath.get(path)).filter((field) => field?.include && types.has(field.target)).map((field) => field.include);
    return { fields, include, sort: this.sort, limit: PAGE, ...(this.condition && { where: this.condition }), ...(this.words && { q: this.words }), ...(after && { after }) };
  }

  async load() {
    this.asked?.abort();
    this.asked = new AbortController();
    this.visit.signal.addEventListener('abort', () => this.asked.abort(), { once: true });
    this.body.setAttribute('aria-busy', 'true');
    try {
      const path = `/v1/${this.type.name}/search${this.trash ? '?trash=only' : ''}`;
      const narrow = this.condition || this.words;
      const answer = await api.post(path, { ...this.request(), count: narrow || this.trash ? 'exact' : 'estimate' }, { signal: this.asked.signal });
      this.take(answer);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (error.status === 422) { toast(sentence(error), { tone: 'bad' }); this.records = []; this.next = null; this.count = null; this.drawRows(true); return; }
      throw error;
    } finally { this.body.removeAttribute('aria-busy'); }
  }

  take(answer) {
    this.records = answer.data;
    this.next = answer.page.next;
    this.count = answer.page.count ?? null;
    this.isEstimate = !(this.condition || this.words || this.trash) && this.next !== null;
    if (!this.next) this.count = this.records.length;
    else if (this.isEstimate && this.count < COUNTED) this.countExactly();
    this.selected.clear();
    this.drawAll();
  }

  /** An estimate comes with the list at once; of fewer than some 100,000 the number itself follows, since counting more takes its time. */
  async countExactly() {
    try {
      const { page } = await api.post(`/v1/${this.type.name}/search`, { fields: [], limit: 1, count: 'exact' }, { signal: this.visit.signal });
      if (!this.isEstimate) return;
      this.count = page.count;
      this.isEstimate = false;
      this.drawFoot();
    } catch { /* The estimate stands. */ }
  }

  async more() {
    if (!this.next || this.isLoading) return;
    this.isLoading = true;
    this.drawFoot();
    try {
      const path = `/v1/${this.type.name}/search${this.trash ? '?trash=only' : ''}`;
      const answer = await api.post(path, this.request(this.next), { signal: this.visit.signal });
      this.records.push(...answer.data);
      this.next = answer.page.next;
      if (!this.next) { this.count = this.records.length; this.isEstimate = false; }
    } catch (error) { complain(error); } finally {
      this.isLoading = false;
      this.drawRows();
      this.drawFoot();
    }
  }

  reload() { return this.load().catch(complain); }

  /** The address says what is shown. */
  navigate(changes = {}) {
    const query = { view: this.viewID, q: this.words, where: this.where ? JSON.stringify(this.where) : null, sort: this.isOwnSort ? this.sort : null, trash: this.trash ? 'only' : null, ...changes };
    note(address(`/${this.type.name}`, query));
  }

  // What is seen.

  draw(main) {
    const label = plurals(this.type);
    this.heading = h('h1', this.title);
    this.countText = h('span.count', { role: 'status' });
    this.viewsPlace = h('div.views');
    this.filterPlace = h('div.filter-place');
    const words = h('input', {
      type: 'search', value: this.words, 'aria-label': t('list.words'), placeholder: t('list.words'),
      oninput: debounce(() => { this.words = words.value.trim(); this.navigate(); this.reload(); }, 200),
    });
    const actions = h('div.actions',
      this.type.name === 'deals' && types.has('pipelines') ? layoutSwitch('list') : null,
      this.filterButton = h('button.button', { type: 'button', 'aria-expanded': 'false', onclick: () => this.openFilter() }, icon('filter'), t('filter.title')),
      iconButton('columns', t('list.columns'), () => this.chooseColumns()),
      menuButton(t('list.actions'), () => [
        { label: t('list.export'), icon: 'export', action: () => this.export(), disabled: this.type.rights.export === false },
        { label: t('list.save_view'), icon: 'views', action: () => this.saveView() },
        this.view && { label: t('list.edit_view'), icon: 'edit', action: () => this.editView() },
        this.view && { label: t('list.delete_view'), icon: 'trash', danger: true, action: () => this.deleteView() },
        '-',
        { label: t(this.trash ? 'list.leave_trash' : 'list.open_trash'), icon: 'trash', href: this.trash ? `/${this.type.name}` : `/${this.type.name}?trash=only` },
      ]),
      mayCreate(this.type.name) && this.type.operations.includes('create') ? h('button.button.primary', { type: 'button', id: 'new', onclick: () => this.create() }, icon('plus'), t('list.new')) : null);
    this.colgroup = h('colgroup');
    this.headRow = h('tr', { role: 'row', 'aria-rowindex': '1' });
    this.body = h('tbody');
    [this.above, this.below] = [spacer(), spacer()];
    this.table = h('table.grid.list', { role: 'grid', 'aria-label': label, 'aria-multiselectable': 'true' }, this.colgroup, h('thead', this.headRow), this.body);
    this.scroller = h('div.list-scroll', { onscroll: () => this.scrolled() }, this.table);
    this.foot = h('div.list-foot');
    this.bulkPlace = h('div.bulk-place');
    fill(main, h('section.list-page',
      h('div.page-head', h('div.page-title', this.heading, this.countText), actions),
      h('div.list-tools', this.viewsPlace, words), this.filterPlace, this.scroller, this.foot, this.bulkPlace));
    this.drawHead();
    this.drawViews();
    this.drawFilter();
    this.body.addEventListener('keydown', (event) => this.key(event));
    this.body.addEventListener('dblclick', (event) => { const cell = event.target.closest('td[data-path]'); if (cell) this.editCell(cell); });
    new ResizeObserver(() => this.drawRows()).observe(this.scroller);
  }

  drawAll() {
    this.scroller.scrollTop = 0;
    this.drawRows(true);
    this.drawFoot();
    this.drawBulk();
  }

  drawFoot() {
    const known = this.count ?? this.records.length;
    this.countText.textContent = this.isEstimate && this.count !== null ? t('list.about', { count: Math.max(known, this.records.length) }) : t('list.count', { count: known });
    const isEmpty = !this.records.length;
    this.scroller.hidden = isEmpty;
    fill(this.foot,
      isEmpty ? emptyState(t(this.words || this.condition ? 'list.nothing_found' : 'list.empty'), t(this.words || this.condition ? 'list.try_less' : 'list.begin'),
        ...(this.words || this.where ? [h('button.button', { type: 'button', onclick: () => go(`/${this.type.name}`) }, t('filter.clear'))] : [])) : null,
      this.next ? h('button.button', { type: 'button', disabled: this.isLoading, onclick: () => this.more() }, t('list.more')) : null);
  }

  drawHead() {
    const sorted = this.sort.split(',')[0];
    const cell = (path, label, isTitle) => {
      const field = this.type.byPath.get(path);
      const key = isTitle ? this.type.title.find((name) => this.type.byPath.get(name)?.is_sortable) : field?.is_sortable ? path : null;
      const direction = key && sorted === key ? 'ascending' : key && sorted === `-${key}` ? 'descending' : key ? 'none' : null;
      const content = key ? h('button.sort', { type: 'button', onclick: () => this.sortBy(key) }, label, h('span.arrow', { 'aria-hidden': 'true' }, direction === 'ascending' ? '↑' : direction === 'descending' ? '↓' : '')) : label;
      const head = h('th', { class: field ? `kind-${field.kind}` : '', scope: 'col', role: 'columnheader', 'aria-sort': direction, draggable: isTitle ? null : 'true', dataset: { path } }, content,
        h('span.resizer', { role: 'separator', tabindex: '-1', 'aria-orientation': 'vertical', 'aria-label': t('list.resize', { column: label }) }));
      return head;
    };
    const all = h('input', { type: 'checkbox', 'aria-label': t('list.select_all'), onchange: () => this.selectAll(all.checked) });
    this.allBox = all;
    fill(this.headRow, h('th.select', { scope: 'col', role: 'columnheader' }, all), cell('', t('list.name'), true), this.columns.map((path) => cell(path, labelOf(this.type, this.type.byPath.get(path)))));
    fill(this.colgroup, h('col.select'), this.col(''), this.columns.map((path) => this.col(path)));
    this.headRow.onpointerdown = (event) => this.resize(event);
    this.headRow.ondragstart = (event) => { this.dragged = event.target.closest('th')?.dataset.path; event.dataTransfer.effectAllowed = 'move'; event.dataTransfer.setData('text/plain', this.dragged); };
    this.headRow.ondragover = (event) => { if (this.dragged && event.target.closest('th')?.dataset.path) event.preventDefault(); };
    this.headRow.ondrop = (event) => {
      const onto = event.target.closest('th')?.dataset.path;
      if (!onto || onto === this.dragged) return;
      event.preventDefault();
      const rest = this.columns.filter((path) => path !== this.dragged);
      rest.splice(rest.indexOf(onto) + (this.columns.indexOf(this.dragged) < this.columns.indexOf(onto) ? 1 : 0), 0, this.dragged);
      this.setColumns(rest, false);
    };
  }

  col(path) {
    const width = this.widths[path] ?? (path === '' ? 240 : usualWidth(this.type.byPath.get(path)));
    return h('col', { dataset: { path }, style: { width: `${width}px` } });
  }

  resize(event) {
    const handle = event.target.closest('.resizer');
    if (!handle) return;
    event.preventDefault();
    const head = handle.closest('th');
    const path = head.dataset.path;
    const column = [...this.colgroup.children].find((one) => one.dataset.path === path);
    const start = head.getBoundingClientRect().width;
    const move = (moved) => { this.widths[path] = Math.max(80, Math.round(start + moved.clientX - event.clientX)); column.style.setProperty('width', `${this.widths[path]}px`); };
    const end = () => { removeEventListener('pointermove', move); this.keepColumns(); };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end, { once: true });
  }

  scrolled() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = null; this.drawRows(); });
  }

  /** Only the rows that are seen, and a few around them, are there at all. */
  drawRows(anew = false) {
    // Read before anything is written, so that the browser lays out the page once.
    const [height, top] = [this.scroller.clientHeight || 600, this.scroller.scrollTop];
    const first = Math.max(0, Math.floor(top / ROW) - 10);
    const last = Math.min(this.records.length, Math.ceil((top + height) / ROW) + 10);
    if (!anew && this.shown && this.shown[0] === first && this.shown[1] === last) return;
    this.shown = [first, last];
    const known = new Map([...this.body.children].filter((row) => row.dataset.id).map((row) => [row.dataset.id, row]));
    // A row in which someone is typing stays as it is, whatever became of its record; saving will tell.
    const isKept = (row, record) => row && ((!anew && row.record === record) || row.querySelector('.cell-editor'));
    const focused = document.activeElement?.closest?.('tr')?.dataset.id;
    const rows = [stretch(this.above, first * ROW)];
    for (let index = first; index < last; index++) {
      const record = this.records[index];
      const old = known.get(record.id);
      const row = isKept(old, record) ? old : this.row(record);
      row.setAttribute('aria-rowindex', String(index + 2));
      rows.push(row);
    }
    // A row that holds the focus stays, however far one scrolls: what is typed there is not lost.
    if (focused && known.has(focused) && !rows.some((row) => row.dataset?.id === focused) && this.body.contains(document.activeElement)) rows.push(known.get(focused));
    rows.push(stretch(this.below, (this.records.length - last) * ROW));
    settle(this.body, rows);
    this.table.setAttribute('aria-rowcount', String(this.next ? -1 : this.records.length + 1));
    // The next page is asked for before the end of this one is reached, but not before anyone has moved.
    if (last >= this.records.length - (top > 0 ? 40 : 0)) this.more();
  }

  row(record) {
    const box = h('input', { type: 'checkbox', checked: this.selected.has(record.id), 'aria-label': t('list.select', { name: titleOf(this.type, record) }), onclick: (event) => this.select(record, event) });
    const title = this.type.operations.includes('get') ? h('a', { href: `/${this.type.name}/${record.id}` }, titleOf(this.type, record, t('record.nameless'))) : titleOf(this.type, record);
    const row = h('tr', { role: 'row', dataset: { id: record.id }, 'aria-selected': String(this.selected.has(record.id)) },
      h('td.select', { role: 'gridcell' }, box), h('th', { scope: 'row', role: 'rowheader' }, title),
      this.columns.map((path) => {
        const field = this.type.byPath.get(path);
        const isEditable = isWritable(field) && mayUpdate(this.type.name) && !record.read_only && !this.trash && field.kind !== 'document';
        return h('td', { role: 'gridcell', tabindex: '-1', dataset: { path }, class: `kind-${field.kind}`, 'aria-readonly': isEditable ? null : 'true' }, display(this.type, field, record));
      }));
    row.record = record;
    return row;
  }

  // Keys: arrows move from cell to cell, Enter or F2 edits, Space selects.

  key(event) {
    const cell = event.target.closest('td, th');
    if (!cell || event.target.closest('.cell-editor')) return;
    const row = cell.parentElement;
    const moves = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (moves) {
      const cells = [...row.children];
      const nextRow = moves[0] ? (moves[0] > 0 ? row.nextElementSibling : row.previousElementSibling) : row;
      const target = nextRow?.children[cells.indexOf(cell) + moves[1]];
      if (!target || !nextRow.dataset.id) return;
      event.preventDefault();
      (target.querySelector('a, input') && !target.dataset.path ? target.querySelector('a, input') : target).focus();
      target.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else if ((event.key === 'Enter' || event.key === 'F2') && event.target === cell && cell.dataset.path) {
      event.preventDefault();
      this.editCell(cell);
    } else if (event.key === ' ' && event.target === cell) {
      event.preventDefault();
      this.select(row.record, event);
    }
  }

  editCell(cell) {
    const record = cell.parentElement.record;
    const field = this.type.byPath.get(cell.dataset.path);
    if (cell.getAttribute('aria-readonly') === 'true' || cell.querySelector('.cell-editor')) return;
    const control = editor(this.type, field, valueAt(record, field.path), { compact: true, record });
    let isDone = false;
    const finish = async (saves) => {
      if (isDone) return;
      isDone = true;
      let value;
      try { value = control.value(); } catch { value = undefined; }
      const isSame = value === undefined || JSON.stringify(value) === JSON.stringify(valueAt(record, field.path) ?? null);
      if (!saves || isSame) { fill(cell, display(this.type, field, record)); this.shown = null; this.drawRows(); cell.focus(); return; }
      cell.classList.add('saving');
      try {
        const saved = await saveChange(this.type.name, { ...record }, bodyOf(field.path, value));
        const shown = await this.again(saved);
        form.remove();
        this.replace(shown);
      } catch (error) {
        complain(error);
        fill(cell, display(this.type, field, record));
        this.shown = null;
        this.drawRows();
      } finally { cell.classList.remove('saving'); }
      this.body.querySelector(`tr[data-id="${record.id}"] td[data-path="${CSS.escape(field.path)}"]`)?.focus();
    };
    const form = h('form.cell-editor', { onsubmit: (event) => { event.preventDefault(); finish(true); } }, control.element, h('button.unseen', { tabindex: '-1' }, t('form.save')));
    form.addEventListener('keydown', (event) => { if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); finish(false); } });
    form.addEventListener('focusout', () => setTimeout(() => { if (!form.contains(document.activeElement) && form.isConnected) finish(true); }));
    fill(cell, form);
    control.focus();
  }

  /** A record as this list shows it, with what it refers to. */
  async again(record) {
    const { data } = await search(this.type.name, { ...this.request(), where: { field: 'id', op: 'eq', value: record.id }, q: undefined, limit: 1 });
    return data[0] ?? record;
  }

  replace(record) {
    const index = this.records.findIndex((one) => one.id === record.id);
    if (index >= 0) this.records[index] = record;
    this.shown = null;
    this.drawRows();
  }

  // Changes by others.

  async changed(changes) {
    const ids = [...new Set(changes.map((change) => change.id))];
    const gone = changes.filter((change) => ['trash', 'purge'].includes(change.action)).map((change) => change.id);
    if (gone.length && !this.trash) {
      const before = this.records.length;
      this.records = this.records.filter((record) => !gone.includes(record.id));
      if (this.records.length !== before && this.count !== null) this.count -= before - this.records.length;
    }
    const shown = ids.filter((id) => !gone.includes(id));
    const known = new Map(this.records.map((record) => [record.id, record]));
    const stale = shown.filter((id) => { const record = known.get(id); const change = changes.findLast((one) => one.id === id); return !record || !(record.version >= change.version); });
    if (stale.length) {
      const body = { ...this.request(), where: { and: [{ field: 'id', op: 'in', value: stale.slice(0, 100) }, ...(this.condition ? [this.condition] : [])] }, limit: PAGE };
      const { data } = await search(this.type.name, body, { signal: this.visit.signal }).catch(() => ({ data: [] }));
      for (const record of data) {
        const index = this.records.findIndex((one) => one.id === record.id);
        if (index >= 0) this.records[index] = record; else if (/^-(created|updated)_at/.test(this.sort)) { this.records.unshift(record); if (this.count !== null) this.count++; }
      }
    }
    this.shown = null;
    this.drawRows();
    this.drawFoot();
    for (const id of shown) this.body.querySelector(`tr[data-id="${id}"]`)?.classList.add('fresh');
  }

  // Order and columns.

  sortBy(key) {
    this.sort = this.sort === key ? `-${key}` : key;
    this.isOwnSort = true;
    this.navigate();
    this.drawHead();
    this.reload();
  }

  setColumns(paths, reload = true) {
    this.columns = paths;
    this.keepColumns();
    this.drawHead();
    if (reload) this.reload(); else this.drawRows(true);
  }

  keepColumns() { keep(`columns:${this.type.name}${this.viewID ? `:${this.viewID}` : ''}`, { paths: this.columns, widths: this.widths }); }

  async chooseColumns() {
    const { chooseColumns } = await import('./columns.js');
    const chosen = await chooseColumns(this.type, this.columns);
    if (chosen) this.setColumns(chosen);
  }

  // Conditions and views.

  drawFilter() {
    fill(this.filterPlace);
    const active = this.where ? leaves(this.where) : 0;
    this.filterButton.classList.toggle('active', active > 0);
    this.filterButton.querySelector('.badge')?.remove();
    if (active) this.filterButton.append(h('span.badge', number(active)));
  }

  async openFilter() {
    const open = this.filterButton.getAttribute('aria-expanded') === 'true';
    this.filterButton.setAttribute('aria-expanded', String(!open));
    if (open) { fill(this.filterPlace); return; }
    const { filterBuilder } = await import('./filter.js');
    fill(this.filterPlace, filterBuilder(this.type, this.where, {
      apply: (where) => { this.where = where; this.navigate(); this.drawFilterButton(); this.reload(); },
      close: () => { this.filterButton.setAttribute('aria-expanded', 'false'); fill(this.filterPlace); this.filterButton.focus(); },
      save: () => this.saveView(),
    }));
    this.filterPlace.querySelector('select, input, button')?.focus();
  }

  drawFilterButton() {
    const active = this.where ? leaves(this.where) : 0;
    this.filterButton.classList.toggle('active', active > 0);
    this.filterButton.querySelector('.badge')?.remove();
    if (active) this.filterButton.append(h('span.badge', number(active)));
  }

  drawViews() {
    if (!this.viewsPlace) return;
    const link = (href, label, isCurrent) => h('a', { href, 'aria-current': isCurrent ? 'true' : null }, label);
    fill(this.viewsPlace, link(`/${this.type.name}`, t('list.all'), !this.viewID && !this.trash),
      this.views.map((view) => link(`/${this.type.name}?view=${view.id}`, [view.name, view.kind === 'segment' && view.count !== null ? ` (${number(view.count)})` : ''].join(''), view.id === this.viewID)),
      this.trash ? link(`/${this.type.name}?trash=only`, t('list.trash'), true) : null);
  }

  async saveView() {
    const { askForView } = await import('./views.js');
    const view = await askForView(this.type, { where: this.condition ?? { and: [] }, sort: this.sort, columns: this.columns });
    if (view) go(`/${this.type.name}?view=${view.id}`);
  }

  async editView() {
    const { askForView } = await import('./views.js');
    const view = await askForView(this.type, { where: this.condition ?? { and: [] }, sort: this.sort, columns: this.columns }, this.view);
    if (view) go(`/${this.type.name}?view=${view.id}`);
  }

  async deleteView() {
    if (!(await confirm(t('list.delete_view'), t('view.delete_words', { name: this.view.name }), t('ui.delete')))) return;
    try { await api.delete(`/v1/views/${this.view.id}`); go(`/${this.type.name}`); } catch (error) { complain(error); }
  }

  async export() {
    const { exportList } = await import('./export.js');
    exportList(this.type, { where: this.condition, words: this.words, fields: [...this.type.title, ...this.columns].filter((path, index, all) => all.indexOf(path) === index), sort: this.sort });
  }

  // Several at once.

  select(record, event) {
    const index = this.records.indexOf(record);
    const chosen = !this.selected.has(record.id);
    const span = event.shiftKey && this.lastIndex !== undefined ? this.records.slice(Math.min(index, this.lastIndex), Math.max(index, this.lastIndex) + 1) : [record];
    for (const one of span) if (chosen) this.selected.add(one.id); else this.selected.delete(one.id);
    this.lastIndex = index;
    this.drawSelection();
  }

  selectAll(all) {
    this.selected = new Set(all ? this.records.map((record) => record.id) : []);
    this.drawSelection();
  }

  drawSelection() {
    for (const row of this.body.children) {
      if (!row.dataset.id) continue;
      const is = this.selected.has(row.dataset.id);
      row.setAttribute('aria-selected', String(is));
      row.querySelector('input[type=checkbox]').checked = is;
    }
    this.allBox.checked = this.selected.size > 0 && this.selected.size === this.records.length;
    this.allBox.indeterminate = this.selected.size > 0 && this.selected.size < this.records.length;
    this.drawBulk();
  }

  drawBulk() {
    if (!this.selected.size) { fill(this.bulkPlace); return; }
    const bulk = () => import('./bulk.js');
    const chosen = () => this.records.filter((record) => this.selected.has(record.id));
    const done = () => this.reload();
    fill(this.bulkPlace, h('div.bulk', { role: 'toolbar', 'aria-label': t('bulk.title') },
      h('span', { role: 'status' }, t('bulk.selected', { count: this.selected.size })),
      this.trash ? h('button.button', { type: 'button', onclick: async () => (await bulk()).restoreAll(this.type, chosen(), done) }, t('record.restore')) : null,
      !this.trash && mayUpdate(this.type.name) && this.type.operations.includes('batch') ? h('button.button', { type: 'button', onclick: async () => (await bulk()).changeAll(this.type, chosen(), done) }, icon('edit'), t('bulk.change')) : null,
      !this.trash && this.type.operations.includes('merge') && this.selected.size > 1 && this.selected.size <= 10 && mayUpdate(this.type.name) && mayDelete(this.type.name)
        ? h('button.button', { type: 'button', onclick: async () => { const merged = await (await import('./merge.js')).merge(this.type, chosen()); if (merged) this.reload(); } }, icon('merge'), t('merge.title')) : null,
      !this.trash && mayDelete(this.type.name) ? h('button.button.danger', { type: 'button', onclick: async () => (await bulk()).trashAll(this.type, chosen(), done) }, icon('trash'), t('ui.delete')) : null,
      iconButton('close', t('bulk.none'), () => { this.selected.clear(); this.drawSelection(); })));
  }

  async create() {
    const record = await create(this.type.name);
    if (record) go(`/${this.type.name}/${record.id}`);
  }
}

/** What stands for the rows above and below that are not there. */
const spacer = () => h('tr.spacer', { 'aria-hidden': 'true', hidden: true });
const stretch = (row, height) => { row.style.setProperty('height', `${height}px`); row.hidden = height === 0; return row; };

/** Makes these the rows of a table's body. Those that are there already are not touched, so that neither their layout nor the focus in them is lost. */
function settle(body, rows) {
  const wanted = new Set(rows);
  for (const row of [...body.children]) if (!wanted.has(row)) row.remove();
  let place = body.firstChild;
  for (const row of rows) {
    if (row === place) place = place.nextSibling; else body.insertBefore(row, place);
  }
}
const parse = (text) => { try { return text ? JSON.parse(text) : null; } catch { return null; } };
export const leaves = (node) => (node.field ? 1 : (node.and ?? node.or ?? (node.not ? [node.not] : [])).reduce((sum, one) => sum + leaves(one), 0));

function usualWidth(field) {
  return { email: 230, phone: 160, money: 140, date: 130, datetime: 190, local_time: 190, boolean: 90, integer: 120, select: 140, reference: 190, tags: 200, address: 260, url: 200, long_text: 300 }[field?.kind] ?? 170;
}

/** Gathers changes that come in a burst. */
function debounceChanges(work) {
  let changes = [];
  let timer;
  return (change) => {
    changes.push(change);
    timer ??= setTimeout(() => { const all = changes; changes = []; timer = null; work(all); }, 150);
  };
}

/** The same deals as list, board or calendar. */
export function layoutSwitch(current) {
  return h('nav.switch', { 'aria-label': t('deals.layouts') }, [['list', '/deals'], ['board', '/deals?view=board'], ['calendar', '/deals?view=calendar']].map(([name, href]) =>
    h('a', { href, 'aria-current': name === current ? 'true' : null }, icon(name === 'list' ? 'list' : name), h('span', t(`deals.${name}`)))));
}
