// What the firm rents and what it has of it; what another plan would mean.

import { h, fill, newID } from './dom.js';
import { api } from './api.js';
import { t, has, plurals, number, dateTime } from './i18n.js';
import { state, types } from './state.js';
import { sentence } from './refusals.js';
import { invoices } from './settings-invoices.js';

const name = (resource) => (resource.startsWith('records.') ? plurals(resource.slice(8)) : has(`limit.${resource}`) ? t(`limit.${resource}`) : resource);
const amount = (resource, value) => (resource === 'storage_bytes' ? number(Math.round(value / 1048576), { style: 'unit', unit: 'megabyte' }) : number(value));

export async function show(place, visit) {
  const [plan, { usage }, billed] = await Promise.all([api.get('/v1/entitlements', { signal: visit.signal }), api.get('/v1/usage', { signal: visit.signal }), state.admin.billing ? invoices(visit.signal) : null]);
  const rows = Object.entries(usage).filter(([, one]) => one.max !== null || one.used > 0);
  fill(place, plan.banner ? h('p.banner', plan.banner) : null,
    h('section.section', h('h2', t('plan.current')), h('p.plan-name', plan.plan), h('p.hint', t('plan.version', { version: String(plan.version) })),
      h('ul.features', Object.entries(plan.features).map(([feature, isThere]) => h('li', { class: isThere ? '' : 'off' }, isThere ? '✓ ' : '– ', has(`feature.${feature}`) ? t(`feature.${feature}`) : feature.replaceAll('_', ' '))))),
    h('section.section', h('h2', t('plan.usage')), h('ul.usage', rows.map(([resource, { used, max, resets_at: resets }]) => {
      const id = newID('u');
      const share = max ? used / max : 0;
      return h('li', h('span', { id }, name(resource)), h('span.figures', max === null ? t('plan.unlimited', { used: amount(resource, used) }) : t('plan.of', { used: amount(resource, used), max: amount(resource, max) })),
        max === null ? null : h('meter', { min: 0, max: Math.max(1, max), value: Math.min(used, max), high: max * 0.9, optimum: 0, 'aria-labelledby': id }), resets ? h('span.hint', t('plan.resets', { when: dateTime(resets, { dateStyle: 'medium' }) })) : null, share >= 1 ? h('span.error', t('plan.full')) : null);
    }))), state.admin.billing ? preview(plan) : null, billed);
}

function preview(plan) {
  const id = newID('plan');
  const answer = h('div', { role: 'status' });
  const select = h('select', { id }, ['free', 'team', 'business', 'unlimited'].map((one) => h('option', { value: one, selected: one === plan.plan }, one)));
  const look = async () => {
    try {
      const { price, read_only: readOnly } = await api.post('/v1/billing/preview', { plan: select.value });
      const losses = Object.entries(readOnly);
      fill(answer, price?.amount ? h('p', t('plan.price', { price: number(price.amount, { style: 'currency', currency: price.currency }) })) : null, losses.length ? h('ul', losses.map(([resource, count]) => h('li', t('plan.read_only', { count, what: name(resource) })))) : h('p', t('plan.no_loss')));
    } catch (error) { fill(answer, h('p.alert', sentence(error))); }
  };
  return h('section.section', h('h2', t('plan.preview')), h('p.hint', t('plan.preview_hint')), h('div.actions', h('label', { for: id }, t('plan.other')), select, h('button.button', { type: 'button', onclick: look }, t('plan.show'))), answer);
}
