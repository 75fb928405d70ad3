// The plans: what each allows and costs, and the editor that makes its next version.

import { h, fill, icon } from './dom.js';
import { t, has, money, number } from './i18n.js';
import { ask, toast } from './ui.js';
import { desk, may, namesOf, whole } from './operator-api.js';
import { control, head, quantity, resource, section, showRefusal, table, values, withReason, words } from './operator-parts.js';

const limits = ['users', 'records', 'custom_fields', 'custom_objects', 'storage_bytes', 'emails_per_month', 'active_reminders', 'api_keys', 'import_rows'];

export async function show(main, visit) {
  return visit.parameters.name ? showPlan(main, visit) : showAll(main, visit);
}

const price = (plan) => `${money(plan.price)} ${t(plan.price.per === 'tenant' ? 'operator.per_account' : 'operator.per_user')}`;
/** The usual limits first, then those of single record types. */
const ordered = (all) => [...limits, ...Object.keys(all).filter((name) => !limits.includes(name))].filter((name) => name in all).map((name) => [name, all[name]]);
const feature = (name) => words(`feature.${name}`, name);

async function showAll(main, visit) {
  const plans = await whole('/plans', visit.signal);
  const add = async () => {
    const name = await ask(t('operator.new_plan'), t('operator.plan_name'), { action: t('operator.go_on'), hint: t('operator.plan_name_hint') });
    if (name) visit.go(`/operator/plans/${encodeURIComponent(name)}`);
  };
  fill(main, head(t('operator.plans'), { actions: may('admin') ? h('button.button.primary', { type: 'button', id: 'new', onclick: add }, icon('plus'), t('list.new')) : null }),
    h('ul.cards.plans', plans.map((plan) => h('li.card',
      h('div.plan-head', h('h2', h('a', { href: `/operator/plans/${plan.name}` }, plan.name)), h('span.hint', t('plan.version', { version: String(plan.version) }))),
      h('p.price', price(plan)),
      h('ul.plan-limits', ordered(plan.limits).map(([name, value]) => h('li', h('span', resource(name)), h('span', quantity(name, value)))),
        Object.keys(plan.limits).length ? null : h('li', t('operator.no_limits'))),
      h('p', namesOf('PlanOrder', 'features').filter((one) => plan.features[one] ?? true).map((one) => h('span.tag', feature(one))))))));
  return t('operator.plans');
}

async function showPlan(main, visit) {
  const { name } = visit.parameters;
  const plan = await desk.get(`/plans/${encodeURIComponent(name)}`, { signal: visit.signal }).catch((error) => { if (error.status === 404) return null; throw error; });
  const now = plan ?? { limits: {}, rates: {}, features: {}, price: { amount: '0.00', currency: 'EUR', per: 'user' } };
  const isFixed = !may('admin');
  const named = [...limits, ...Object.keys(now.limits).filter((one) => !limits.includes(one))];
  const figure = (group, one, label) => control({ name: `${group}.${one}`, label, kind: 'integer', min: group === 'rates' || one === 'users' ? 1 : 0, value: now[group][one] ?? '', placeholder: t('operator.unlimited'), disabled: isFixed, hint: one.includes('bytes') && now[group][one] ? quantity(one, now[group][one]) : null });
  const limitGrid = h('div.form-grid', named.map((one) => figure('limits', one, resource(one))));
  const addLimit = async () => {
    const type = await ask(t('operator.add_limit'), t('operator.record_type'), { action: t('operator.go_on'), hint: t('operator.record_type_hint') });
    if (!type) return;
    const made = figure('limits', `records.${type}`, resource(`records.${type}`));
    limitGrid.append(made);
    made.querySelector('input').focus();
  };
  const alert = h('p.alert', { role: 'alert', tabindex: '-1', hidden: true });
  const form = h('form.stack.plan-form', {
    onsubmit: async (event) => {
      event.preventDefault();
      alert.hidden = true;
      const body = order(values(event.target));
      const done = await withReason(t('operator.save_plan'), { words: t('operator.words.save_plan', { name }), action: t('form.save'), send: async ({ reason }) => {
        // What is wrong with the plan stands beside the plan, what is wrong with the reason beside the reason.
        try { return { plan: await desk.put(`/plans/${encodeURIComponent(name)}`, { ...body, reason }) }; } catch (error) { if (error.errors?.some((one) => one.pointer === '/reason')) throw error; return { error }; }
      } });
      if (!done) return;
      if (done.answer.error) { showRefusal(form, alert, done.answer.error); return; }
      toast(t(done.answer.plan.version === plan?.version ? 'operator.plan_same' : 'operator.plan_saved', { version: String(done.answer.plan.version) }));
      await visit.again();
    },
  }, alert,
  section(t('operator.limits'), h('p.hint', t('operator.limits_hint')), limitGrid, isFixed ? null : h('p', h('button.button.small', { type: 'button', onclick: addLimit }, icon('plus'), t('operator.add_limit')))),
  section(t('operator.rates'), h('div.form-grid', namesOf('PlanOrder', 'rates').map((one) => figure('rates', one, words(`operator.rate.${one}`, one))))),
  section(t('operator.features'), h('div.checks', namesOf('PlanOrder', 'features').map((one) => control({ name: `features.${one}`, label: feature(one), kind: 'check', value: now.features[one] ?? true, disabled: isFixed })))),
  section(t('operator.price'), h('div.form-grid',
    control({ name: 'price.amount', label: t('operator.amount'), value: now.price.amount, required: true, pattern: '[0-9]{1,15}(\\.[0-9]{1,4})?', inputmode: 'decimal', disabled: isFixed }),
    control({ name: 'price.currency', label: t('field.currency'), value: now.price.currency, required: true, pattern: '[A-Z]{3}', maxlength: 3, disabled: isFixed }),
    control({ name: 'price.per', label: t('operator.per'), kind: 'select', options: [['user', t('operator.per_user')], ['tenant', t('operator.per_account')]], value: now.price.per ?? 'user', disabled: isFixed }))),
  isFixed ? null : h('div.save-bar', h('button.button.primary', t('form.save'))));
  fill(main, head(name, { crumb: { href: '/operator/plans', text: t('operator.plans') }, beside: h('span.count', plan ? t('plan.version', { version: String(plan.version) }) : t('operator.not_yet')) }),
    h('p.hint', t('operator.plan_hint')), form);
  return name;
}

/** `{"limits.users": 3}` of a form as the service wants it. */
function order(flat) {
  const body = { limits: {}, rates: {}, features: {}, price: {} };
  for (const [path, value] of Object.entries(flat)) { const [group, ...rest] = path.split('.'); if (body[group]) body[group][rest.join('.')] = value; }
  return body;
}
