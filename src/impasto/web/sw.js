// Keeps the page for when there is no connection, and lets a static host's page use several cores.
/** Of a page that is built: what it holds never changes. */
const VERSION = "";
const OWN = `impasto ${self.registration.scope} `;
const CACHE = OWN + VERSION;
const PAGE = ["./", "theme.js", "style.css", "parts.css", "icons.svg", "icon.svg", "manifest.webmanifest", ...[
  "main", "dom", "engine", "words", "session", "studio_engine", "browser_engine", "painter_worker", "scaling", "kept", "mix", "stage", "strip",
  "quick", "photo", "controls", "painting", "picture", "history", "more", "camera", "video", "batch", "regions",
].map((name) => `${name}.js`)];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  const asked = PAGE.map((address) => new Request(address, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(asked)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name.startsWith(OWN) && name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(Promise.all([old, self.clients.claim()]));
});

/** Return an answer with what the browser asks for before it shares memory between threads. */
function isolated(answer) {
  if (answer.status === 0 || answer.redirected) return answer;
  const own = new Response(answer.body, answer);
  own.headers.set("Cross-Origin-Opener-Policy", "same-origin");
  own.headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  own.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return own;
}

async function answer(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (VERSION && kept) return isolated(kept);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) cache.put(request, fresh.clone());
    return isolated(fresh);
  } catch (error) {
    if (kept) return isolated(kept);
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const scope = new URL(self.registration.scope);
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== scope.origin || !address.pathname.startsWith(scope.pathname)) return;
  if (!address.pathname.slice(scope.pathname.length).startsWith("api/")) event.respondWith(answer(request));
});
