// Keeps the shell of this version, so that a page opens at once and something useful is said without a connection. Records are never kept: they belong to
// the firm, and to its reader only while signed in.

const assets = '{assets}';
const kept = `shell ${assets}`;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== kept) await caches.delete(name);
  await self.clients.claim();
})()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin || !url.pathname.startsWith('/assets/')) return;
  event.respondWith((async () => {
    const cache = await caches.open(kept);
    const known = await cache.match(event.request);
    if (known) return known;
    const fresh = await fetch(event.request);
    if (fresh.ok && url.pathname.startsWith(assets)) cache.put(event.request, fresh.clone());
    return fresh;
  })());
});
