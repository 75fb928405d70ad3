// Choosing records by typing a part of what they are called: one of them, or several.

import { h, fill, debounce, newID, iconButton } from './dom.js';
import { search } from './api.js';
import { t } from './i18n.js';
import { types, titleOf } from './state.js';
import { place } from './ui.js';

const titles = new Map();
/** What a record is called, asked once: `titleFor('contacts', id)`. */
export function titleFor(type, id) {
  const key = `${type}/${id}`;
  if (!titles.has(key)) {
    titles.set(key, search(type, { where: { field: 'id', op: 'eq', value: id }, fields: types.get(type)?.title ?? [], limit: 1 })
      .then(({ data }) => (data[0] ? titleOf(type, data[0]) : null)).catch(() => null));
  }
  return titles.get(key);
}
export const rememberTitle = (type, id, title) => titles.set(`${type}/${id}`, Promise.resolve(title));

async function candidates(type, words, where) {
  const known = types.get(type);
  if (!known) return [];
  const fields = [...known.title, ...['email', 'domain', 'company_name'].filter((name) => known.byPath.has(name) && !known.title.includes(name))];
  const body = { fields, limit: 8, ...(where && { where }), ...(words ? { q: words } : { sort: '-updated_at' }) };
  const { data } = await search(type, body);
  return data.map((record) => ({ id: record.id, title: titleOf(type, record), hint: record.email ?? record.domain ?? record.company_name ?? '' }));
}

/**
 * A combobox (ARIA 1.2) over the records of a type. `value` is an id or null; `title` what it is called, if known. `create(words)` may offer to make
 * one and answers `{id, title}`.
 */
export function picker(type, { id = newID('pick'), value = null, title = '', label, required, onchange, where, create } = {}) {
  const list = h('div.options', { role: 'listbox', id: `${id}-list`, popover: 'manual', 'aria-label': t('pick.suggestions') });
  const input = h('input', {
    id, role: 'combobox', autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id, required,
    'aria-label': label, placeholder: t('pick.type_to_find'), value: title,
  });
  const clear = iconButton('close', t('pick.clear'), () => { choose(null); input.focus(); }, { class: 'inner', hidden: !value });
  const element = h('div.picker', input, clear, list);
  let chosen = value;
  let shownTitle = title;
  let active = -1;
  let options = [];

  if (value && !title) titleFor(type, value).then((found) => { if (chosen === value) { shownTitle = found ?? value; input.value = shownTitle; } });

  function choose(option) {
    chosen = option?.id ?? null;
    shownTitle = option?.title ?? '';
    if (option) rememberTitle(type, option.id, option.title);
    input.value = shownTitle;
    clear.hidden = !chosen;
    close();
    element.dispatchEvent(new Event('input', { bubbles: true }));
    onchange?.(chosen, shownTitle);
  }
  function close() {
    if (list.matches(':popover-open')) list.hidePopover();
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    active = -1;
  }
  function show() {
    const items = options.map((option, index) => h('div.option', {
      role: 'option', id: `${list.id}-${index}`, 'aria-selected': String(index === active),
      onmousedown: (event) => { event.preventDefault(); pick(index); },
    }, h('span', option.title), option.hint && h('span.hint', option.hint)));
    fill(list, items.length ? items : h('div.option.none', t('pick.nothing')));
    if (!list.matches(':popover-open')) list.showPopover();
    place(list, input, { width: true });
    input.setAttribute('aria-expanded', 'true');
    if (active >= 0) {
      input.setAttribute('aria-activedescendant', `${list.id}-${active}`);
      list.children[active]?.scrollIntoView({ block: 'nearest' });
    }
  }
  async function pick(index) {
    const option = options[index];
    if (option?.make) { const made = await create(option.make); if (made) choose(made); else close(); } else if (option) choose(option);
  }
  let asked = 0;
  async function look(words) {
    const number = ++asked;
    const found = await candidates(type, words, where).catch(() => []);
    if (number !== asked || document.activeElement !== input) return;
    options = found;
    if (create && words) options.push({ make: words, title: t('pick.create', { words }) });
    active = words && options.length ? 0 : -1;
    show();
  }
  const lookSoon = debounce(look, 120);
  input.addEventListener('input', (event) => { event.stopPropagation(); lookSoon(input.value.trim()); });
  input.addEventListener('focus', () => { input.select(); });
  input.addEventListener('click', () => { if (!list.matches(':popover-open')) look(''); });
  input.addEventListener('blur', () => { asked++; close(); if (!input.value.trim() && chosen && !required) choose(null); else input.value = shownTitle; });
  input.addEventListener('keydown', (event) => {
    const open = list.matches(':popover-open');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) { look(input.value === shownTitle ? '' : input.value.trim()); return; }
      active = (active + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % Math.max(1, options.length);
      show();
    } else if (event.key === 'Enter' && open && active >= 0) { event.preventDefault(); event.stopPropagation(); pick(active); }
    else if (event.key === 'Escape' && open) { event.preventDefault(); event.stopPropagation(); close(); }
  });
  return { element, value: () => chosen, title: () => shownTitle, focus: () => input.focus(), set: (id, words) => choose(id ? { id, title: words } : null) };
}

/** Several records of a type, each with a button that takes it away. */
export function multiPicker(type, { id = newID('pick'), values = [], label, onchange } = {}) {
  const chosen = new Map(values.map((value) => [value, null]));
  const chips = h('span.chips');
  const one = picker(type, { id, label, onchange: (value, title) => { if (value) { chosen.set(value, title); one.set(null); draw(); onchange?.([...chosen.keys()]); } } });
  const element = h('div.multi-picker', chips, one.element);
  async function draw() {
    for (const [value, title] of chosen) if (!title) chosen.set(value, (await titleFor(type, value)) ?? value);
    fill(chips, [...chosen].map(([value, title]) => h('span.chip', title,
      iconButton('close', t('pick.remove', { title }), () => { chosen.delete(value); draw(); element.dispatchEvent(new Event('input', { bubbles: true })); onchange?.([...chosen.keys()]); }))));
  }
  draw();
  return { element, value: () => [...chosen.keys()], focus: () => one.focus() };
}
