// The keys by which programs act for the firm. A new key is shown once.

import { h, fill, icon, newID } from './dom.js';
import { api } from './api.js';
import { t, dateTime, relative } from './i18n.js';
import { titleFor, picker } from './pick.js';
import { dialog, toast, complain, confirm } from './ui.js';
import { sentence } from './refusals.js';

export async function show(place, visit) {
  const { data } = await api.get('/v1/api_keys?limit=200', { signal: visit.signal });
  const roles = await Promise.all(data.map((key) => titleFor('roles', key.role_id)));
  const again = () => show(place, visit).catch(complain);
  fill(place, h('div.page-head', h('p.hint', t('keys_page.hint')), h('button.button.primary', { type: 'button', id: 'new', onclick: async () => { if (await make()) again(); } }, icon('plus'), t('list.new'))),
    data.length ? h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': t('settings.keys') }, h('table.grid', h('thead', h('tr', [t('list.name'), t('keys_page.begins'), t('field.role_id'), t('keys_page.used'), t('keys_page.expires'), ''].map((text) => h('th', { scope: 'col' }, text || h('span.unseen', t('record.actions')))))),
      h('tbody', data.map((key, index) => h('tr', h('th', { scope: 'row' }, key.name), h('td', h('code', `${key.prefix}…`)), h('td', roles[index] ?? ''), h('td', key.last_used_at ? relative(key.last_used_at) : t('keys_page.never')), h('td', key.expires_at ? dateTime(key.expires_at) : '—'),
        h('td.row-actions', h('button.button.small.danger', { type: 'button', onclick: async () => {
          if (!(await confirm(t('keys_page.revoke'), t('keys_page.revoke_words', { name: key.name }), t('keys_page.revoke')))) return;
          try { await api.delete(`/v1/api_keys/${key.id}`); again(); } catch (error) { complain(error); }
        } }, t('keys_page.revoke'))))))))
      : h('p.empty', t('keys_page.none')));
}

async function make() {
  const made = await dialog(t('keys_page.new'), (close) => {
    const [nameID, roleID, untilID, fromID] = [newID('k'), newID('k'), newID('k'), newID('k')];
    const name = h('input', { id: nameID, required: true, maxlength: 500, autofocus: true });
    const role = picker('roles', { id: roleID, required: true });
    const until = h('input', { id: untilID, type: 'date' });
    const from = h('input', { id: fromID, placeholder: '203.0.113.0/24' });
    const alert = h('p.alert', { role: 'alert', hidden: true });
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        const ips = from.value.split(/[,\s]+/).filter(Boolean);
        try { close(await api.post('/v1/api_keys', { name: name.value, role_id: role.value(), ...(until.value && { expires_at: `${until.value}T23:59:59Z` }), ...(ips.length && { allowed_ips: ips }) })); } catch (error) { alert.hidden = false; alert.textContent = sentence(error); }
      },
    }, alert, h('div.field', h('label', { for: nameID }, t('list.name')), name), h('div.field', h('label', { for: roleID }, t('field.role_id')), role.element), h('div.field', h('label', { for: untilID }, t('keys_page.expires')), until), h('div.field', h('label', { for: fromID }, t('keys_page.from')), from, h('span.hint', t('keys_page.from_hint'))),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', t('form.save'))));
  });
  if (!made) return false;
  await dialog(t('keys_page.made'), (close) => {
    const key = h('input', { readonly: true, value: made.key, 'aria-label': t('keys_page.made'), onfocus: (event) => event.target.select() });
    return [h('p', t('keys_page.once')), key, h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => navigator.clipboard?.writeText(made.key).then(() => toast(t('record.copied'))).catch(() => key.select()) }, icon('link'), t('keys_page.copy')), h('button.button.primary', { type: 'button', onclick: () => close() }, t('ui.close')))];
  });
  return true;
}
