// Every tenant: found by name or state, with its plan and how much it takes; and the order of a new one.

import { h, fill, icon, debounce } from './dom.js';
import { address } from './api.js';
import { t, number, dateTime } from './i18n.js';
import { dialog, toast } from './ui.js';
import { desk, figures, knows, may, whole } from './operator-api.js';
import { ago, bytes, code, control, head, paged, showRefusal, stateTag, table, values } from './operator-parts.js';

const states = ['provisioning', 'trial', 'active', 'past_due', 'suspended', 'deletion_scheduled', 'deleted'];

export async function show(main, visit) {
  const hasSizes = knows('GET', '/stats');
  const query = visit.url.searchParams;
  const chosen = { q: query.get('q') ?? '', state: states.includes(query.get('state')) ? query.get('state') : '' };
  const list = table(t('operator.tenants'), [
    t('operator.tenant'), t('operator.state'), t('operator.plan'), hasSizes && { text: t('operator.size'), number: true }, hasSizes && { text: t('operator.rows'), number: true, wide: true },
    hasSizes && { text: t('operator.last_here'), wide: true }, { text: t('operator.schema'), number: true, wide: true }, { text: t('operator.cell'), wide: true }, { text: t('operator.created'), wide: true },
  ]);
  const sizes = new Map();
  const cells = new Map();
  const showSize = (slug) => {
    const size = sizes.get(slug);
    const places = cells.get(slug);
    if (size && places) { fill(places[0], bytes(size.bytes)); fill(places[1], number(size.rows)); fill(places[2], ago(size.last_active_at)); }
  };
  const rows = (tenants) => list.add(tenants.map((tenant) => {
    const places = [h('span', '…'), h('span', '…'), h('span', '…')];
    cells.set(tenant.slug, places);
    showSize(tenant.slug);
    return [
      h('span.named', h('a', { href: `/operator/tenants/${tenant.slug}` }, tenant.name), h('span.hint', tenant.slug, tenant.test ? ` · ${t('operator.test')}` : '')),
      h('span', stateTag('tenant', tenant.state), tenant.maintenance ? h('span.tag.tone-bad', { title: tenant.maintenance }, t('operator.migration.quarantined')) : null),
      h('span', tenant.plan.name, ' ', h('span.hint', `v${tenant.plan.version}`)),
      hasSizes ? places[0] : undefined, hasSizes ? places[1] : undefined, hasSizes ? places[2] : undefined,
      String(tenant.schema_version), code(tenant.cell), dateTime(tenant.created_at, { dateStyle: 'medium' }),
    ];
  }));
  const pages = paged((after) => desk.get(address('/tenants', { limit: 50, after, q: chosen.q, state: chosen.state }), { signal: visit.signal }), rows, t('operator.no_tenants'));
  const search = debounce(async () => {
    history.replaceState(history.state, '', address('/operator/tenants', chosen));
    list.clear();
    await pages.restart();
  }, 200);
  const words = h('input', { type: 'search', 'aria-label': t('operator.find'), placeholder: t('operator.find'), value: chosen.q, oninput: (event) => { chosen.q = event.target.value.trim(); search(); } });
  const filter = h('select', { 'aria-label': t('operator.state'), onchange: (event) => { chosen.state = event.target.value; search(); } },
    h('option', { value: '' }, t('operator.all_states')), states.map((state) => h('option', { value: state, selected: state === chosen.state }, t(`operator.tenant.${state}`))));
  const strip = h('ul.figures-strip', { hidden: true });
  fill(main, head(t('operator.tenants'), { actions: may('admin') ? h('button.button.primary', { type: 'button', id: 'new', onclick: () => provision(visit) }, icon('plus'), t('list.new')) : null }),
    strip, h('div.list-tools', words, h('div.actions', filter)), list.element, pages.foot);
  countStates(strip, visit.signal);
  if (hasSizes) whole('/stats', visit.signal).then((all) => { for (const one of all) { sizes.set(one.tenant, one); showSize(one.tenant); } }).catch(() => { /* The list stands without sizes. */ });
  await pages.restart();
  return t('operator.tenants');
}

/** How many tenants there are in which state, once the figures have come. */
async function countStates(strip, signal) {
  let all;
  try { all = await figures(signal); } catch { return; }
  const counts = all.filter((one) => one.name === 'tenantry_tenants' && one.value > 0);
  const total = counts.reduce((sum, one) => sum + one.value, 0);
  fill(strip, h('li', h('strong', number(total)), h('span', t('operator.in_all'))), counts.map((one) => h('li', h('strong', number(one.value)), h('span', t(`operator.tenant.${one.labels.state}`)))));
  strip.hidden = false;
}

async function provision(visit) {
  const [plans, cells, blueprints] = await Promise.all([whole('/plans'), whole('/cells'), knows('GET', '/blueprints') ? whole('/blueprints') : [{ name: 'general' }]]);
  const made = await dialog(t('operator.provision'), (close) => {
    const alert = h('p.alert', { role: 'alert', tabindex: '-1', hidden: true });
    const button = h('button.button.primary', t('operator.make'));
    return h('form.stack', {
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        const { slug, name, plan, blueprint, cell, trial_days, test, ...admin } = values(event.target);
        const person = { email: admin['admin.email'], name: admin['admin.name'], password: admin['admin.password'] };
        try { close(await desk.put(`/tenants/${encodeURIComponent(slug)}`, { name, plan, blueprint, cell, trial_days, test: test || undefined, admin: person })); } catch (error) { showRefusal(event.target, alert, error); } finally { button.disabled = false; }
      },
    }, alert, h('div.form-grid',
      control({ name: 'slug', label: t('operator.slug'), required: true, hint: t('operator.slug_hint'), pattern: '[a-z0-9]([a-z0-9\\-]*[a-z0-9])?', minlength: 3, maxlength: 40, autocapitalize: 'none' }),
      control({ name: 'name', label: t('operator.name'), required: true, maxlength: 500 }),
      control({ name: 'admin.name', label: t('operator.admin_name'), required: true, maxlength: 500 }),
      control({ name: 'admin.email', label: t('operator.admin_email'), kind: 'email', required: true, maxlength: 500 }),
      control({ name: 'admin.password', label: t('signin.password'), kind: 'password', hint: t('operator.password_hint') }),
      control({ name: 'plan', label: t('operator.plan'), kind: 'select', options: [['', t('operator.usual')], ...plans.map((one) => one.name)] }),
      control({ name: 'blueprint', label: t('operator.blueprint'), kind: 'select', options: [['', t('operator.usual')], ...blueprints.map((one) => one.name)] }),
      control({ name: 'cell', label: t('operator.cell'), kind: 'select', options: [['', t('operator.usual')], ...cells.filter((one) => one.state === 'open').map((one) => one.name)] }),
      control({ name: 'trial_days', label: t('operator.trial_days'), kind: 'integer', min: 1, max: 3650, hint: t('operator.trial_hint') }),
      control({ name: 'test', label: t('operator.is_test'), kind: 'check', hint: t('operator.test_hint') })),
    h('footer.dialog-foot', h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), button));
  }, { wide: true });
  if (!made) return;
  toast(t('operator.made', { name: made.name }));
  visit.go(`/operator/tenants/${made.slug}`);
}
