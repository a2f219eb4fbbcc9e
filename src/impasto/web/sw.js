// Keeps the page for when there is no connection, and lets a static host's page use several cores.
const CACHE = "impasto-1";
const PAGE = ["./", "theme.js", "style.css", "parts.css", "icons.svg", "icon.svg", "manifest.webmanifest", ...[
  "main", "blend", "dom", "engine", "words", "session", "studio_engine", "browser_engine", "painter_worker", "resample", "stage", "strip",
  "quick", "photo", "controls", "painting", "picture", "history", "more", "camera", "video", "batch", "regions",
].map((name) => `${name}.js`)];

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(PAGE)));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))));
  event.waitUntil(Promise.all([old, self.clients.claim()]));
});

/** Return an answer with what the browser asks for before it shares memory between threads. */
function isolated(answer) {
  if (answer.status === 0 || answer.type === "opaque" || answer.redirected) return answer;
  const headers = new Headers(answer.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

async function answer(request, large) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  if (large && kept) return isolated(kept);
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
  const path = address.pathname.slice(scope.pathname.length);
  if (path.startsWith("api/")) return;
  event.respondWith(answer(request, path.startsWith("engine/") || path.startsWith("styles/")));
});
