// The same change to many records, and the way back.

import { h, fill, newID } from './dom.js';
import { api } from './api.js';
import { t, labelOf } from './i18n.js';
import { bodyOf } from './state.js';
import { editor, isWritable } from './fields.js';
import { dialog, confirm, toast, complain } from './ui.js';
import { sentence } from './refusals.js';

/** Sends operations in batches of 200; answers what failed and the operations that an undo takes back. */
async function batches(type, operations) {
  const [done, failed] = [[], []];
  for (let start = 0; start < operations.length; start += 200) {
    const answer = await api.post(`/v1/${type.name}/batch`, { atomic: false, operations: operations.slice(start, start + 200) });
    done.push(answer.operation_id);
    failed.push(...answer.results.filter((result) => result.status >= 400));
  }
  return { done, failed };
}

function tell(answer, count, refresh) {
  const { done, failed } = answer;
  const undo = async () => {
    try {
      let conflicts = 0;
      for (const id of done.filter(Boolean).reverse()) conflicts += (await api.post(`/v1/operations/${id}/undo`, {})).conflicts.length;
      toast(conflicts ? t('bulk.undone_partly', { count: conflicts }) : t('bulk.undone'));
      refresh();
    } catch (error) { complain(error); }
  };
  const words = failed.length ? t('bulk.partly', { count: count - failed.length, failed: String(failed.length), why: failed[0].problem ? sentence({ ...failed[0].problem, message: failed[0].problem.detail }) : '' }) : t('bulk.done', { count });
  toast(words, { undo: count > failed.length ? undo : undefined, tone: failed.length === count ? 'bad' : '' });
  refresh();
}

export async function changeAll(type, records, refresh) {
  const fields = type.fields.filter((field) => isWritable(field) && !['document', 'secret', 'record'].includes(field.kind) && !field.is_unique && !['id', 'version', 'position', 'pipeline_id'].includes(field.path));
  const body = await dialog(t('bulk.change_title', { count: records.length }), (close) => {
    const [fieldID, valueID] = [newID('bulk'), newID('bulk')];
    const place = h('div.field');
    let control;
    const choose = h('select', { id: fieldID, onchange: draw }, fields.map((field) => h('option', { value: field.path }, labelOf(type, field))));
    function draw() {
      const field = type.byPath.get(choose.value);
      control = editor(type, { ...field, is_required: false }, null, { id: valueID, label: t('filter.value') });
      fill(place, h('label', { for: valueID }, t('filter.value')), control.element);
    }
    draw();
    return h('form.stack', { onsubmit: (event) => { event.preventDefault(); close(bodyOf(choose.value, control.value())); } },
      h('div.field', h('label', { for: fieldID }, t('filter.field')), choose), place,
      h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('bulk.apply', { count: records.length }))));
  });
  if (!body) return;
  try { tell(await batches(type, records.map((record) => ({ op: 'update', id: record.id, body }))), records.length, refresh); } catch (error) { complain(error); }
}

export async function trashAll(type, records, refresh) {
  if (records.length > 20 && !(await confirm(t('record.trash'), t('bulk.trash_words', { count: records.length }), t('ui.delete')))) return;
  try { tell(await batches(type, records.map((record) => ({ op: 'delete', id: record.id }))), records.length, refresh); } catch (error) { complain(error); }
}

export async function restoreAll(type, records, refresh) {
  try {
    for (const record of records) await api.post(`/v1/${type.name}/${record.id}/restore`, {});
    toast(t('bulk.restored', { count: records.length }));
    refresh();
  } catch (error) { complain(error); refresh(); }
}
