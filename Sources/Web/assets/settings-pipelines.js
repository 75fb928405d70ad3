// The ways deals go: pipelines with their stages, in order, each with its chance and what it asks for.

import { h, fill, icon, iconButton, newID } from './dom.js';
import { api, search } from './api.js';
import { t, labelOf, number } from './i18n.js';
import { state, types, mayCreate, mayUpdate, mayDelete } from './state.js';
import { forgetPipelines } from './fields.js';
import { toast, complain, confirm } from './ui.js';
import { sentence } from './refusals.js';
import { go } from './navigate.js';

export async function show(place, visit) {
  if (visit.id) return showPipeline(place, visit);
  const { data } = await search('pipelines', { limit: 200, sort: 'created_at' }, { signal: visit.signal });
  fill(place, h('div.page-head', h('p.hint', t('pipelines.hint')), mayCreate('pipelines') ? h('a.button.primary', { href: '/settings/pipelines/new', id: 'new', role: 'button' }, icon('plus'), t('list.new')) : null),
    h('ul.cards', data.map((pipeline) => h('li.card', h('a', { href: `/settings/pipelines/${pipeline.id}` }, h('strong', pipeline.name)), h('span.hint', ` ${pipeline.currency}`),
      h('ol.stage-way', pipeline.stages.map((stage) => h('li', h('span.stage-name', stage.name), h('span.hint', `${stage.probability} %`))))))));
}

async function showPipeline(place, visit) {
  const isNew = visit.id === 'new';
  const pipeline = isNew
    ? { name: '', currency: state.settings.currency, stages: [stage(t('pipelines.first'), 'open', 10, 'pipeline'), stage(t('pipelines.won'), 'won', 100, 'commit'), stage(t('pipelines.lost'), 'lost', 0, 'omitted')] }
    : await api.get(`/v1/pipelines/${visit.id}`, { signal: visit.signal });
  const stages = structuredClone(pipeline.stages);
  const deals = types.get('deals');
  const requirable = deals.fields.filter((field) => !field.is_read_only && !['id', 'version', 'pipeline_id', 'stage_id', 'position', 'owner_id', 'tags', 'lost_reason', 'name'].includes(field.path));
  const mayChange = isNew ? mayCreate('pipelines') : mayUpdate('pipelines');
  const list = h('ol.stage-editor');
  const move = (from, to) => { if (to < 0 || to >= stages.length) return; stages.splice(to, 0, ...stages.splice(from, 1)); draw(); list.children[to]?.querySelector('input')?.focus(); };
  const draw = () => fill(list, stages.map((one, index) => {
    const id = newID('stage');
    return h('li.card', { draggable: 'true', ondragstart: (event) => { event.dataTransfer.setData('text/plain', String(index)); event.dataTransfer.effectAllowed = 'move'; }, ondragover: (event) => event.preventDefault(), ondrop: (event) => { event.preventDefault(); move(Number(event.dataTransfer.getData('text/plain')), index); } },
      h('span.drag-handle', { 'aria-hidden': 'true' }, icon('drag')),
      h('div.form-grid',
        h('div.field', h('label', { for: id }, t('pipelines.stage')), h('input', { id, value: one.name, required: true, maxlength: 500, oninput: (event) => { one.name = event.target.value; name(event.target.closest('li'), one); } })),
        field(t('pipelines.kind'), select(['open', 'won', 'lost'], one.kind, (value) => { one.kind = value; if (value === 'won') one.probability = 100; if (value === 'lost') one.probability = 0; draw(); }, (value) => t(`option.deals.status.${value}`))),
        field(t('pipelines.probability'), h('input', { type: 'number', min: 0, max: 100, value: one.probability, oninput: (event) => { one.probability = Number(event.target.value); } })),
        field(t('pipelines.category'), select(['pipeline', 'best', 'commit', 'omitted'], one.forecast_category, (value) => { one.forecast_category = value; }, (value) => t(`forecast.${value}`)))),
      h('details.more', h('summary', t('pipelines.required'), one.required_fields?.length ? ` (${one.required_fields.length})` : ''), h('div.checks', requirable.map((field) => h('label.check', h('input', { type: 'checkbox', checked: one.required_fields?.includes(field.path), onchange: (event) => { one.required_fields = (one.required_fields ?? []).filter((path) => path !== field.path).concat(event.target.checked ? [field.path] : []); } }), labelOf(deals, field))))),
      h('span.actions', iconButton('up', t('columns.up', { column: one.name }), () => move(index, index - 1)), iconButton('down', t('columns.down', { column: one.name }), () => move(index, index + 1)), iconButton('trash', t('pick.remove', { title: one.name }), () => { stages.splice(index, 1); draw(); })));
  }));
  // What the buttons are called follows what is typed.
  const name = (row, one) => [t('columns.up', { column: one.name }), t('columns.down', { column: one.name }), t('pick.remove', { title: one.name })].forEach((words, at) => {
    const button = row.querySelectorAll('.actions .icon-button')[at];
    button.setAttribute('aria-label', words);
    button.title = words;
  });
  draw();
  const title = h('input', { id: 'pipeline-name', value: pipeline.name, required: true, maxlength: 500 });
  const currency = h('input', { id: 'pipeline-currency', value: pipeline.currency, required: true, maxlength: 3 });
  const alert = h('p.alert', { role: 'alert', hidden: true });
  fill(place, h('form.stack', {
    onsubmit: async (event) => {
      event.preventDefault();
      alert.hidden = true;
      const body = { name: title.value, currency: currency.value.toUpperCase(), stages };
      try { const saved = isNew ? await api.post('/v1/pipelines', body) : await api.patch(`/v1/pipelines/${pipeline.id}`, body, { version: pipeline.version }); forgetPipelines(); toast(t('form.saved')); go(`/settings/pipelines/${saved.id}`); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); alert.scrollIntoView({ block: 'center' }); }
    },
  }, alert, h('section.section', h('div.form-grid', h('div.field', h('label', { for: 'pipeline-name' }, t('list.name')), title), h('div.field', h('label', { for: 'pipeline-currency' }, t('value.currency')), currency))),
  h('section.section', h('div.section-head', h('h2', t('field.stages')), h('button.button.small', { type: 'button', onclick: () => { stages.splice(Math.max(0, stages.findIndex((one) => one.kind !== 'open')), 0, stage('', 'open', 50, 'pipeline')); draw(); } }, icon('plus'), t('pipelines.add'))), list),
  mayChange ? h('div.save-bar', !isNew && mayDelete('pipelines') ? h('button.button.danger', { type: 'button', onclick: async () => {
    if (!(await confirm(t('ui.delete'), t('pipelines.delete_words', { name: pipeline.name }), t('ui.delete')))) return;
    try { await api.delete(`/v1/pipelines/${pipeline.id}`); forgetPipelines(); go('/settings/pipelines'); } catch (error) { complain(error); }
  } }, t('ui.delete')) : null, h('button.button.primary', t('form.save'))) : null));
}

const stage = (name, kind, probability, category) => ({ name, kind, probability, forecast_category: category, required_fields: [] });
const select = (values, current, onchange, words) => h('select', { onchange: (event) => onchange(event.target.value) }, values.map((value) => h('option', { value, selected: value === current }, words(value))));
function field(label, control) { control.id ||= newID('f'); return h('div.field', h('label', { for: control.id }, label), control); }
