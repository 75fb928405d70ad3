// Where people come from: new contacts and leads by their source, and how many of the leads became customers' contacts.

import { h } from './dom.js';
import { t, number, percent } from './i18n.js';
import { types } from './state.js';
import { bars } from './charts.js';
import { figures, nothing, part, summary, tiles, within } from './report-figures.js';

export async function report(question) {
  const where = within('created_at', question);
  const read = (type, group) => (types.has(type) ? summary(type, { where, group }, question.signal) : []);
  const [contacts, leads] = await Promise.all([read('contacts', ['source']), read('leads', ['source', 'status'])]);
  const sources = [...new Set([...contacts, ...leads].map((row) => row.group.source))];
  if (!sources.length) return nothing();
  const count = (rows, source, status) => rows.filter((row) => (source === undefined || row.group.source === source) && (!status || row.group.status === status)).reduce((total, row) => total + row.count, 0);
  const name = (source) => source ?? t('reports.no_source');
  const rate = (source) => { const all = count(leads, source); return all ? percent(count(leads, source, 'converted') / all) : '—'; };
  const ordered = sources.sort((a, b) => count(contacts, b) + count(leads, b) - count(contacts, a) - count(leads, a));
  const line = (label, source) => [label, ...(types.has('contacts') ? [number(count(contacts, source))] : []), ...(types.has('leads') ? [number(count(leads, source)), number(count(leads, source, 'converted')), rate(source)] : [])];
  const chart = (title, rows, tone) => { const list = ordered.filter((source) => count(rows, source)).map((source) => ({ name: name(source), value: count(rows, source), tone })).sort((a, b) => b.value - a.value); return list.length ? bars(title, list.slice(0, 12)) : null; };
  return [
    tiles([[t('reports.new_contacts'), number(count(contacts))], [t('reports.new_leads'), number(count(leads))], [t('reports.converted'), number(count(leads, undefined, 'converted'))], [t('reports.conversion'), rate()]]),
    part(t('reports.sources'), h('div.charts', chart(t('reports.new_contacts'), contacts, '1'), chart(t('reports.new_leads'), leads, '2')),
      figures(t('reports.sources'), [t('field.source'), ...(types.has('contacts') ? [t('reports.new_contacts')] : []), ...(types.has('leads') ? [t('reports.new_leads'), t('reports.converted'), t('reports.conversion')] : [])],
        ordered.map((source) => line(name(source), source)), line(t('reports.total')))),
  ];
}
