// Making elements without markup: what stands in records is always text here, so it cannot become anything else.

import { state } from './state.js';

/**
 * h('a.button', {href, onclick, 'aria-label': ...}, 'text', child, [more]). A name may carry classes. Properties that begin with `on` are
 * listeners, `class`, `style` (an object, set through the CSSOM, which the page's policy allows) and `dataset` are what they say; true and false
 * set and leave out an attribute; everything else is an attribute.
 */
export function h(name, properties, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length) element.className = classes.join(' ');
  if (properties && (properties instanceof Node || typeof properties !== 'object' || Array.isArray(properties))) {
    children.unshift(properties);
    properties = null;
  }
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'class') element.className = [element.className, value].filter(Boolean).join(' ');
    else if (key === 'style') for (const [rule, setting] of Object.entries(value)) element.style.setProperty(rule, setting);
    else if (key === 'dataset') Object.assign(element.dataset, value);
    else if (key === 'value' && 'value' in element) element.value = value;
    else if (key === 'checked' || key === 'selected' || key === 'indeterminate') element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(parent, child);
    else parent.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces everything in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const focusable = 'a[href], button, input, select, textarea, [tabindex="0"]';
const words = (element) => [element.tagName, element.getAttribute('href'), element.getAttribute('aria-label') ?? element.textContent].join(' ');

/** By menu: what is to be drawn around it once it is closed. */
const waiting = new WeakMap();

/**
 * Replaces everything in an element that is drawn anew by itself: whoever stands there with the keyboard stays on the same thing, or on what has taken its
 * place. A menu that is open there is closed by the person, not by news.
 */
export function refill(element, ...children) {
  const menu = element.querySelector(':popover-open');
  if (menu) {
    if (!waiting.has(menu)) menu.addEventListener('toggle', function closed(event) {
      if (event.newState !== 'closed') return;
      menu.removeEventListener('toggle', closed);
      const last = waiting.get(menu);
      waiting.delete(menu);
      refill(element, ...last);
    });
    waiting.set(menu, children);
    return element;
  }
  const here = element.contains(document.activeElement) ? document.activeElement : null;
  const place = here ? [...element.querySelectorAll(focusable)].indexOf(here) : -1;
  const name = here && words(here);
  fill(element, ...children);
  if (!here) return element;
  const now = [...element.querySelectorAll(focusable)];
  (now.find((one) => words(one) === name) ?? now[Math.min(Math.max(place, 0), now.length - 1)])?.focus({ preventScroll: true });
  return element;
}

/** The element itself, or what was drawn in its place. */
export const inPlaceOf = (element) => (!element || element.isConnected ? element : [...document.querySelectorAll(focusable)].find((one) => words(one) === words(element)));

const SVG = 'http://www.w3.org/2000/svg';
/** A drawing of `icons.svg`; says nothing to those who listen, so what it stands for must be named beside it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `${state.assets}/icons.svg#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button that only shows a drawing, with a name for those who listen and as a hint. */
export const iconButton = (name, label, onclick, properties = {}) =>
  h('button.icon-button', { type: 'button', 'aria-label': label, title: label, onclick, ...properties }, icon(name));

/** Runs at most once per `ms`, after the last call. */
export function debounce(work, ms) {
  let timer;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => work(...values), ms); };
}

let ids = 0;
export const newID = (prefix = 'e') => `${prefix}-${++ids}`;

/** Moves the focus along a row or column of controls by arrow keys, Home and End. */
export function roving(container, selector, { vertical = true } = {}) {
  container.addEventListener('keydown', (event) => {
    const [back, forth] = vertical ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    if (![back, forth, 'Home', 'End'].includes(event.key)) return;
    const items = [...container.querySelectorAll(selector)];
    const index = items.indexOf(document.activeElement);
    if (index < 0) return;
    event.preventDefault();
    const next = { [back]: index - 1, [forth]: index + 1, Home: 0, End: items.length - 1 }[event.key];
    items[(next + items.length) % items.length]?.focus();
  });
}
