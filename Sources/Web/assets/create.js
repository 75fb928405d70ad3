// The form for a new record as a page of its own: `/contacts/new?company_id=...`.

import { h, fill } from './dom.js';
import { api } from './api.js';
import { t, singular, plurals } from './i18n.js';
import { types } from './state.js';
import { recordForm } from './form.js';
import { go } from './navigate.js';

export async function show(main, visit) {
  const type = types.get(visit.parameters.type);
  const given = {};
  for (const [name, value] of visit.url.searchParams) {
    const [path, member] = name.split('.');
    if (member && type.byPath.get(path)) given[path] = { ...given[path], [member]: value }; else given[name] = value;
  }
  const title = t('form.new', { type: singular(type) });
  const form = recordForm(type, given, {
    draft: `draft:${type.name}:new`, send: (body, options) => api.post(`/v1/${type.name}`, body, options),
    onsave: (record) => go(record ? `/${type.name}/${record.id}` : `/${type.name}/new`, { replace: true }), oncancel: () => go(`/${type.name}`),
  });
  fill(main, h('p.crumb', h('a', { href: `/${type.name}` }, plurals(type))), h('h1', title), h('div.card', form.element));
  return { title };
}
