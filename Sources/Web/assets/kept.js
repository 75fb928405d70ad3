// What this browser keeps for one person of one firm: columns, drafts, choices. Never more than convenience.

import { state } from './state.js';

const prefix = `tenantry:${state.tenant?.slug ?? ''}:${state.user?.id ?? ''}:`;

export function keep(name, value) {
  try {
    if (value === null || value === undefined) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, JSON.stringify(value));
  } catch { /* A full or forbidden storage costs only the convenience. */ }
}

export function kept(name, otherwise = null) {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch { return otherwise; }
}

/** Every name that begins so, for what is kept per record. */
export function keptNames(beginning) {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix + beginning)).map((key) => key.slice(prefix.length));
  } catch { return []; }
}
