// Bringing records in from a file: choose it, say what its columns are, see what would happen, let it happen, take it back.

import { h, fill, icon, newID } from './dom.js';
import { api, address } from './api.js';
import { t, has, plurals, labelOf, labelOfName, dateTime, number, percent, locale } from './i18n.js';
import { state, types, recordTypes, mayCreate, mayUpdate } from './state.js';
import { isWritable } from './fields.js';
import { toast, complain, confirm, emptyState } from './ui.js';
import { sentence, reasonWords } from './refusals.js';
import { onChange } from './live.js';
import { go } from './navigate.js';
import { sheet } from './sheet.js';
import { sampleRows, dateFormat, hasDecimalComma } from './csv.js';

const steps = ['file', 'fields', 'check', 'result'];
const ended = ['done', 'failed', 'cancelled', 'reverted'];
const mostErrors = 100;
const importable = () => recordTypes().filter((type) => ['create', 'update', 'batch'].every((one) => type.operations.includes(one)) && mayCreate(type.name) && mayUpdate(type.name));

export async function show(main, visit) {
  await sheet('import.css');
  if (visit.parameters.id) return showImport(main, visit, visit.parameters.id);
  await new Wizard(visit).open(main);
  return { title: t('page.import'), section: 'import' };
}

/** Where one is on the way. */
const way = (current) => h('ol.import-way', { 'aria-label': t('import.way') }, steps.map((step, index) => h('li', { 'aria-current': step === current ? 'step' : null, class: index < steps.indexOf(current) ? 'is-passed' : '' },
  h('span.step-number', { 'aria-hidden': 'true' }, index < steps.indexOf(current) ? icon('check') : number(index + 1)), h('span', t(`import.step.${step}`)))));

class Wizard {
  constructor(visit) {
    this.visit = visit;
    this.types = importable();
    const asked = visit.url.searchParams.get('type');
    this.type = this.types.find((type) => type.name === asked) ?? this.types[0];
    this.mode = 'create';
    this.key = null;
    this.options = {};
    this.references = true;
  }

  async open(main) {
    this.wayPlace = h('div');
    this.place = h('div.import-place');
    fill(main, h('section.import-page', h('div.page-head', h('h1', t('page.import'))), this.wayPlace, this.place));
    if (!this.type) { fill(this.place, emptyState(t('import.forbidden'), t('import.forbidden_words'))); return; }
    this.chooseFile();
    await this.former();
  }

  step(name, ...content) {
    fill(this.wayPlace, way(name));
    fill(this.place, content);
    if (this.isMoving) this.place.querySelector('h2')?.focus();
    this.isMoving = true;
  }

  // 1. The file.

  chooseFile() {
    const typeID = newID('import');
    const fileID = newID('import');
    const select = h('select', { id: typeID, onchange: () => { this.type = this.types.find((type) => type.name === select.value); } }, this.types.map((type) => h('option', { value: type.name, selected: type === this.type }, plurals(type))));
    const input = h('input.unseen', { id: fileID, type: 'file', accept: '.csv,.tsv,.txt,text/csv,text/tab-separated-values,text/plain', onchange: () => { if (input.files[0]) this.take(input.files[0]); } });
    this.alert = h('p.alert', { role: 'alert', hidden: true });
    const over = (is) => (event) => { event.preventDefault(); drop.classList.toggle('is-over', is); };
    const drop = h('div.import-drop', {
      ondragenter: over(true), ondragover: over(true), ondragleave: (event) => { if (!drop.contains(event.relatedTarget)) drop.classList.remove('is-over'); },
      ondrop: (event) => { over(false)(event); const [file] = event.dataTransfer.files; if (file) this.take(file); },
    }, icon('import'), h('p', h('strong', t('import.drop'))), h('p.hint', t('import.drop_hint')), input, h('label.button.primary', { for: fileID }, t('import.choose')));
    this.formerPlace ??= h('div');
    this.step('file', h('section.section', h('h2', { tabindex: '-1' }, t('import.step.file')), this.alert, h('div.field.import-type', h('label', { for: typeID }, t('import.what')), select), drop), this.formerPlace);
  }

  async take(file) {
    this.alert.hidden = true;
    if (/\.(xlsx?|xlsm|ods|numbers)$/i.test(file.name)) { this.refuse(t('import.workbook')); return; }
    this.file = file;
    this.options = {};
    const busy = progressBar(t('import.sending'));
    this.alert.after(busy.element);
    try {
      await this.upload();
      this.guess();
      this.chooseFields();
    } catch (error) {
      if (!(error.status >= 0)) console.error(error);
      this.refuse(sentence(error));
    } finally { busy.element.remove(); }
  }

  refuse(words) { this.alert.textContent = words; this.alert.hidden = false; this.alert.scrollIntoView({ block: 'nearest' }); }

  /** A new import that holds the file; a rehearsal until everything is right. */
  async upload(isRehearsal = true) {
    const body = { type: this.type.name, mode: this.mode, dry_run: isRehearsal, options: this.sentOptions, ...(this.mode !== 'create' && { key: this.key }), ...(this.mapping && !isRehearsal && { mapping: this.mapping }) };
    const made = await api.post('/v1/imports', body, { signal: this.visit.signal });
    this.import = await api.put(`/v1/imports/${made.id}/content`, this.file, { type: 'text/csv', signal: this.visit.signal });
    return this.import;
  }

  get sentOptions() { return { ...this.options, ...(this.references && this.hasReferences && { create_references: true }) }; }

  get hasReferences() { return Object.values(this.mapping ?? {}).some((path) => ['reference', 'references'].includes(this.type.byPath.get(path)?.kind)); }

  // 2. What the columns are.

  guess() {
    this.mapping = { ...this.import.proposed_mapping };
    this.rows = [];
  }

  get targets() {
    const list = [];
    for (const field of this.type.fields) {
      if (!isWritable(field) && field.path !== 'id') continue;
      if (['document', 'record', 'integers', 'secret'].includes(field.kind)) continue;
      const name = field.path === 'id' ? t('field.id') : labelOf(this.type, field);
      if (field.kind === 'address') for (const part of ['street', 'postal_code', 'city', 'region', 'country']) list.push([`${field.path}.${part}`, `${name}: ${t(`address.${part}`)}`]);
      else list.push([field.path, name]);
      if (field.kind === 'money') list.push([`${field.path}.currency`, `${name}: ${t('value.currency')}`]);
    }
    return list;
  }

  get keys() {
    const unique = this.type.fields.filter((field) => field.is_unique).map((field) => [field.path, labelOf(this.type, field)]);
    return this.mode === 'update' ? [...unique, ['id', t('field.id')]] : unique;
  }

  async chooseFields() {
    this.rows = await sampleRows(this.file, this.import);
    const column = (path) => { const index = this.import.columns.findIndex((name) => this.mapping[name] === path); return index < 0 ? [] : this.rows.map((row) => row[index]); };
    const ofKind = (...kinds) => this.type.fields.filter((field) => kinds.includes(field.kind)).flatMap((field) => column(field.path));
    this.options.date_format ??= dateFormat(ofKind('date', 'datetime'), /^en-US|^en$/.test(locale)) ?? undefined;
    this.options.decimal ??= hasDecimalComma(ofKind('money', 'decimal')) ? ',' : undefined;
    this.drawFields();
  }

  drawFields() {
    this.alert = h('p.alert', { role: 'alert', hidden: true });
    const { columns, counters } = this.import;
    const rows = columns.map((name, index) => {
      const samples = this.rows.map((row) => row[index]).filter((value) => value?.trim()).slice(0, 3);
      const select = h('select', { 'aria-label': t('import.field_for', { column: name }), onchange: () => { if (select.value) this.mapping[name] = select.value; else delete this.mapping[name]; row.classList.toggle('is-left', !select.value); this.drawOptions(); } },
        h('option', { value: '' }, t('import.leave')), this.targets.map(([path, label]) => h('option', { value: path, selected: this.mapping[name] === path }, label)));
      const row = h('tr', { class: this.mapping[name] ? '' : 'is-left' }, h('th', { scope: 'row' }, name), h('td.samples', samples.map((value) => h('span', value))), h('td', select));
      return row;
    });
    this.optionsPlace = h('div');
    this.step('fields', h('section.section', h('h2', { tabindex: '-1' }, t('import.step.fields')), h('p.hint.import-file', t('import.file', { name: this.file.name, count: counters.total, type: plurals(this.type) })), this.alert,
      h('div.table-wrap', h('table.grid.import-mapping', h('thead', h('tr', h('th', { scope: 'col' }, t('import.column')), h('th', { scope: 'col' }, t('import.samples')), h('th', { scope: 'col' }, t('import.field')))), h('tbody', rows)))),
    this.optionsPlace,
    h('div.save-bar', h('button.button', { type: 'button', onclick: () => { this.chooseFile(); this.former().catch(complain); } }, t('import.back')), h('button.button.primary', { type: 'button', onclick: () => this.check() }, t('import.check'))));
    this.drawOptions();
  }

  drawOptions() {
    const field = (label, control, hint) => { control.id ||= newID('import'); return h('div.field', h('label', { for: control.id }, label), control, hint && h('span.hint', hint)); };
    const choice = (values, current, onchange) => h('select', { onchange: (event) => onchange(event.target.value || undefined) }, values.map(([value, label]) => h('option', { value: value ?? '', selected: (current ?? '') === (value ?? '') }, label)));
    const keys = this.keys;
    const kinds = Object.values(this.mapping).map((path) => this.type.byPath.get(path.replace(/\.currency$/, ''))?.kind);
    const formats = ['DD.MM.YYYY', 'D.M.YYYY', 'DD/MM/YYYY', 'D/M/YYYY', 'MM/DD/YYYY', 'M/D/YYYY', 'DD-MM-YYYY', 'YYYY/MM/DD'];
    if (this.options.date_format && !formats.includes(this.options.date_format)) formats.unshift(this.options.date_format);
    const references = h('input', { type: 'checkbox', id: newID('import'), checked: this.references, onchange: () => { this.references = references.checked; } });
    fill(this.optionsPlace, h('section.section', h('h2', t('import.options')), h('div.form-grid',
      field(t('import.mode'), choice([['create', t('import.mode.create')], ...(keys.length || this.mode !== 'create' ? [['upsert', t('import.mode.upsert')], ['update', t('import.mode.update')]] : [])], this.mode, (value) => { this.mode = value; this.key = value === 'create' ? null : this.key ?? this.keys.find(([path]) => Object.values(this.mapping).includes(path))?.[0] ?? this.keys[0]?.[0]; this.drawOptions(); })),
      this.mode === 'create' ? null : field(t('import.key'), choice(keys, this.key, (value) => { this.key = value; }), t('import.key_hint')),
      kinds.some((kind) => ['date', 'datetime'].includes(kind)) ? field(t('import.dates'), choice([[undefined, 'YYYY-MM-DD'], ...formats.map((one) => [one, one])], this.options.date_format, (value) => { this.options.date_format = value; })) : null,
      kinds.some((kind) => ['money', 'decimal'].includes(kind)) ? field(t('import.decimal'), choice([[undefined, '1,234.50'], [',', '1.234,50']], this.options.decimal === ',' ? ',' : undefined, (value) => { this.options.decimal = value; })) : null,
      field(t('import.delimiter'), choice([[',', ','], [';', ';'], ['\t', t('import.tab')], ['|', '|']], this.import.delimiter, (value) => this.readAnew({ delimiter: value }))),
      field(t('import.encoding'), choice([['utf-8', 'UTF-8'], ['utf-16', 'UTF-16'], ['gbk', 'GBK'], ['gb18030', 'GB 18030'], ['windows-1252', 'Windows-1252']], (this.import.encoding ?? 'utf-8').replace(/^utf-16.*/, 'utf-16'), (value) => this.readAnew({ encoding: value })))),
    this.hasReferences ? h('label.check', { for: references.id }, references, t('import.references')) : null));
  }

  /** The file once more, read otherwise. */
  async readAnew(change) {
    Object.assign(this.options, change);
    try {
      await api.patch(`/v1/imports/${this.import.id}`, { options: this.options, mapping: {} });
      this.import = await api.put(`/v1/imports/${this.import.id}/content`, this.file, { type: 'text/csv' });
      this.mapping = { ...this.import.proposed_mapping };
      this.options.date_format = undefined;
      this.options.decimal = undefined;
      await this.chooseFields();
    } catch (error) { complain(error); }
  }

  // 3. What would happen.

  async check() {
    const named = Object.values(this.mapping);
    const twice = named.find((path, index) => named.indexOf(path) !== index);
    if (!named.length || twice) { this.refuse(twice ? t('import.twice', { field: this.targets.find(([path]) => path === twice)?.[1] ?? twice }) : t('import.none')); return; }
    try {
      // One that was tried already is over; the next try is another.
      if (this.import.state !== 'created') await this.upload();
      await api.patch(`/v1/imports/${this.import.id}`, { mapping: this.mapping, options: this.sentOptions, mode: this.mode, key: this.mode === 'create' ? null : this.key, dry_run: true });
      this.import = await api.post(`/v1/imports/${this.import.id}/start`);
    } catch (error) {
      this.refuse(sentence(error));
      if (!(error.status >= 0)) console.error(error);
      return;
    }
    const progress = progressBar(t('import.checking'));
    this.step('check', h('section.section', h('h2', { tabindex: '-1' }, t('import.step.check')), progress.element));
    try {
      this.import = await follow(this.import, (state) => progress.show(state), this.visit.signal);
      await this.showCheck();
    } catch (error) { if (error.name !== 'AbortError') complain(error); }
  }

  async showCheck() {
    const { counters } = this.import;
    const good = counters.total - counters.failed;
    this.alert = h('p.alert', { role: 'alert', hidden: true });
    const begin = h('button.button.primary', { type: 'button', disabled: !good, onclick: () => { begin.disabled = true; this.begin().catch((error) => { begin.disabled = false; this.refuse(sentence(error)); if (!(error.status >= 0)) console.error(error); }); } }, t('import.begin', { count: good }));
    this.step('check', h('section.section', h('h2', { tabindex: '-1' }, t('import.step.check')), this.alert,
      this.import.state === 'failed' ? h('p.alert', { role: 'alert' }, failureWords(this.import)) : h('p', { role: 'status' }, counters.failed ? t('import.some_wrong', { count: counters.failed, good: number(good) }) : t('import.all_good', { count: good })),
      figures(counters, true)), await errorTable(this.import, this.visit.signal),
    h('div.save-bar', h('button.button', { type: 'button', onclick: () => this.drawFields() }, t('import.back')), this.import.state === 'failed' ? null : begin));
  }

  // 4. It happens.

  async begin() {
    const busy = progressBar(t('import.sending'));
    this.alert.after(busy.element);
    try { await this.upload(false); } finally { busy.element.remove(); }
    await api.post(`/v1/imports/${this.import.id}/start`);
    go(`/import/${this.import.id}`);
  }

  /** What was imported before. */
  async former() {
    const { data } = await api.get('/v1/imports?limit=50', { signal: this.visit.signal });
    const list = data.filter((one) => !one.dry_run && one.state !== 'created');
    fill(this.formerPlace, list.length ? h('section.section', h('h2', t('import.former')), h('div.table-wrap', h('table.grid.import-former',
      h('thead', h('tr', ['what', 'when', 'state', 'created', 'updated', 'failed'].map((name) => h('th', { scope: 'col', class: ['created', 'updated', 'failed'].includes(name) ? 'number' : '' }, t(`import.${name}`))))),
      h('tbody', list.map((one) => h('tr', h('th', { scope: 'row' }, h('a', { href: `/import/${one.id}` }, types.has(one.type) ? plurals(one.type) : one.type)), h('td', dateTime(one.started_at ?? one.created_at)), h('td', stateTag(one)),
        ['created', 'updated', 'failed'].map((name) => h('td.number', number(one.counters[name]))))))))) : null);
  }
}

const stateTag = (one) => h('span.tag', { class: { done: one.counters.failed ? 'tone-info' : 'tone-good', failed: 'tone-bad', cancelled: 'tone-dim', reverted: 'tone-dim' }[one.state] ?? 'tone-info' }, t(`import.state.${one.state}`));

/** How many rows became what. */
function figures(counters, isRehearsal) {
  const names = ['created', 'updated', 'unchanged', 'failed'].filter((name) => counters[name] || name === 'failed' || (name === 'created' && !counters.updated));
  return h('dl.import-figures', names.map((name) => h('div', { class: name === 'failed' && counters.failed ? 'is-bad' : '' }, h('dt', t(isRehearsal ? `import.would.${name}` : `import.${name}`)), h('dd', number(counters[name])))));
}

function progressBar(label) {
  const bar = h('progress', { max: 1, 'aria-label': label });
  const words = h('span.hint', { role: 'status' });
  return {
    element: h('div.import-progress', h('p', label), bar, words),
    show: (one) => { if (one.progress > 0) bar.value = one.progress; words.textContent = one.progress > 0 ? `${percent(Math.floor(one.progress * 100) / 100)} · ${t('import.of', { done: number(Math.round(one.progress * one.counters.total)), total: number(one.counters.total) })}` : t('import.state.queued'); },
  };
}

/** Follows an import until it has ended: told by the service as it goes, asked for where nothing is told. */
async function follow(one, tell, signal) {
  let wake = () => {};
  const stop = onChange(null, (change) => { if (change.action === 'progress' && change.id === one.id) wake(); }, signal);
  try {
    for (;;) {
      tell(one);
      if (ended.includes(one.state)) return one;
      await new Promise((resolve) => { wake = resolve; setTimeout(resolve, 700); });
      if (signal.aborted) throw signal.reason;
      one = await api.get(`/v1/imports/${one.id}`, { signal });
    }
  } finally { stop(); }
}

const failureWords = (one) => (state.language !== 'en' && has(`import.failure.${one.failure_code}`) ? t(`import.failure.${one.failure_code}`) : one.failure ?? t('import.state.failed'));

/** A column as the file has it; what the file lacks, as the page calls the field. */
function columnName(column, names, fieldOf, type) {
  if (names.includes(column)) return column;
  const field = fieldOf(column);
  return field ? labelOf(type, field) : labelOfName(column) ?? column;
}

/** The rows that were not taken, each with what is wrong marked where it stands. */
async function errorTable(one, signal) {
  if (!one.counters.failed) return null;
  const { data: rows } = await api.get(address(`/v1/imports/${one.id}/errors`, { limit: mostErrors }), { signal });
  const names = one.columns;
  const type = types.get(one.type);
  const fieldOf = (column) => type?.byPath.get(one.mapping?.[column] ?? column);
  const shown = rows.map(({ row, errors, cells }) => {
    const wrong = new Set(errors.map((error) => error.column));
    const reasons = new Set(errors.map((error) => `${errors.length > 1 && error.column ? `${columnName(error.column, names, fieldOf, type)}: ` : ''}${reasonWords(error, fieldOf(error.column))}`));
    return h('tr', h('th.number', { scope: 'row' }, number(row)), h('td.reason', [...reasons].map((reason) => h('div', reason))), names.map((name, index) => h('td', { class: wrong.has(name) ? 'is-wrong' : '' }, cells[index] || (wrong.has(name) ? h('span.nothing', t('value.nothing')) : ''), wrong.has(name) ? h('span.unseen', ` (${t('import.wrong')})`) : null)));
  });
  return h('section.section', h('div.section-head', h('h2', t('import.errors')), h('a.button.small', { href: `/v1/imports/${one.id}/errors.csv`, download: 'errors.csv' }, icon('export'), t('import.errors_file'))),
    one.counters.failed > rows.length ? h('p.hint', t('import.first', { count: rows.length })) : null,
    h('div.table-wrap.import-errors', { tabindex: '0', role: 'region', 'aria-label': t('import.errors') }, h('table.grid', h('thead', h('tr', h('th.number', { scope: 'col' }, t('import.row')), h('th', { scope: 'col' }, t('import.reason')), names.map((name) => h('th', { scope: 'col' }, name)))), h('tbody', shown))));
}

/** One import: how far it is, what came of it, and the way back. */
async function showImport(main, visit, id) {
  let one = await api.get(`/v1/imports/${id}`, { signal: visit.signal });
  const type = types.get(one.type);
  const place = h('div.import-place');
  fill(main, h('section.import-page', h('div.page-head', h('div', h('p.crumb', h('a', { href: '/import' }, t('page.import'))), h('h1', t('import.of_type', { type: type ? plurals(type) : one.type })))), way('result'), place));
  const run = async () => {
    const isReverting = one.state === 'reverting';
    const progress = progressBar(t(isReverting ? 'import.reverting' : 'import.running'));
    fill(place, h('section.section', progress.element, isReverting ? null : h('div.actions', h('button.button', { type: 'button', onclick: () => api.post(`/v1/imports/${id}/cancel`).catch(complain) }, t('import.stop')))));
    one = await follow(one, progress.show, visit.signal);
    await draw();
  };
  const draw = async () => {
    const isOver = ended.includes(one.state);
    const mayRevert = ['done', 'failed', 'cancelled'].includes(one.state) && !one.dry_run && (one.counters.created || one.counters.updated);
    fill(place, h('section.section', h('div.section-head', h('h2', t('import.result')), stateTag(one)), h('p.hint', dateTime(one.finished_at ?? one.started_at ?? one.created_at)),
      one.failure ? h('p.alert', failureWords(one)) : null, one.state === 'reverted' ? h('p', { role: 'status' }, t('import.taken_back', { count: one.reverted ?? 0 })) : h('p', { role: 'status' }, t('import.done_words', { count: one.counters.created + one.counters.updated })),
      figures(one.counters, one.dry_run),
      one.conflicts?.length ? h('div', h('p', t('import.conflicts', { count: one.conflicts.length })), h('ul.import-conflicts', one.conflicts.slice(0, 50).map((conflict) => h('li', h('a', { href: `/${conflict.type}/${conflict.id}` }, t('calendar.open')), ' ', h('span.hint', (conflict.fields ?? []).join(', ')))))) : null,
      h('div.actions', type && one.state !== 'reverted' ? h('a.button.primary', { href: `/${one.type}?sort=-created_at` }, t('import.see', { type: plurals(type) })) : null,
        h('a.button', { href: '/import' }, t('import.another')),
        mayRevert ? h('button.button.danger', { type: 'button', onclick: revert }, icon('history'), t('import.revert')) : null)),
    isOver ? await errorTable(one, visit.signal).catch(() => null) : null);
  };
  const revert = async () => {
    if (!(await confirm(t('import.revert'), t('import.revert_words', { created: number(one.counters.created), updated: number(one.counters.updated) }), t('import.revert')))) return;
    try {
      one = await api.post(`/v1/imports/${id}/revert`);
      await run();
      toast(t('import.taken_back', { count: one.reverted ?? 0 }));
    } catch (error) { if (error.name !== 'AbortError') complain(error); }
  };
  if (ended.includes(one.state) || one.state === 'created') await draw();
  else run().catch((error) => { if (error.name !== 'AbortError') complain(error); });
  return { title: t('page.import'), section: 'import' };
}
