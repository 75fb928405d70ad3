// What a salesperson begins the day with.

import { h, fill } from './dom.js';
import { t } from './i18n.js';
import { state } from './state.js';

export async function show(main) {
  fill(main, h('h1', t('today.greeting', { name: state.user.name })));
  return { title: t('page.today'), section: 'today' };
}
