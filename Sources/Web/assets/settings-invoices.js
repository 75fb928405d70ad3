// What the account was billed: each invoice as a page to print, and the way to pay it. Stays away where nothing is billed.

import { h } from './dom.js';
import { api } from './api.js';
import { t, has, date, number } from './i18n.js';
import { complain } from './ui.js';

const tones = { open: 'info', paid: 'good' };

/** A section, or nothing. */
export async function invoices(signal) {
  let list;
  try { ({ data: list } = await api.get('/v1/invoices?limit=50', { signal })); } catch (error) {
    // A service that bills nobody, and a role that has nothing to do with it.
    if ([403, 404, 405].includes(error.status)) return null;
    throw error;
  }
  if (!list.length) return null;
  return h('section.section', h('h2', t('invoices.title')), h('div.table-wrap', { tabindex: '0', role: 'region', 'aria-label': t('invoices.title') }, h('table.grid',
    h('thead', h('tr', h('th', { scope: 'col' }, t('invoices.number')), h('th', { scope: 'col' }, t('invoices.period')), h('th.number', { scope: 'col' }, t('invoices.total')), h('th', { scope: 'col' }, t('invoices.due')), h('th', { scope: 'col' }, t('invoices.state')), h('th', { scope: 'col' }, h('span.unseen', t('list.actions'))))),
    h('tbody', list.map((invoice) => h('tr', h('th', { scope: 'row' }, h('a', { href: `/v1/invoices/${invoice.id}`, target: '_blank', rel: 'noopener' }, invoice.number)),
      h('td', date(`${invoice.period}-01`, { month: 'long', year: 'numeric' })), h('td.number', number(invoice.total, { style: 'currency', currency: invoice.currency })), h('td', date(invoice.due_on)),
      h('td', h('span.tag', { class: `tone-${tones[invoice.state] ?? 'dim'}` }, has(`invoice.${invoice.state}`) ? t(`invoice.${invoice.state}`) : invoice.state)),
      h('td.row-actions', invoice.paid_at ? null : h('button.button.small', { type: 'button', onclick: (event) => pay(invoice, event.target) }, t('invoices.pay')))))))));
}

/** Leaves for the page of the payment provider. */
async function pay(invoice, button) {
  button.disabled = true;
  try { location.assign((await api.post(`/v1/invoices/${invoice.id}/checkout`)).url); } catch (error) { button.disabled = false; complain(error); }
}
