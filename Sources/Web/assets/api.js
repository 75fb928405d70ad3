// The way to /v1: one function per method, with the proof that our own page asks, versions for safe writes, keys for safe repetition, and
// refusals as `Refusal`.

import { state } from './state.js';

/** A refusal of the service (RFC 9457), or the network's: then `status` is 0. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? String(status));
    this.status = status;
    this.code = problem.code ?? (status ? 'unknown' : 'offline');
    this.problem = problem;
    /** By JSON pointer: what is wrong with a field. */
    this.errors = problem.errors ?? [];
  }
}

const listeners = new Set();
/** Calls back with whether the service can be reached, whenever that changes. */
export const onConnection = (listener) => listeners.add(listener);
let isOnline = true;
export function tellConnection(online) {
  if (online === isOnline) return;
  isOnline = online;
  for (const listener of listeners) listener(online);
}
export const online = () => isOnline;

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });

/**
 * One call. `version` becomes If-Match. Reading is tried again when the network fails or the service is busy; a write is tried again only
 * under its idempotency key, so that it happens once.
 */
export async function call(method, path, { body, version, headers = {}, signal, raw, type = 'application/json', tries = 3 } = {}) {
  // What has no content answers nothing but refusals, in their own form.
  const fields = { Accept: 'application/json, application/problem+json, */*;q=0.1', ...headers };
  if (body !== undefined) fields['Content-Type'] = type;
  if (version !== undefined && version !== null) fields['If-Match'] = `"${version}"`;
  if (method !== 'GET') fields['X-CSRF-Token'] = state.csrf;
  const repeats = method === 'GET' || path.endsWith('/search') || method === 'POST' || method === 'PATCH' || method === 'DELETE';
  if (method !== 'GET' && method !== 'PUT' && !fields['Idempotency-Key']) fields['Idempotency-Key'] = crypto.randomUUID();
  const content = body === undefined ? undefined : type === 'application/json' ? JSON.stringify(body) : body;
  for (let attempt = 1; ; attempt++) {
    let response;
    try {
      response = await fetch(path, { method, headers: fields, body: content, signal, credentials: 'same-origin' });
    } catch (error) {
      if (signal?.aborted) throw error;
      tellConnection(false);
      if (attempt < tries && repeats) { await pause(300 * 2 ** attempt, signal); continue; }
      throw new Refusal(0, { title: 'offline' });
    }
    tellConnection(true);
    if ((response.status === 503 || response.status === 429) && attempt < tries && repeats) {
      const wait = Number(response.headers.get('Retry-After') ?? 1);
      if (wait <= 5) { await pause(wait * 1000, signal); continue; }
    }
    if (response.status === 401) {
      location.assign(`/?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
    if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({ title: response.statusText })));
    if (raw) return response;
    if (response.status === 204) return null;
    return response.json();
  }
}

export const api = {
  get: (path, options) => call('GET', path, options),
  post: (path, body, options) => call('POST', path, { body, ...options }),
  put: (path, body, options) => call('PUT', path, { body, ...options }),
  patch: (path, body, options) => call('PATCH', path, { body, ...options }),
  delete: (path, options) => call('DELETE', path, options),
};

/** A list by a body, page after page as it is asked for: `{where, q, sort, fields, include, limit}`. */
export const search = (type, body, options) => api.post(`/v1/${type}/search`, body, options);

/** `/v1/contacts?limit=5` of a path and an object of parameters; what is null or undefined is left out. */
export function address(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null && value !== undefined && value !== '') query.set(name, value);
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
