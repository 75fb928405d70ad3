// The words of mails: templates with what they look like for a record, and a mail to oneself.

import { h, fill, icon, newID, debounce } from './dom.js';
import { api, search } from './api.js';
import { t, labelOf } from './i18n.js';
import { state, types, mayCreate, mayUpdate, mayDelete } from './state.js';
import { picker } from './pick.js';
import { toast, complain, confirm } from './ui.js';
import { sentence } from './refusals.js';
import { go } from './navigate.js';

export async function show(place, visit) {
  if (visit.id) return showTemplate(place, visit);
  const { data } = await search('templates', { limit: 200, sort: 'name' }, { signal: visit.signal });
  fill(place, h('div.page-head', h('p.hint', t('templates.hint')), mayCreate('templates') ? h('a.button.primary', { href: '/settings/templates/new', id: 'new', role: 'button' }, icon('plus'), t('list.new')) : null),
    data.length ? h('ul.cards', data.map((template) => h('li.card', h('a', { href: `/settings/templates/${template.id}` }, h('strong', template.name)), h('p', template.subject), h('p.hint', template.locale ?? '')))) : h('p.empty', t('list.empty')));
}

async function showTemplate(place, visit) {
  const isNew = visit.id === 'new';
  const template = isNew ? { name: '', subject: '', body: t('templates.beginning'), locale: null } : await api.get(`/v1/templates/${visit.id}`, { signal: visit.signal });
  const ids = Object.fromEntries(['name', 'subject', 'body', 'locale'].map((name) => [name, newID('t')]));
  const name = h('input', { id: ids.name, required: true, value: template.name, maxlength: 500 });
  const subject = h('input', { id: ids.subject, required: true, value: template.subject, maxlength: 500 });
  const locale = h('input', { id: ids.locale, value: template.locale ?? '', maxlength: 35 });
  const body = h('textarea', { id: ids.body, required: true, rows: 12, value: template.body, maxlength: 20000 });
  const alert = h('p.alert', { role: 'alert', hidden: true });
  const preview = h('div.preview');
  const about = picker('contacts', { label: t('templates.for'), onchange: () => look() });
  const look = async () => {
    if (isNew) return;
    try {
      const answer = await api.post(`/v1/templates/${template.id}/preview`, about.value() ? { about: { type: 'contacts', id: about.value() } } : {});
      // The mail's own markup is shown as its text: what a template holds never becomes part of this page.
      fill(preview, h('p', h('strong', answer.subject)), h('p.prose', answer.text));
    } catch (error) { fill(preview, h('p.hint', sentence(error))); }
  };
  const save = async () => {
    const content = { name: name.value, subject: subject.value, body: body.value, locale: locale.value.trim() || null };
    return isNew ? api.post('/v1/templates', content) : api.patch(`/v1/templates/${template.id}`, content, { version: template.version });
  };
  fill(place, h('form.stack', { onsubmit: async (event) => { event.preventDefault(); alert.hidden = true; try { const saved = await save(); toast(t('form.saved')); go(`/settings/templates/${saved.id}`); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); } } }, alert,
    h('section.section', h('div.form-grid', h('div.field', h('label', { for: ids.name }, t('list.name')), name), h('div.field', h('label', { for: ids.locale }, t('field.language')), locale)),
      h('div.field', h('label', { for: ids.subject }, t('composer.subject')), subject), h('div.field', h('label', { for: ids.body }, t('templates.body')), body, h('span.hint', t('templates.names')))),
    h('div.save-bar', !isNew && mayDelete('templates') ? h('button.button.danger', { type: 'button', onclick: async () => { if (!(await confirm(t('ui.delete'), template.name, t('ui.delete')))) return; try { await api.delete(`/v1/templates/${template.id}`); go('/settings/templates'); } catch (error) { complain(error); } } }, t('ui.delete')) : null, h('button.button.primary', t('form.save')))),
  isNew ? null : h('section.section', h('h2', t('templates.preview')), h('div.actions', about.element, h('button.button.small', { type: 'button', onclick: look }, t('templates.show')), h('button.button.small', { type: 'button', onclick: () => api.post(`/v1/templates/${template.id}/test_send`, { to: state.user.email }).then(() => toast(t('templates.sent', { to: state.user.email }))).catch(complain) }, icon('mail'), t('templates.test'))), preview));
  look();
}
