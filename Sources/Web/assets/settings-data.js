// Taking data in and out: everything of a type as a file, the trash, addresses that get no mail.

import { h, fill, icon, newID } from './dom.js';
import { api, address } from './api.js';
import { t, plurals, dateTime, number } from './i18n.js';
import { recordTypes, types } from './state.js';
import { toast, complain } from './ui.js';

export async function show(place, visit) {
  const [exports, suppressions] = await Promise.all([api.get('/v1/exports?limit=20', { signal: visit.signal }).catch(() => ({ data: [] })), api.get('/v1/suppressions?limit=50', { signal: visit.signal }).catch(() => ({ data: [] }))]);
  const [typeID, formatID] = [newID('x'), newID('x')];
  const type = h('select', { id: typeID }, recordTypes().filter((one) => one.rights.export).map((one) => h('option', { value: one.name }, plurals(one))));
  const format = h('select', { id: formatID }, ['csv', 'jsonl', 'vcard'].map((one) => h('option', { value: one }, one === 'vcard' ? 'vCard' : one.toUpperCase())));
  const again = () => show(place, visit).catch(complain);
  const make = async () => { try { await api.post('/v1/exports', { type: type.value, format: format.value }); toast(t('export.running')); setTimeout(again, 600); } catch (error) { complain(error); } };
  const running = exports.data.some((one) => !['done', 'failed', 'cancelled'].includes(one.state));
  if (running) setTimeout(() => { if (!visit.signal.aborted) again(); }, 1000);
  fill(place,
    h('section.section', h('h2', t('data.out')), h('div.actions', h('label', { for: typeID }, t('value.type')), type, h('label', { for: formatID }, t('data.format')), format, h('button.button.primary', { type: 'button', onclick: make }, icon('export'), t('data.make'))),
      exports.data.length ? h('ul.field-list', exports.data.map((one) => h('li', h('strong', plurals(one.type)), h('span.tag', one.format), h('span.tag', t(`job.${one.state}`)), h('span.hint', one.created_at ? dateTime(one.created_at) : ''), h('span.row-end', one.state === 'done' ? h('a.button.small', { href: `/v1/exports/${one.id}/content`, download: `${one.type}.${one.format === 'vcard' ? 'vcf' : one.format}` }, t('data.save')) : null)))) : null),
    h('section.section', h('h2', t('data.in')), h('p', h('a.button', { href: '/import' }, icon('import'), t('page.import')))),
    h('section.section', h('h2', t('list.trash')), h('ul.trash-links', recordTypes().map((one) => h('li', h('a', { href: `/${one.name}?trash=only` }, plurals(one)))))),
    h('section.section', h('h2', t('data.suppressed')), h('p.hint', t('data.suppressed_hint')), suppressions.data.length ? h('ul.field-list', suppressions.data.map((one) => h('li', h('span', one.address), h('span.hint', one.reason ?? ''), h('span.row-end', h('button.button.small', { type: 'button', onclick: () => api.delete(`/v1/suppressions/${encodeURIComponent(one.address)}`).then(again).catch(complain) }, t('data.release')))))) : h('p.hint', t('data.none'))));
}
