// What the firm has decided, as its definitions say it; who decided what, and the way back.

import { h, fill, icon } from './dom.js';
import { api, call } from './api.js';
import { t, dateTime } from './i18n.js';
import { state } from './state.js';
import { actor } from './fields.js';
import { control, settingLabel } from './schema.js';
import { toast, complain, confirm } from './ui.js';
import { fieldWords, sentence } from './refusals.js';

export async function show(place, visit) {
  const [settings, definitions] = await Promise.all([api.get('/v1/settings', { raw: true, signal: visit.signal }), api.get('/v1/settings/definitions', { signal: visit.signal })]);
  const hasLogo = definitions.has_logo;
  const { schema } = definitions;
  const version = settings.headers.get('ETag')?.replaceAll('"', '');
  const values = await settings.json();
  const mayChange = state.admin.settings;
  const controls = Object.entries(schema.properties).filter(([name]) => name in values).map(([name, sub]) => [name, control(sub, name, values[name], name)]);
  const simple = controls.filter(([, one]) => !one.isGroup);
  const groups = controls.filter(([, one]) => one.isGroup);
  const before = Object.fromEntries(controls.map(([name, one]) => [name, JSON.stringify(one.value())]));
  const alert = h('p.alert', { role: 'alert', hidden: true });
  const form = h('form.stack', {
    onsubmit: async (event) => {
      event.preventDefault();
      alert.hidden = true;
      const patch = {};
      for (const [name, one] of controls) { const value = one.value(); if (value !== undefined && JSON.stringify(value) !== before[name]) patch[name] = value; }
      if (!Object.keys(patch).length) { toast(t('settings.unchanged')); return; }
      try { await api.patch('/v1/settings', patch, { version }); toast(t('form.saved')); if (patch.brand || patch.locale || patch.name || patch.time_zone) location.reload(); else show(place, visit); } catch (error) {
        alert.hidden = false;
        alert.textContent = error.status === 412 ? t('settings.overtaken') : (error.errors?.map((one) => `${placeOf(one.pointer)}: ${fieldWords(one)}`).join(' ') || sentence(error));
        alert.scrollIntoView({ block: 'center' });
      }
    },
  }, alert, h('section.section', h('h2', t('settings.firm')), h('div.form-grid', simple.map(([, one]) => one.element))), groups.map(([, one]) => h('section.section', one.element)),
  mayChange ? h('div.save-bar', h('button.button.primary', t('form.save'))) : h('p.note', t('settings.read_only')));
  if (!mayChange) form.querySelectorAll('input, select, textarea, button').forEach((one) => { one.disabled = true; });
  fill(place, logo(mayChange, hasLogo), form, mayChange ? history(visit) : null);
}

/** `/mail/smtp/host` as the page names it: Mail › Mail server › Host. */
function placeOf(pointer) {
  const names = pointer.slice(1).split('/').filter((name) => !/^\d+$/.test(name));
  return names.map((name, index) => settingLabel(names.slice(0, index + 1).join('.'), name)).join(' › ');
}

function logo(mayChange, hasLogo) {
  const image = h('img.logo', { src: hasLogo ? '/v1/settings/logo' : null, hidden: !hasLogo, alt: t('settings.logo') });
  const input = h('input', { type: 'file', accept: 'image/png,image/jpeg,image/gif', hidden: true, onchange: async () => {
    const file = input.files[0];
    if (!file) return;
    try { await call('PUT', '/v1/settings/logo', { body: file, type: file.type }); image.hidden = false; image.src = URL.createObjectURL(file); toast(t('form.saved')); } catch (error) { complain(error); }
  } });
  return h('section.section', h('h2', t('settings.logo')), h('p.hint', t('settings.logo_hint')), image, input,
    mayChange ? h('div.actions', h('button.button', { type: 'button', onclick: () => input.click() }, t('settings.logo_choose')),
      h('button.button.quiet', { type: 'button', onclick: async () => { try { await api.delete('/v1/settings/logo'); image.hidden = true; } catch (error) { complain(error); } } }, t('settings.logo_remove'))) : null);
}

function history(visit) {
  const body = h('tbody');
  const load = async () => {
    const { data } = await api.get('/v1/settings/history?limit=30', { signal: visit.signal });
    fill(body, data.map((entry, index) => h('tr', h('td', dateTime(entry.at)), h('td', actor(entry.actor)), h('td', entry.changed.join(', ')),
      h('td', index ? h('button.button.small', { type: 'button', onclick: async () => {
        if (!(await confirm(t('settings.revert'), t('settings.revert_words', { when: dateTime(entry.at) }), t('settings.revert'), { danger: false }))) return;
        try { await api.post('/v1/settings/revert', { version: entry.version }); location.reload(); } catch (error) { complain(error); }
      } }, t('settings.revert')) : null))));
  };
  const element = h('details.section', { ontoggle: () => { if (element.open) load().catch(complain); } }, h('summary', t('settings.history')),
    h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': t('settings.history') }, h('table.grid', h('thead', h('tr', ['changes.when', 'changes.who', 'changes.what'].map((key) => h('th', { scope: 'col' }, t(key))), h('th', { scope: 'col' }, h('span.unseen', t('settings.revert'))))), body)));
  return element;
}
