/* The code page without a network, within its bundle's life: the page and its assets are kept, nothing else. */
const CACHE = "code-@asset(app.js)", ASSETS = ["@asset(app.css)", "@asset(app.js)", "@asset(icon.svg)"];
self.addEventListener("install", (event) => event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(ASSETS)).then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(caches.keys()
  .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)))).then(() => self.clients.claim())));
async function codePage(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await cache.put("/code", answer.clone());
    return answer;
  } catch (error) {
    return (await cache.match("/code")) ?? Response.error();
  }
}
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === "/code") event.respondWith(codePage(event.request));
  else if (ASSETS.includes(url.pathname)) event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
});
