// Dialogs, messages and menus that every page uses.

import { h, fill, icon, iconButton, newID, inPlaceOf } from './dom.js';
import { t } from './i18n.js';
import { sentence } from './refusals.js';

/**
 * A modal dialog: `<dialog>` holds the focus, Escape closes it, the focus returns to where it was. Answers what `close(value)` was given, or
 * undefined when it was dismissed.
 */
export function dialog(title, build, { wide = false, className = '' } = {}) {
  return new Promise((resolve) => {
    const heading = newID('dialog');
    const before = document.activeElement;
    const element = h('dialog.dialog', { class: [wide && 'wide', className].filter(Boolean).join(' '), 'aria-labelledby': heading });
    let answer;
    const close = (value) => { answer = value; element.close(); };
    const body = h('div.dialog-body');
    fill(element, h('header.dialog-head', h('h2', { id: heading }, title), iconButton('close', t('ui.close'), () => close())), body);
    element.addEventListener('close', () => { element.remove(); inPlaceOf(before)?.focus?.(); resolve(answer); });
    // A press outside means the same as Escape.
    element.addEventListener('mousedown', (event) => { if (event.target === element && !element.dataset.firm) close(); });
    append(body, build(close, element));
    document.body.append(element);
    element.showModal();
    (element.querySelector('[autofocus]') ?? [...body.querySelectorAll('input, select, textarea, button')].find((one) => one.checkVisibility()))?.focus();
  });
}

function append(parent, content) { for (const part of [content].flat()) if (part) parent.append(part); }

/** Asks before something that cannot be taken back easily. Answers true or false. */
export async function confirm(title, words, action, { danger = true } = {}) {
  const answer = await dialog(title, (close) => [
    h('p', words),
    h('footer.dialog-foot',
      h('button.button', { type: 'button', onclick: () => close(false) }, t('ui.cancel')),
      h('button.button', { type: 'button', class: danger ? 'danger' : 'primary', autofocus: true, onclick: () => close(true) }, action)),
  ]);
  return answer === true;
}

/** Asks for one text. Answers it, or undefined. */
export function ask(title, label, { value = '', action = t('form.save'), hint, required = true } = {}) {
  const id = newID('ask');
  return dialog(title, (close) => {
    const input = h('input', { id, value, required, maxlength: 500, autofocus: true });
    return h('form.stack', { onsubmit: (event) => { event.preventDefault(); close(input.value.trim()); } },
      h('div.field', h('label', { for: id }, label), input, hint && h('span.hint', hint)),
      h('footer.dialog-foot',
        h('button.button', { type: 'button', onclick: () => close() }, t('ui.cancel')), h('button.button.primary', action)));
  });
}

let region;
/** Says in passing what happened; with `undo`, offers to take it back for ten seconds. */
export function toast(text, { undo, tone = '', ms = undo ? 10000 : 5000 } = {}) {
  if (!region) {
    region = h('div.toasts', { role: 'status', 'aria-live': 'polite' });
    document.body.append(region);
  }
  // In the top layer, so that a dialog does not hide it.
  if (region.showPopover && !region.matches(':popover-open')) { region.popover = 'manual'; region.showPopover(); }
  const item = h('div.toast', { class: tone }, h('span', text));
  const remove = () => item.remove();
  if (undo) item.append(h('button.button.small', { type: 'button', onclick: () => { remove(); undo(); } }, t('ui.undo')));
  item.append(iconButton('close', t('ui.dismiss'), remove));
  region.append(item);
  let timer = setTimeout(remove, ms);
  item.addEventListener('mouseenter', () => clearTimeout(timer));
  item.addEventListener('mouseleave', () => { timer = setTimeout(remove, 3000); });
  return remove;
}

/** Says what was refused, in a sentence. */
export function complain(error) {
  if (error?.name === 'AbortError') return;
  toast(sentence(error), { tone: 'bad', ms: 8000 });
  if (!(error?.status >= 0)) console.error(error);
}

/**
 * A button that opens a menu of actions: `[{label, icon, action, href, checked, danger}]` or a function that answers them. Arrow keys move, Escape
 * closes.
 */
export function menuButton(label, items, { symbol = 'more', text = false, className = '' } = {}) {
  const id = newID('menu');
  const menu = h('div.menu', { id, popover: 'auto', role: 'menu' });
  const button = h(text ? 'button.button' : 'button.icon-button', {
    type: 'button', popovertarget: id, 'aria-haspopup': 'menu', 'aria-expanded': 'false', class: className,
    ...(text ? {} : { 'aria-label': label, title: label }),
  }, icon(symbol), text && h('span', label));
  menu.addEventListener('toggle', (event) => {
    const open = event.newState === 'open';
    button.setAttribute('aria-expanded', String(open));
    if (open) { place(menu, button); menu.querySelector('[role^=menuitem]')?.focus(); }
  });
  menu.addEventListener('beforetoggle', (event) => {
    if (event.newState !== 'open') return;
    const list = typeof items === 'function' ? items() : items;
    fill(menu, list.filter(Boolean).map((item) => (item === '-' ? h('hr') : entry(item, () => { menu.hidePopover(); button.focus(); }))));
  });
  menu.addEventListener('keydown', (event) => {
    const all = [...menu.querySelectorAll('[role^=menuitem]')];
    const index = all.indexOf(document.activeElement);
    const next = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all[(next + all.length) % all.length]?.focus();
  });
  return h('span.menu-place', button, menu);
}

function entry(item, close) {
  const content = [item.icon ? icon(item.icon) : item.checked !== undefined ? h('span.tick', item.checked ? '✓' : '') : null, h('span', item.label)];
  if (item.href) return h('a.menu-item', { role: 'menuitem', href: item.href, onclick: close }, content);
  const role = item.checked === undefined ? 'menuitem' : 'menuitemcheckbox';
  return h('button.menu-item', {
    type: 'button', role, 'aria-checked': item.checked === undefined ? null : String(item.checked), class: item.danger ? 'danger' : '',
    disabled: item.disabled, onclick: () => { close(); item.action(); },
  }, content);
}

/** Puts a popover below its button, or above where there is more room, and within the window. */
export function place(popover, anchor, { width = false } = {}) {
  const box = anchor.getBoundingClientRect();
  if (width) popover.style.setProperty('min-width', `${box.width}px`);
  const size = popover.getBoundingClientRect();
  const below = innerHeight - box.bottom;
  const top = below >= size.height + 8 || below >= box.top ? box.bottom + 4 : Math.max(8, box.top - size.height - 4);
  const left = Math.min(Math.max(8, box.left), Math.max(8, innerWidth - size.width - 8));
  popover.style.setProperty('top', `${top}px`);
  popover.style.setProperty('left', `${left}px`);
  popover.style.setProperty('max-height', `${Math.max(120, Math.max(below, box.top) - 16)}px`);
}

/** A stand-in while something is on its way: only shown when it takes long enough to be noticed. */
export const loading = () => h('div.loading', { role: 'status' }, h('span.spinner', { 'aria-hidden': 'true' }), h('span.unseen', t('ui.loading')));

export const emptyState = (title, words, ...actions) =>
  h('div.empty-state', h('p.empty-title', title), words && h('p', words), actions.length ? h('p.actions', actions) : null);
