// Building a condition: groups of "all of", "any of" and "none of", with comparisons in them, as deep as one likes. The tree is what the service reads
// and what views keep.

import { h, fill, icon, iconButton, newID } from './dom.js';
import { t, labelOf, plurals } from './i18n.js';
import { state, types } from './state.js';
import { editor, decimal } from './fields.js';
import { picker } from './pick.js';

const words = ['contains', 'eq', 'ne', 'starts', 'in', 'is_null', 'not_null'];
const ordered = ['eq', 'gt', 'gte', 'lt', 'lte', 'between', 'is_null', 'not_null'];
/** Which comparisons a kind of field has, the most useful first. */
const operators = {
  text: words, long_text: ['contains', 'is_null', 'not_null'], email: words, domain: words, phone: words, url: words, language: ['eq', 'ne', 'is_null', 'not_null'], time_zone: ['eq', 'ne', 'is_null', 'not_null'],
  select: ['in', 'nin', 'is_null', 'not_null'], multi_select: ['contains', 'is_null', 'not_null'], tags: ['contains'],
  boolean: ['eq'], integer: ordered, decimal: ordered, money: ordered, currency: ['eq', 'ne'],
  date: ['within', 'past', 'eq', 'lt', 'gt', 'between', 'is_null', 'not_null'], datetime: ['within', 'past', 'lt', 'gt', 'between', 'is_null', 'not_null'], local_time: ['within', 'past', 'lt', 'gt', 'is_null', 'not_null'],
  reference: ['is', 'not', 'is_null', 'not_null'], references: ['contains', 'is_null'], id: ['eq'],
};

/** The fields that a condition may name, with those of what is referred to one step away. */
function comparable(type) {
  const own = type.fields.filter((field) => operators[field.kind] && !field.is_write_only && field.path !== 'version').map((field) => ({ path: field.path, field, type, label: labelOf(type, field) }));
  const address = type.byPath.has('address') ? ['city', 'postal_code', 'region', 'country', 'street'].map((part) => ({ path: `address.${part}`, field: { kind: 'text', name: part, path: part, options: [] }, type, label: `${labelOf(type, type.byPath.get('address'))}: ${t(`address.${part}`)}` })) : [];
  const beyond = type.fields.filter((field) => field.kind === 'reference' && field.include && !field.path.startsWith('custom.') && types.has(field.target) && field.path !== 'owner_id').flatMap((reference) =>
    types.get(reference.target).fields.filter((field) => operators[field.kind] && !field.path.startsWith('custom.') && !field.is_write_only && !['id', 'version'].includes(field.path) && field.kind !== 'reference')
      .map((field) => ({ path: `${reference.include}.${field.path}`, field, type: types.get(reference.target), label: `${labelOf(type, reference)}: ${labelOf(types.get(reference.target), field)}` })));
  return { own: [...own, ...address], beyond };
}

/** A panel over a tree; `apply(where or null)` is called while it changes. */
export function filterBuilder(type, where, { apply, close, save }) {
  const fields = comparable(type);
  const byPath = new Map([...fields.own, ...fields.beyond].map((one) => [one.path, one]));
  let root = readGroup(where ?? { and: [] });
  if (!root.parts.length) root.parts.push(newLeaf());
  const place = h('div.filter-tree');
  const changed = () => { const tree = writeGroup(root); apply(tree && (tree.and?.length || tree.or?.length || tree.not) ? tree : null); };
  const draw = () => fill(place, drawGroup(root, null));

  function newLeaf() { const first = byPath.get(type.title[0]) ?? fields.own[0]; return { path: first.path, op: operators[first.field.kind][0], value: null }; }

  // Between the service's tree and what is drawn: a group is {kind: and|or|none, parts}.
  function readGroup(node) {
    if (node.not) { const inner = readGroup(node.not); return { kind: 'none', parts: inner.kind === 'or' ? inner.parts : [simplify(inner)] }; }
    if (node.field) return { kind: 'and', parts: [readLeaf(node)] };
    const kind = node.or ? 'or' : 'and';
    return { kind, parts: (node.and ?? node.or ?? []).map((one) => (one.field ? readLeaf(one) : readGroup(one))) };
  }
  const simplify = (group) => (group.parts.length === 1 ? group.parts[0] : group);
  function readLeaf({ field, op, value }) {
    if (op === 'is_null') return { path: field, op: value ? 'is_null' : 'not_null', value: null };
    const kind = byPath.get(field)?.field.kind;
    if (kind === 'reference' && op === 'in') return { path: field, op: 'is', value };
    if (kind === 'reference' && op === 'nin') return { path: field, op: 'not', value };
    if (kind === 'reference' && (op === 'eq' || op === 'ne')) return { path: field, op: op === 'eq' ? 'is' : 'not', value: [value] };
    if (kind === 'select' && op === 'eq') return { path: field, op: 'in', value: [value] };
    if (kind === 'select' && op === 'ne') return { path: field, op: 'nin', value: [value] };
    if (op === 'between' && typeof value?.[0] === 'object' && 'days' in (value[1] ?? {})) return value[1].days > 0 ? { path: field, op: 'within', value: value[1].days } : { path: field, op: 'past', value: -value[0].days };
    return { path: field, op, value };
  }
  function writeGroup(group) {
    const parts = group.parts.map((part) => (part.parts ? writeGroup(part) : writeLeaf(part))).filter(Boolean);
    if (!parts.length) return null;
    return group.kind === 'none' ? { not: { or: parts } } : { [group.kind]: parts };
  }
  function writeLeaf({ path, op, value }) {
    if (op === 'is_null' || op === 'not_null') return { field: path, op: 'is_null', value: op === 'is_null' };
    if (value === null || value === undefined || value === '' || (Array.isArray(value) && (!value.length || value.some((one) => one === null || one === '')))) return null;
    if (op === 'is' || op === 'not') return { field: path, op: op === 'is' ? 'in' : 'nin', value };
    if (op === 'within') return { field: path, op: 'between', value: [{ days: 0 }, { days: Number(value) }] };
    if (op === 'past') return { field: path, op: 'between', value: [{ days: -Number(value) }, { days: 0 }] };
    return { field: path, op, value };
  }

  function drawGroup(group, parent) {
    const kind = h('select', { 'aria-label': t('filter.group'), onchange: () => { group.kind = kind.value; changed(); } },
      ['and', 'or', 'none'].map((name) => h('option', { value: name, selected: group.kind === name }, t(`filter.${name}`))));
    return h('fieldset.filter-group', h('legend.unseen', t('filter.group')),
      h('div.filter-head', kind, parent ? iconButton('close', t('filter.remove_group'), () => { parent.parts.splice(parent.parts.indexOf(group), 1); draw(); changed(); }) : null),
      h('ul', group.parts.map((part) => h('li', part.parts ? drawGroup(part, group) : drawLeaf(part, group)))),
      h('div.actions',
        h('button.button.small.quiet', { type: 'button', onclick: () => { group.parts.push(newLeaf()); draw(); place.querySelectorAll('.filter-leaf select')[0] && [...place.querySelectorAll('.filter-leaf')].at(-1)?.querySelector('select')?.focus(); } }, icon('plus'), t('filter.add')),
        depth(root) < 8 ? h('button.button.small.quiet', { type: 'button', onclick: () => { group.parts.push({ kind: group.kind === 'and' ? 'or' : 'and', parts: [newLeaf()] }); draw(); } }, icon('plus'), t('filter.add_group')) : null));
  }

  function drawLeaf(leaf, group) {
    const known = byPath.get(leaf.path);
    const field = known?.field;
    const option = (one) => h('option', { value: one.path, selected: one.path === leaf.path }, one.label);
    const choose = h('select', { 'aria-label': t('filter.field'), onchange: () => { leaf.path = choose.value; leaf.op = operators[byPath.get(leaf.path).field.kind][0]; leaf.value = null; draw(); changed(); } },
      known ? null : h('option', { value: leaf.path, selected: true }, leaf.path), h('optgroup', { label: plurals(type) }, fields.own.map(option)),
      fields.beyond.length ? h('optgroup', { label: t('filter.beyond') }, fields.beyond.map(option)) : null);
    const ops = field ? operators[field.kind] : [leaf.op];
    const op = h('select', { 'aria-label': t('filter.operator'), onchange: () => { leaf.op = op.value; leaf.value = null; draw(); changed(); } },
      [...new Set([...ops, leaf.op])].map((name) => h('option', { value: name, selected: name === leaf.op }, t(`op.${name}`))));
    return h('div.filter-leaf', choose, op, valueEditor(leaf, known), iconButton('close', t('filter.remove'), () => { group.parts.splice(group.parts.indexOf(leaf), 1); draw(); changed(); }));
  }

  function valueEditor(leaf, known) {
    if (!known || leaf.op === 'is_null' || leaf.op === 'not_null') return h('span');
    const { field } = known;
    const label = t('filter.value');
    const set = (value) => { leaf.value = value; changed(); };
    if (leaf.op === 'within' || leaf.op === 'past') {
      const input = h('input', { type: 'number', min: 0, max: 3650, value: leaf.value ?? 7, 'aria-label': t('filter.days'), oninput: () => set(input.value === '' ? null : Number(input.value)) });
      if (leaf.value === null) leaf.value = 7;
      return h('span.with-unit', input, t('filter.days'));
    }
    if (field.kind === 'select' || field.kind === 'multi_select') {
      if (field.kind === 'multi_select') return labelledEditor({ ...field, kind: 'select', is_required: false }, known.type, leaf.value, set, label);
      const boxes = editor(known.type, { ...field, kind: 'multi_select' }, leaf.value ?? [], { compact: true, label });
      boxes.element.addEventListener('change', () => set(boxes.value()));
      return boxes.element;
    }
    if (field.kind === 'reference' && field.target !== 'stages') return referenceEditor(field, leaf, set, label);
    if (field.kind === 'references') { const one = picker(field.target, { value: leaf.value, label, onchange: set }); return one.element; }
    if (field.kind === 'reference') { const one = editor(known.type, { ...field, is_required: false }, leaf.value?.[0], { compact: true, label }); one.element.addEventListener('change', () => set([one.value()])); one.ready?.then(() => { leaf.value ??= [one.value()]; }); return one.element; }
    const kind = { money: 'decimal', tags: 'text', references: 'text', local_time: 'datetime', id: 'text', email: 'text', url: 'text', phone: 'text', domain: 'text', long_text: 'text' }[field.kind] ?? field.kind;
    const plain = { ...field, kind, is_required: false, maximum: 500 };
    if (leaf.op === 'between') {
      const both = [0, 1].map((index) => labelledEditor(plain, known.type, leaf.value?.[index], (value) => { leaf.value = [leaf.value?.[0] ?? null, leaf.value?.[1] ?? null]; leaf.value[index] = value; changed(); }, t(index ? 'filter.to' : 'filter.from')));
      return h('span.between', both[0], '–', both[1]);
    }
    if (leaf.op === 'in' || leaf.op === 'nin') {
      const input = h('input', { value: (leaf.value ?? []).join(', '), 'aria-label': label, placeholder: t('filter.several'), oninput: () => set(input.value.split(',').map((one) => one.trim()).filter(Boolean)) });
      return input;
    }
    return labelledEditor(plain, known.type, leaf.value, set, label);
  }

  function labelledEditor(field, owner, value, set, label) {
    if (field.kind === 'boolean') {
      const choice = h('select', { 'aria-label': label, onchange: () => set(choice.value === 'true') }, [true, false].map((one) => h('option', { value: String(one), selected: value === one }, t(one ? 'value.yes' : 'value.no'))));
      if (value === null || value === undefined) set(true);
      return choice;
    }
    const control = editor(owner, field, value, { compact: true, label });
    control.element.addEventListener('input', () => { let read; try { read = control.value(); } catch { return; } set(read); });
    control.element.addEventListener('change', () => { let read; try { read = control.value(); } catch { return; } set(read); });
    return control.element;
  }

  function referenceEditor(field, leaf, set, label) {
    const one = picker(field.target, { value: leaf.value?.[0] ?? null, label, onchange: (id) => set(id ? [id] : null) });
    if (field.target !== 'users') return one.element;
    return h('span.with-me', one.element, h('button.button.small', { type: 'button', onclick: () => one.set(state.user.id, state.user.name) }, t('filter.me')));
  }

  draw();
  return h('section.filter-panel.card', { 'aria-label': t('filter.title'), onkeydown: (event) => { if (event.key === 'Escape' && !event.defaultPrevented) close(); } }, place,
    h('div.actions.end', h('button.button.small', { type: 'button', onclick: () => { root = { kind: 'and', parts: [newLeaf()] }; draw(); apply(null); } }, t('filter.clear')),
      h('button.button.small', { type: 'button', onclick: save }, t('list.save_view')), h('button.button.small.primary', { type: 'button', onclick: close }, t('ui.close'))));
}

const depth = (group) => 1 + Math.max(0, ...group.parts.filter((part) => part.parts).map(depth));
