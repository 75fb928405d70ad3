// Everything that some words lead to, of any type.

import { h, fill, icon } from './dom.js';
import { api, address } from './api.js';
import { t, singular, plurals } from './i18n.js';
import { types } from './state.js';
import { iconOf } from './palette.js';

export async function show(main, visit) {
  const words = visit.url.searchParams.get('q')?.trim() ?? '';
  const only = visit.url.searchParams.get('types');
  const { data } = words ? await api.get(address('/v1/search', { q: words, types: only, limit: 50 }), { signal: visit.signal }) : { data: [] };
  const title = t('search.title', { words });
  const names = [...new Set(data.map((hit) => hit.type))];
  const link = (name, label) => h('a', { href: address('/search', { q: words, types: name }), 'aria-current': name === only ? 'true' : null }, label);
  fill(main, h('h1', title),
    names.length > 1 || only ? h('div.views', link(null, t('list.all')), (only ? [only] : names).map((name) => link(name, plurals(name)))) : null,
    data.length
      ? h('ul.hits.card', data.map((hit) => h('li', icon(iconOf(hit.type)), h('div', h('a', { href: `/${hit.type}/${hit.id}` }, hit.title), h('span.hint', ` ${singular(hit.type)}`), hit.snippet && h('p', hit.snippet)))))
      : h('p.empty', t('search.nothing')));
  return { title, section: '' };
}
