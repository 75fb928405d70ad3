// Which columns a list shows, and in which order.

import { h, fill, iconButton } from './dom.js';
import { t, labelOf } from './i18n.js';
import { dialog } from './ui.js';

/** Answers the paths of the chosen columns, or undefined. */
export function chooseColumns(type, current) {
  return dialog(t('list.columns'), (close) => {
    const possible = type.fields.filter((field) => !field.is_write_only && !['document', 'secret'].includes(field.kind) && !type.name_parts.includes(field.path));
    let order = [...current.map((path) => type.byPath.get(path)).filter(Boolean), ...possible.filter((field) => !current.includes(field.path))];
    const chosen = new Set(current);
    const list = h('ul.column-list');
    const move = (field, step) => {
      const index = order.indexOf(field);
      if (!order[index + step]) return;
      order.splice(index, 1);
      order.splice(index + step, 0, field);
      draw();
      list.querySelector(`[data-path="${CSS.escape(field.path)}"] button${step < 0 ? '' : ':last-of-type'}`)?.focus();
    };
    const draw = () => fill(list, order.map((field) => h('li', { dataset: { path: field.path } },
      h('label.check', h('input', { type: 'checkbox', checked: chosen.has(field.path), onchange: (event) => { if (event.target.checked) chosen.add(field.path); else chosen.delete(field.path); draw(); } }), h('span', labelOf(type, field))),
      chosen.has(field.path) ? h('span.actions', iconButton('up', t('columns.up', { column: labelOf(type, field) }), () => move(field, -1)), iconButton('down', t('columns.down', { column: labelOf(type, field) }), () => move(field, 1))) : null)));
    draw();
    return [list, h('footer.dialog-foot',
      h('button.button', { type: 'button', onclick: () => close(type.columns) }, t('columns.standard')),
      h('button.button.primary', { type: 'button', onclick: () => close(order.filter((field) => chosen.has(field.path)).map((field) => field.path)) }, t('filter.apply')))];
  });
}
