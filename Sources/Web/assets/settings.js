// What a person and a firm decide for themselves, one section at a time.

import { h, fill, icon } from './dom.js';
import { t } from './i18n.js';
import { state, types, mayCreate } from './state.js';

/** The sections, who sees them, and which module shows each. */
const sections = [
  { name: 'profile', group: 'me', load: () => import('./settings-profile.js') },
  { name: 'firm', group: 'firm', when: () => true, load: () => import('./settings-firm.js') },
  { name: 'users', group: 'firm', when: () => types.has('users'), load: () => import('./settings-people.js') },
  { name: 'roles', group: 'firm', when: () => types.has('roles') && state.admin.users, load: () => import('./settings-roles.js') },
  { name: 'teams', group: 'firm', when: () => types.has('teams'), load: () => import('./settings-people.js') },
  { name: 'pipelines', group: 'sales', when: () => types.has('pipelines'), load: () => import('./settings-pipelines.js') },
  { name: 'fields', group: 'sales', when: () => types.has('custom_fields') && state.admin.schema, load: () => import('./settings-fields.js') },
  { name: 'duplicates', group: 'sales', when: () => state.admin.settings, load: () => import('./settings-duplicates.js') },
  { name: 'templates', group: 'sales', when: () => types.has('templates'), load: () => import('./settings-templates.js') },
  { name: 'keys', group: 'account', when: () => true, load: () => import('./settings-keys.js') },
  { name: 'plan', group: 'account', when: () => true, load: () => import('./settings-plan.js') },
  { name: 'audit', group: 'account', when: () => state.admin.settings || state.admin.users, load: () => import('./settings-audit.js') },
  { name: 'data', group: 'account', when: () => true, load: () => import('./settings-data.js') },
];

export async function show(main, visit) {
  const shown = sections.filter((one) => !one.when || one.when());
  const name = visit.parameters.section;
  const section = shown.find((one) => one.name === name);
  const groups = [...new Set(shown.map((one) => one.group))];
  const nav = h('nav.settings-nav', { 'aria-label': t('page.settings') }, groups.map((group) => h('div', h('h2', t(`settings.group.${group}`)),
    h('ul', shown.filter((one) => one.group === group).map((one) => h('li', h('a', { href: `/settings/${one.name}`, 'aria-current': one.name === section?.name ? 'page' : null }, h('span', t(`settings.${one.name}`)))))))));
  const place = h('div.settings-body');
  const title = section ? t(`settings.${section.name}`) : t('page.settings');
  fill(main, h('div.page-head', h('div', section ? h('p.crumb', h('a', { href: '/settings' }, t('page.settings'))) : null, h('h1', title))), h('div.settings', { class: section ? '' : 'is-index' }, nav, place));
  if (!section) {
    fill(place, h('p.empty.settings-hint', t('settings.choose')));
    return { title, section: 'settings' };
  }
  const module = await section.load();
  await module.show(place, { ...visit, signal: visit.signal, section: section.name, id: visit.parameters.id });
  return { title, section: 'settings', leave: module.leave };
}
