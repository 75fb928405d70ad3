// Find anything, go anywhere, begin something: what opens below the words in the head (Ctrl or Cmd K).

import { h, fill, icon, debounce } from './dom.js';
import { api, address } from './api.js';
import { t, plurals, singular } from './i18n.js';
import { state, types, recordTypes, mayCreate } from './state.js';
import { kept, keep } from './kept.js';
import { place } from './ui.js';

let list;

/** Opens below the field of the head, which keeps the focus; arrows choose, Enter goes, Escape leaves. */
export function open(input, go) {
  if (list?.matches(':popover-open')) return;
  if (!list) build(input, go);
  list.showPopover();
  place(list, input, { width: true });
  input.dispatchEvent(new Event('input'));
}

function build(input, go) {
  list = h('div.options.palette', { id: 'palette', role: 'listbox', popover: 'manual', 'aria-label': t('palette.title') });
  document.body.append(list);
  // It stays a search box, as which people and programs know it.
  Object.entries({ 'aria-controls': 'palette', 'aria-autocomplete': 'list' }).forEach(([name, value]) => input.setAttribute(name, value));
  let entries = [];
  let active = 0;
  let asked = 0;

  const close = () => { if (list.matches(':popover-open')) list.hidePopover(); input.removeAttribute('aria-activedescendant'); };
  const choose = (entry) => { close(); input.blur(); input.value = ''; entry.run(); };

  function draw() {
    let group = null;
    const nodes = [];
    entries.forEach((entry, index) => {
      if (entry.group !== group) { group = entry.group; nodes.push(h('div.group', { role: 'presentation' }, group)); }
      nodes.push(h('div.option', { role: 'option', id: `palette-${index}`, 'aria-selected': String(index === active), onmousedown: (event) => { event.preventDefault(); choose(entry); } },
        icon(entry.icon), h('span.what', h('span', entry.title), entry.snippet && h('span.hint', entry.snippet)), entry.hint && h('span.hint', entry.hint)));
    });
    fill(list, nodes.length ? nodes : h('div.option.none', t('search.nothing')));
    if (entries[active]) { input.setAttribute('aria-activedescendant', `palette-${active}`); document.getElementById(`palette-${active}`)?.scrollIntoView({ block: 'nearest' }); }
  }

  const look = debounce(async (words) => {
    const number = ++asked;
    if (!words) return;
    let hits = [];
    try { hits = (await api.get(address('/v1/search', { q: words, limit: 12 }))).data; } catch { /* What can be said without the service is said. */ }
    if (number !== asked) return;
    const found = hits.map((hit) => ({ group: t('palette.records'), title: hit.title, snippet: hit.snippet, hint: singular(hit.type), icon: iconOf(hit.type), run: () => { remember(hit); go(`/${hit.type}/${hit.id}`); } }));
    entries = [...found, ...commands(words, go)];
    if (words) entries.push({ group: t('palette.records'), title: t('palette.all', { words }), icon: 'search', run: () => go(`/search?q=${encodeURIComponent(words)}`) });
    active = 0;
    draw();
  }, 110);

  input.addEventListener('input', () => {
    const words = input.value.trim();
    if (document.activeElement !== input) return;
    if (!list.matches(':popover-open')) { list.showPopover(); place(list, input, { width: true }); }
    asked++;
    if (!words) { entries = [...recent(go), ...commands('', go)]; active = 0; draw(); return; }
    entries = commands(words, go);
    active = 0;
    draw();
    look(words);
  });
  input.addEventListener('keydown', (event) => {
    if (!list.matches(':popover-open')) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); active = (active + step + entries.length) % Math.max(1, entries.length); draw(); }
    if (event.key === 'Enter' && entries[active]) { event.preventDefault(); choose(entries[active]); }
    if (event.key === 'Escape') { event.preventDefault(); input.value = ''; close(); input.blur(); }
    if (event.key === 'Tab') close();
  });
  input.addEventListener('blur', () => setTimeout(() => { if (document.activeElement !== input) close(); }, 120));
}

export const iconOf = (type) => (types.get(type)?.is_custom ? 'object' : ['contacts', 'companies', 'leads', 'deals', 'activities', 'tasks'].includes(type) ? type : type === 'reminders' ? 'reminder' : 'object');

function commands(words, go) {
  const all = [
    { title: t('page.today'), icon: 'today', href: '/' },
    ...recordTypes().map((type) => ({ title: plurals(type), icon: iconOf(type.name), href: `/${type.name}` })),
    { title: t('deals.board'), icon: 'board', href: '/deals?view=board' },
    ...['calendar', 'reports', 'import', 'settings'].map((name) => ({ title: t(`page.${name}`), icon: name, href: `/${name}` })),
  ].map((one) => ({ ...one, group: t('palette.go'), run: () => go(one.href) }));
  const makes = recordTypes().filter((type) => mayCreate(type.name) && type.operations.includes('create')).map((type) => ({
    group: t('palette.make'), title: t('form.new', { type: singular(type) }), icon: 'plus',
    run: async () => { const { create } = await import('./form.js'); const record = await create(type.name); if (record) go(`/${type.name}/${record.id}`); },
  }));
  const help = [{ group: t('palette.go'), title: t('keys.title'), icon: 'keyboard', run: async () => (await import('./keys.js')).showKeys() }];
  const fold = (text) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const wanted = fold(words).split(/\s+/).filter(Boolean);
  const fits = (one) => wanted.every((word) => fold(one.title).includes(word));
  return words ? [...makes, ...all, ...help].filter(fits).slice(0, 8) : [...all.slice(0, 7), ...makes.slice(0, 4), ...help];
}

const remember = (hit) => keep('recent', [{ type: hit.type, id: hit.id, title: hit.title }, ...kept('recent', []).filter((one) => one.id !== hit.id)].slice(0, 6));
const recent = (go) => kept('recent', []).filter((one) => types.has(one.type)).map((one) => ({ group: t('palette.recent'), title: one.title, hint: singular(one.type), icon: iconOf(one.type), run: () => go(`/${one.type}/${one.id}`) }));
