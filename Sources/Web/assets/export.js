// What a list shows, as a file of comma-separated values.

import { h } from './dom.js';
import { api, search } from './api.js';
import { t } from './i18n.js';
import { toast, complain } from './ui.js';

/** Lets the service make the file and saves it when it is ready. With words, which an export does not know, the rows are named by their ids. */
export async function exportList(type, { where, words, fields, sort }) {
  const dismiss = toast(t('export.running'), { ms: 600000 });
  try {
    const condition = words ? { field: 'id', op: 'in', value: await idsOf(type, where, words) } : where;
    let job = await api.post('/v1/exports', { type: type.name, format: 'csv', fields, ...(condition && { where: condition }) });
    while (!['done', 'failed', 'cancelled'].includes(job.state)) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      job = await api.get(`/v1/exports/${job.id}`);
    }
    dismiss();
    if (job.state !== 'done') throw new Error(t('export.failed'));
    const link = h('a', { href: `/v1/exports/${job.id}/content`, download: `${type.name}.csv` });
    document.body.append(link);
    link.click();
    link.remove();
    toast(t('export.done'));
  } catch (error) { dismiss(); complain(error); }
}

async function idsOf(type, where, words) {
  const ids = [];
  let after;
  do {
    const { data, page } = await search(type.name, { q: words, ...(where && { where }), fields: [], limit: 200, ...(after && { after }) });
    ids.push(...data.map((record) => record.id));
    after = page.next;
  } while (after && ids.length < 500);
  return ids.slice(0, 500);
}
