// Who I am to the product: name, language, zone, digest, password.

import { h, fill, newID } from './dom.js';
import { api } from './api.js';
import { t } from './i18n.js';
import { state, types } from './state.js';
import { labelled } from './fields.js';
import { recordForm } from './form.js';
import { toast } from './ui.js';
import { sentence } from './refusals.js';

export async function show(place, visit) {
  const type = types.get('users');
  const record = type ? await api.get(`/v1/users/${state.user.id}`, { signal: visit.signal }).catch(() => null) : null;
  const parts = [];
  if (record) {
    const form = recordForm(type, record, {
      only: ['name', 'locale', 'time_zone', 'digest', 'email_opt_out'], changes: true,
      send: (body) => api.patch(`/v1/users/${record.id}`, body, { version: record.version }),
      // Language and zone hold for the whole page.
      onsave: (saved) => { if (saved && (saved.locale !== record.locale || saved.time_zone !== record.time_zone || saved.name !== record.name)) location.reload(); else { toast(t('form.saved')); show(place, visit); } },
    });
    parts.push(h('section.section', h('h2', t('settings.profile')), h('p.hint', record.email), form.element));
  }
  parts.push(passwordForm(), calendarSection(visit));
  fill(place, parts);
}

function passwordForm() {
  const [currentID, newOneID] = [newID('p'), newID('p')];
  const current = h('input', { id: currentID, type: 'password', autocomplete: 'current-password', required: true, maxlength: 1000 });
  const fresh = h('input', { id: newOneID, type: 'password', autocomplete: 'new-password', required: true, minlength: 12, maxlength: 1000 });
  const alert = h('p.alert', { role: 'alert', hidden: true });
  const form = h('form.stack', {
    onsubmit: async (event) => {
      event.preventDefault();
      alert.hidden = true;
      try { await api.put('/v1/session/password', { current: current.value, new: fresh.value }); form.reset(); toast(t('profile.password_changed')); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); }
    },
  }, alert, h('div.form-grid', h('div.field', h('label', { for: currentID }, t('profile.password_now')), current), h('div.field', h('label', { for: newOneID }, t('profile.password_new')), fresh, h('span.hint', t('profile.password_hint')))),
  h('div.actions.end', h('button.button.primary', t('profile.password_change'))));
  return h('section.section', h('h2', t('profile.password')), form);
}

function calendarSection() {
  const place = h('div.stack');
  const make = async () => {
    try {
      const { url } = await api.post('/v1/calendar/token', {});
      fill(place, h('input', { readonly: true, value: new URL(url, location.href).href, 'aria-label': t('profile.calendar_address'), onfocus: (event) => event.target.select() }), h('p.hint', t('profile.calendar_secret')));
    } catch (error) { fill(place, h('p.alert', { role: 'alert' }, sentence(error))); }
  };
  fill(place, h('p', t('profile.calendar_words')), h('div.actions', h('button.button', { type: 'button', onclick: make }, t('profile.calendar_make'))));
  return h('section.section', h('h2', t('profile.calendar')), place);
}
