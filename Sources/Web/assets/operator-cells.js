// The cells: each a database of its own, with how many tenants it holds of how many it may.

import { h, fill, newID } from './dom.js';
import { t, number } from './i18n.js';
import { whole } from './operator-api.js';
import { facts, head, stateTag } from './operator-parts.js';

export async function show(main, visit) {
  const cells = await whole('/cells', visit.signal);
  fill(main, head(t('operator.cells')), h('p.hint', t('operator.cells_hint')), h('ul.cards.cells', cells.map((cell) => {
    const id = newID('cell');
    return h('li.card', h('div.plan-head', h('h2', cell.name), stateTag('cell', cell.state)),
      h('p', { id }, t('operator.tenants_of', { count: cell.tenants, limit: cell.tenant_limit })),
      h('meter', { min: 0, max: Math.max(1, cell.tenant_limit), value: cell.tenants, high: cell.tenant_limit * 0.9, optimum: 0, 'aria-labelledby': id }),
      facts([[t('operator.schema'), number(cell.schema_version)], cell.server ? [t('operator.server'), cell.server] : null]));
  })));
  return t('operator.cells');
}
