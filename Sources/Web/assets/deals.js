// What one does with deals and leads beside editing them: a move to another stage with what that stage asks for, and a lead's conversion.

import { h, fill, newID } from './dom.js';
import { api } from './api.js';
import { t, labelOf, singular } from './i18n.js';
import { types, titleOf, valueAt } from './state.js';
import { pipelines, stageOf, editor, labelled } from './fields.js';
import { dialog, toast, complain } from './ui.js';
import { sentence } from './refusals.js';

const isMissing = (deal, path) => { const value = valueAt(deal, path); return value === null || value === undefined || (Array.isArray(value) && !value.length); };

/**
 * Moves a deal; asks for what the stage requires or why it was lost when that is missing, also when only the service knows that it is. Answers the deal, or
 * undefined when it was given up.
 */
export async function moveDeal(deal, stageID, { position } = {}) {
  const stage = await stageOf(stageID);
  const missing = (stage?.required_fields ?? []).filter((path) => isMissing(deal, path));
  const needsReason = stage?.kind === 'lost' && !deal.lost_reason;
  if (missing.length || needsReason) return askFor(deal, stage, missing, needsReason, position);
  try {
    return await send(deal, stageID, position, {});
  } catch (error) {
    const asked = error.errors?.filter((one) => one.code === 'required').map((one) => one.pointer.slice(1).replace('/', '.').replace(/^amount\..*/, 'amount')) ?? [];
    if (error.status !== 422 || !asked.length || !stage) throw error;
    return askFor(deal, stage, asked.filter((path) => path !== 'lost_reason'), asked.includes('lost_reason'), position);
  }
}

/** What the stage asks for is written with the move, so that a refused one writes nothing. */
function send(deal, stageID, position, { reason, fields }) {
  const move = { stage_id: stageID, ...(position !== undefined && { position }), ...(reason && { lost_reason: reason }) };
  return fields && Object.keys(fields).length ? api.patch(`/v1/deals/${deal.id}`, { ...fields, ...move }) : api.post(`/v1/deals/${deal.id}/move`, move);
}

function askFor(deal, stage, missing, needsReason, position) {
  const type = types.get('deals');
  return dialog(t('deals.move_to', { stage: stage.name }), (close) => {
    const controls = missing.map((path) => type.byPath.get(path)).filter(Boolean).map((field) => labelled(type, { ...field, is_required: true, is_filled: false }, valueAt(deal, field.path), { record: deal }));
    const reasonID = newID('reason');
    const reason = h('input', { id: reasonID, required: true, maxlength: 500, autofocus: true });
    const alert = h('p.alert', { role: 'alert', hidden: true });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        const fields = {};
        for (const control of controls) { const value = control.value(); if (control.field.path.startsWith('custom.')) fields.custom = { ...fields.custom, [control.field.path.slice(7)]: value }; else fields[control.field.path] = value; }
        try { close(await send(deal, stage.id, position, { reason: needsReason ? reason.value.trim() : undefined, fields })); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); }
      },
    }, alert, controls.map((control) => control.element), needsReason ? h('div.field', h('label', { for: reasonID }, t('deals.reason')), reason) : null,
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
  });
}

/** Asks to which stage of its pipeline a deal shall go. Answers the stage's id. */
export function chooseStage(deal, pipeline) {
  return dialog(t('deals.move_title', { name: titleOf('deals', deal) }), (close) => {
    const id = newID('stage');
    const select = h('select', { id, autofocus: true }, pipeline.stages.map((stage) => h('option', { value: stage.id, selected: stage.id === deal.stage_id }, stage.name)));
    return h('form.stack', { onsubmit: (event) => { event.preventDefault(); close(select.value); } }, h('div.field', h('label', { for: id }, t('deals.stage')), select),
      h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('deals.move'))));
  });
}

/** Asks where a deal shall go, by keyboard or finger, and moves it. */
export async function moveDialog(deal) {
  const all = await pipelines();
  const stageID = await chooseStage(deal, all.find((one) => one.id === deal.pipeline_id) ?? all[0]);
  if (!stageID || stageID === deal.stage_id) return undefined;
  try { return await moveDeal(deal, stageID); } catch (error) { complain(error); return undefined; }
}

/** Makes contact, company and, if wanted, a deal of a lead. */
export function convertDialog(lead) {
  return dialog(t('leads.convert'), (close) => {
    const [withID, nameID] = [newID('c'), newID('c')];
    const wants = h('input', { id: withID, type: 'checkbox', checked: true, onchange: () => { name.closest('.field').hidden = !wants.checked; } });
    const name = h('input', { id: nameID, maxlength: 500, value: lead.company_name ?? titleOf('leads', lead) });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          const pipeline = (await pipelines())[0];
          close(await api.post(`/v1/leads/${lead.id}/convert`, wants.checked ? { create_deal: { name: name.value, pipeline_id: pipeline.id, stage_id: pipeline.stages[0].id } } : {}));
        } catch (error) { complain(error); }
      },
    }, h('p', t('leads.convert_words')), h('label.check', { for: withID }, wants, t('leads.with_deal')), h('div.field', h('label', { for: nameID }, t('leads.deal_name')), name),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('leads.convert'))));
  });
}
