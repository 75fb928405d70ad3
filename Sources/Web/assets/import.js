// To be made next: its place in the navigation is kept.

import { h, fill } from './dom.js';
import { t } from './i18n.js';

export function show(main, visit) {
  const name = visit.url.pathname.split('/')[1];
  fill(main, h('h1', t(visit.url.searchParams.has('view') ? `deals.${visit.url.searchParams.get('view')}` : `page.${name}`)), h('p.empty', t('frame.soon')));
}
