// Changes by others, as they happen (Server-Sent Events): pages say which records they show and hear when one of them changed.

import { state } from './state.js';
import { tellConnection, online } from './api.js';

const listeners = new Set();

/**
 * Calls back with `{type, id, version, action, actor}` for each change of a type (or of any, without one) until the signal is aborted. After a loss of
 * the connection everything may have changed: then `{type, action: 'resync'}`.
 */
export function onChange(type, listener, signal) {
  const entry = { type, listener };
  listeners.add(entry);
  signal?.addEventListener('abort', () => listeners.delete(entry), { once: true });
  return () => listeners.delete(entry);
}

function tell(change) {
  for (const { type, listener } of [...listeners]) {
    if (type && change.type && change.type !== type) continue;
    try { listener(change); } catch (error) { console.error(error); }
  }
}

let source = null;
let wasLost = false;
let delay = 1000;

export function start() {
  connect();
  addEventListener('online', () => { if (!source) connect(); ping(); });
  // What was open may seem to live on; whether it does, the service itself must say.
  addEventListener('offline', () => { tellConnection(false); wasLost = true; ping(); });
  // A page kept by the browser wakes with a dead connection.
  addEventListener('pageshow', (event) => { if (event.persisted) { source?.close(); source = null; connect(); } });
  addEventListener('pagehide', () => { source?.close(); source = null; });
}

function connect() {
  source = new EventSource('/v1/events');
  source.addEventListener('open', () => {
    delay = 1000;
    tellConnection(true);
    if (wasLost) { wasLost = false; tell({ type: null, action: 'resync' }); }
  });
  source.addEventListener('change', (event) => tell(JSON.parse(event.data)));
  source.addEventListener('progress', (event) => tell({ ...JSON.parse(event.data), action: 'progress' }));
  source.addEventListener('error', () => {
    wasLost = true;
    const closed = source?.readyState === EventSource.CLOSED;
    // The browser tries again by itself unless it was refused; whether the service is there at all is asked separately.
    ping();
    if (closed) {
      source = null;
      setTimeout(connect, delay);
      delay = Math.min(delay * 2, 30000);
    }
  });
}

let pinging = false;
/** Asks whether the service is there, until it is. */
async function ping() {
  if (pinging) return;
  pinging = true;
  for (let wait = 1000; ; wait = Math.min(wait * 1.5, 10000)) {
    try {
      await fetch('/healthz', { cache: 'no-store' });
      tellConnection(true);
      // A stream that outlived the loss may have missed something all the same.
      if (wasLost && source?.readyState === EventSource.OPEN) { wasLost = false; tell({ type: null, action: 'resync' }); }
      break;
    } catch { tellConnection(false); }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  pinging = false;
}
