// The way to /operator/v1: with the token of whoever signed in, which this tab alone keeps and no address ever holds.

import { Refusal } from './api.js';

const place = 'tenantry:operator';
let token = kept();
let onEnd = () => {};

function kept() { try { return sessionStorage.getItem(place); } catch { return null; } }

/** Who signed in: `{id, name, role}`. */
export let operator = null;
/** What this service offers, by its own description: "POST /operator/v1/tenants/{slug}/clone". */
let offers = new Set();
let schemas = {};

/** Calls back when the token is not taken any more. */
export const whenEnded = (work) => { onEnd = work; };
export const isSignedIn = () => token !== null;

/** Signs in by a token; refuses as the service does. */
export async function signIn(text) {
  token = text;
  try {
    await meet();
    // A browser that keeps nothing asks again with the next page.
    try { sessionStorage.setItem(place, token); } catch { /* It stays in memory. */ }
  } catch (error) {
    token = null;
    throw error;
  }
}

/** Asks who the token belongs to and what can be done here. */
export async function meet(signal) {
  const [who, description] = await Promise.all([call('GET', '/operator/v1/identity', { signal }), call('GET', '/operator/v1/openapi.json', { signal })]);
  operator = who;
  offers = new Set(Object.entries(description.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)));
  schemas = description.components.schemas;
}

export function signOut() {
  token = null;
  operator = null;
  try { sessionStorage.removeItem(place); } catch { /* Nothing was kept. */ }
}

/** Whether the service knows a call, written as its description does. */
export const knows = (method, path) => offers.has(`${method} /operator/v1${path}`);
/** The names that a member of a body may have: `namesOf('PlanOrder', 'rates')`. */
export const namesOf = (schema, member) => Object.keys(schemas[schema]?.properties?.[member]?.properties ?? {});
/** Whether whoever signed in has this role or one above it. */
export const may = (role) => { const roles = ['viewer', 'support', 'admin']; return roles.indexOf(operator?.role) >= roles.indexOf(role); };

/** One call; a refusal is a `Refusal`, the network's has the status 0. */
export async function call(method, path, { body, signal, raw = false } = {}) {
  const headers = { Authorization: `Bearer ${token}` };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, { title: 'offline' });
  }
  if (!response.ok) {
    const refusal = new Refusal(response.status, await response.json().catch(() => ({ title: response.statusText })));
    if (response.status === 401 && operator) { signOut(); onEnd(); }
    throw refusal;
  }
  if (raw) return response;
  return response.status === 204 ? null : response.json();
}

const at = (path) => `/operator/v1${path}`;
export const desk = {
  get: (path, options) => call('GET', at(path), options),
  post: (path, body, options) => call('POST', at(path), { body, ...options }),
  put: (path, body, options) => call('PUT', at(path), { body, ...options }),
  delete: (path, options) => call('DELETE', at(path), options),
};

/** All pages of a list that is not long. */
export async function whole(path, signal) {
  const rows = [];
  for (let after = null; ;) {
    const page = await desk.get(`${path}${path.includes('?') ? '&' : '?'}limit=200${after ? `&after=${encodeURIComponent(after)}` : ''}`, { signal });
    rows.push(...page.data);
    after = page.page?.next;
    if (!after) return rows;
  }
}

/** The figures of /metrics: `[{name, labels, value}]`. */
export async function figures(signal) {
  const text = await (await call('GET', '/metrics', { signal, raw: true })).text();
  return text.split('\n').flatMap((line) => {
    const parts = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!parts) return [];
    return [{ name: parts[1], labels: Object.fromEntries([...(parts[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value])), value: Number(parts[3]) }];
  });
}
