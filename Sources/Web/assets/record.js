// One record: its fields in sections, what belongs to it, what happened and what comes next.

import { h, fill, refill, icon, iconButton, newID } from './dom.js';
import { api, search, address } from './api.js';
import { t, plurals, singular, labelOf, dateTime, relative } from './i18n.js';
import { state, types, takePage, titleOf, valueAt, bodyOf, mayCreate, mayUpdate, mayDelete } from './state.js';
import { display, isWritable, editor, recordLink } from './fields.js';
import { edit, saveChange, create } from './form.js';
import { toast, complain, menuButton, confirm, loading, emptyState } from './ui.js';
import { onChange } from './live.js';
import { go } from './navigate.js';

export async function show(main, visit) {
  const page = new RecordPage(types.get(visit.parameters.type), visit.parameters.id, visit);
  await page.open(main);
  if (visit.url.pathname.endsWith('/edit')) { history.replaceState({}, '', page.path); page.edit(); }
  return { title: page.title };
}

const contactKinds = ['email', 'phone', 'url', 'domain', 'address', 'language', 'time_zone'];
const systemFields = ['id', 'version', 'created_at', 'updated_at', 'created_by', 'updated_by', 'deleted_at'];

/** The sections of a type's fields: what it is, how to reach it, what the firm has added, how it is kept. */
function sections(type) {
  const shown = type.fields.filter((field) => !field.is_write_only && field.kind !== 'document' && field.kind !== 'secret');
  const isContact = (field) => contactKinds.includes(field.kind) || ['email_opt_out', 'phone'].includes(field.name);
  const isSystem = (field) => systemFields.includes(field.path) || ['external_id', 'position', 'stage_entered_at'].includes(field.path);
  const isCustom = (field) => field.path.startsWith('custom.');
  return [
    ['main', shown.filter((field) => !isContact(field) && !isSystem(field) && !isCustom(field) && !['owner_id', 'tags'].includes(field.path)).concat(shown.filter((field) => ['owner_id', 'tags'].includes(field.path)))],
    ['contact', shown.filter((field) => isContact(field) && !isCustom(field) && !isSystem(field))],
    ['custom', shown.filter(isCustom)],
    ['system', shown.filter((field) => isSystem(field) && !['id', 'version', 'deleted_at'].includes(field.path))],
  ].filter(([, fields]) => fields.length);
}

class RecordPage {
  constructor(type, id, visit) {
    this.type = type;
    this.id = id;
    this.visit = visit;
    this.path = `/${type.name}/${id}`;
    this.asOf = null;
  }

  get title() { return titleOf(this.type, this.record, t('record.nameless')); }
  get includes() { return this.type.fields.filter((field) => field.include && types.has(field.target)).map((field) => field.include); }

  async open(main) {
    const page = takePage('record', this.type.name);
    this.record = page?.record?.id === this.id ? page.record : await this.read();
    if (this.record.id !== this.id) { history.replaceState({}, '', `/${this.type.name}/${this.record.id}`); this.id = this.record.id; this.path = `/${this.type.name}/${this.id}`; }
    this.main = main;
    this.draw();
    onChange(this.type.name, (change) => { if (change.id === this.id) this.changed(change); }, this.visit.signal);
    onChange(null, (change) => { if (change.action === 'resync') this.refresh(); }, this.visit.signal);
  }

  read() {
    return api.get(address(`/v1/${this.type.name}/${this.id}`, this.asOf ? { as_of: this.asOf } : { include: this.includes.join(','), trash: 'include' }), { signal: this.visit.signal });
  }

  async refresh() {
    try { this.record = await this.read(); this.drawHead(); this.drawFields(); } catch (error) { if (error.status !== 404) complain(error); }
  }

  async changed(change) {
    if (change.action === 'purge') { toast(t('record.gone')); return; }
    if (this.asOf || this.record.version >= change.version) return;
    await this.refresh();
    this.timeline?.reload?.();
  }

  draw() {
    this.head = h('div.record-head');
    this.fields = h('div.record-fields');
    this.side = h('div.record-side');
    this.notices = h('div.notices');
    fill(this.main, h('article.record', this.head, this.notices, h('div.record-body', this.fields, this.side)));
    this.drawHead();
    this.drawFields();
    this.drawSide();
    this.drawNotices();
  }

  get isReadOnly() { return Boolean(this.asOf || this.record.deleted_at || this.record.read_only || !mayUpdate(this.type.name)); }

  drawHead() {
    const actions = h('div.actions',
      ...this.typeActions(),
      !this.isReadOnly && this.type.operations.includes('update') ? h('button.button', { type: 'button', onclick: () => this.edit() }, icon('edit'), t('record.edit')) : null,
      menuButton(t('record.actions'), () => [
        this.type.operations.includes('merge') && mayUpdate(this.type.name) && { label: t('merge.with'), icon: 'merge', action: () => this.merge() },
        this.type.name === 'contacts' && { label: t('record.vcard'), icon: 'export', href: `/v1/contacts/${this.id}/vcard` },
        this.type.remembers && { label: t('asof.title'), icon: 'history', action: () => this.openPast() },
        { label: t('record.copy_link'), icon: 'link', action: () => navigator.clipboard?.writeText(location.href).then(() => toast(t('record.copied'))).catch(() => {}) },
        '-',
        mayDelete(this.type.name) && !this.record.deleted_at && { label: t('record.trash'), icon: 'trash', danger: true, action: () => this.trash() },
      ]));
    refill(this.head,
      h('p.crumb', h('a', { href: `/${this.type.name}` }, plurals(this.type))),
      h('div.page-head', h('div.page-title', h('h1', this.title), this.subtitle()), actions));
  }

  typeActions() {
    if (this.isReadOnly) return [];
    const actions = [];
    if (this.type.name === 'deals') actions.push(h('button.button', { type: 'button', onclick: () => this.move() }, icon('move'), t('deals.move')));
    if (this.type.name === 'leads' && this.record.status !== 'converted') actions.push(h('button.button', { type: 'button', onclick: () => this.convert() }, icon('convert'), t('leads.convert')));
    return actions;
  }

  subtitle() {
    const line = { contacts: ['title', 'company_id'], deals: ['stage_id', 'amount', 'company_id'], leads: ['company_name', 'status'], companies: ['industry', 'domain'], tasks: ['status', 'due'] }[this.type.name] ?? [];
    const parts = line.map((path) => this.type.byPath.get(path)).filter(Boolean).map((field) => display(this.type, field, this.record)).filter((value) => value && value !== '');
    return parts.length ? h('p.subtitle', parts.flatMap((part, index) => [index ? h('span.dot', { 'aria-hidden': 'true' }, '·') : null, part])) : null;
  }

  drawFields() {
    if (this.fields.contains(document.activeElement) && this.fields.querySelector('.cell-editor')) return;
    refill(this.fields, sections(this.type).map(([name, fields]) => {
      const rows = fields.map((field) => this.fieldRow(field)).filter(Boolean);
      const content = h('dl.fields', rows);
      return name === 'system' ? h('details.section', h('summary', t(`section.${name}`)), content) : h('section.section', h('h2', t(`section.${name}`)), content);
    }));
  }

  fieldRow(field) {
    const shown = display(this.type, field, this.record);
    const isEmpty = shown === '' || shown === null || (Array.isArray(shown) && !shown.length);
    const isEditable = !this.isReadOnly && isWritable(field) && !['document'].includes(field.kind) && !(this.type.name === 'deals' && field.path === 'stage_id');
    const value = h('dd', isEmpty ? h('span.nothing', '—') : shown);
    const name = labelOf(this.type, field);
    if (isEditable) value.append(iconButton('edit', t('record.edit_field', { field: name }), () => this.editField(field, value), { class: 'reveal' }));
    if (isEditable) value.addEventListener('dblclick', (event) => { if (!event.target.closest('a, form')) this.editField(field, value); });
    return h('div', { class: isEmpty ? 'is-empty' : '' }, h('dt', name), value);
  }

  editField(field, place) {
    if (place.querySelector('.cell-editor')) return;
    const before = this.record;
    const control = editor(this.type, field, valueAt(before, field.path), { compact: true, record: before });
    const close = () => { const row = this.fieldRow(field); place.closest('div').replaceWith(row); row.querySelector('.reveal')?.focus(); };
    const form = h('form.cell-editor', {
      onsubmit: async (event) => {
        event.preventDefault();
        let value;
        try { value = control.value(); } catch (error) { complain(error); return; }
        if (JSON.stringify(value) === JSON.stringify(valueAt(before, field.path) ?? null)) { close(); return; }
        try {
          await saveChange(this.type.name, before, bodyOf(field.path, value));
          this.record = await this.read();
          close();
          this.drawHead();
          this.drawFields();
          this.timeline?.reload?.();
        } catch (error) { complain(error); }
      },
      onkeydown: (event) => { if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); close(); } },
    }, control.element, h('span.editor-actions', h('button.button.small.primary', t('form.save')), h('button.button.small', { type: 'button', onclick: close }, t('ui.cancel'))));
    fill(place, form);
    control.focus();
  }

  async drawSide() {
    const parts = [];
    if (this.type.operations.includes('timeline')) {
      const { composer, timeline } = await import('./timeline.js');
      this.timeline = timeline(this.type, this.record, this.visit.signal);
      if (!this.isReadOnly) parts.push(composer(this.type, this.record, () => this.timeline.reload()));
      parts.push(this.timeline.element);
    }
    const { related, attachments, changes } = await import('./related.js');
    parts.push(related(this.type, this.record, this.visit.signal));
    if (this.type.operations.includes('attachments')) parts.push(attachments(this.type, this.record, this.visit.signal, this.isReadOnly));
    if (this.type.operations.includes('changes')) parts.push(changes(this.type, this.record, this.visit.signal));
    if (this.type.name === 'deals') parts.unshift((await import('./related.js')).stages(this.record));
    refill(this.side, parts);
  }

  async drawNotices() {
    const notices = [];
    if (this.record.deleted_at) notices.push(h('p.note', t('record.in_trash', { when: dateTime(this.record.deleted_at) }), ' ', h('button.button.small', { type: 'button', onclick: () => this.restore() }, t('record.restore'))));
    if (this.record.read_only) notices.push(h('p.note', t('record.over_limit'), ' ', h('a', { href: '/settings/plan' }, t('settings.plan'))));
    refill(this.notices, notices);
    if (this.record.deleted_at || !this.type.operations.includes('merge')) return;
    const { duplicatesHint } = await import('./merge.js');
    const hint = await duplicatesHint(this.type, this.record, this.visit.signal).catch(() => null);
    if (hint) this.notices.append(hint);
  }

  async edit() {
    const saved = await edit(this.type.name, this.record);
    if (saved) { this.record = await this.read(); this.drawHead(); this.drawFields(); this.timeline?.reload?.(); toast(t('form.saved')); }
  }

  async move() {
    const { moveDialog } = await import('./deals.js');
    const moved = await moveDialog(this.record);
    if (moved) { await this.refresh(); this.drawSide(); }
  }

  async convert() {
    const { convertDialog } = await import('./deals.js');
    const converted = await convertDialog(this.record);
    if (converted) { toast(t('leads.converted')); go(converted.contact ? `/contacts/${converted.contact.id}` : this.path); }
  }

  async merge() {
    const { mergeWith } = await import('./merge.js');
    const merged = await mergeWith(this.type, this.record);
    if (merged) { this.record = await this.read(); this.draw(); }
  }

  async trash() {
    try {
      await api.delete(`/v1/${this.type.name}/${this.id}`, { version: this.record.version });
      const id = this.id;
      toast(t('record.trashed', { name: this.title }), { undo: () => api.post(`/v1/${this.type.name}/${id}/restore`, {}).then(() => go(`/${this.type.name}/${id}`)).catch(complain) });
      go(`/${this.type.name}`);
    } catch (error) { complain(error); }
  }

  async restore() {
    try { await api.post(`/v1/${this.type.name}/${this.id}/restore`, {}); this.record = await this.read(); this.draw(); } catch (error) { complain(error); }
  }

  /** A slider over the record's life: the fields as they were then. */
  async openPast() {
    const { pastSlider } = await import('./past.js');
    fill(this.notices, pastSlider(this.record, {
      show: async (time) => {
        this.asOf = time;
        this.record = await this.read();
        this.drawHead();
        this.drawFields();
      },
      leave: async () => { this.asOf = null; this.record = await this.read(); this.drawHead(); this.drawFields(); this.drawNotices(); },
    }));
  }
}
