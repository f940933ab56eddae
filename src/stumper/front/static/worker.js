// The service worker. Its first lines, which the server writes (statics.py), are VERSION, FILES and OFFLINE.
// It keeps our own style, scripts and drawings, and one page to show without a connection; never a page of the
// game, never an answer of the API: those are private and change.

const KEPT = `stumper-${VERSION}`;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll([...FILES, OFFLINE])));
  skipWaiting();
});

addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => clients.claim()));
});

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("stumper-") && name !== KEPT).map((name) => caches.delete(name)));
}

// The language or the colours have changed: the kept page should follow.
addEventListener("message", (event) => {
  if (event.data === "look again") event.waitUntil(caches.open(KEPT).then((kept) => kept.add(OFFLINE)).catch(() => {}));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith(`/static/${VERSION}/`)) event.respondWith(file(request));
});

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

/** The address of a file changes with its content, so what is kept under it never grows old. */
async function file(request) {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request);
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) await kept.put(request, response.clone());
  return response;
}
