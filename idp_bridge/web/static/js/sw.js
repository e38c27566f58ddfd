// Keeps the page that says "no network", and nothing else: no page about a person is ever stored.

const CACHE = 'offline-1';
const PAGE = '/offline';

addEventListener('install', (event) => {
  const keep = async () => {
    const cache = await caches.open(CACHE);
    const page = await fetch(PAGE, { cache: 'reload', credentials: 'same-origin' });
    await cache.put(PAGE, page.clone());
    const styles = (await page.text()).match(/\/static\/[\w./-]+\?v=\w+/g) ?? [];
    await cache.addAll([...new Set(styles)].filter((path) => /\.(css|svg)\?/.test(path)));
  };
  event.waitUntil(keep().then(() => skipWaiting()));
});

addEventListener('activate', (event) => event.waitUntil(clients.claim()));

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode === 'navigate') {
    event.respondWith(fetch(request).catch(() => caches.match(PAGE)));
  } else if (new URL(request.url).pathname.startsWith('/static/')) {
    event.respondWith(fetch(request).catch(() => caches.match(request).then((hit) => hit ?? Response.error())));
  }
});
