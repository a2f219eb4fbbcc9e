/** The engine that is the studio's server. */
import { ENDED, EngineError, FRESH, isPassing } from "./engine.js";
import { WORDS } from "./words.js";
/** @import { Engine, Info, RunState } from "./engine.js" */

/** Ask the server; what it refuses is an error with its own sentence. @param {string} address @param {RequestInit} [how] */
async function ask(address, how) {
  const answer = await fetch(address, how).catch((error) => {
    throw how?.signal?.aborted ? error : new EngineError(navigator.onLine ? WORDS.serverGone : WORDS.offline, 0);
  });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new EngineError(told.error ?? BEFORE[answer.status] ?? WORDS.refused, answer.status);
}

/** What a server in front of the studio answers. @type {Record<number, string>} */
const BEFORE = { 401: WORDS.login, 403: WORDS.login, 413: WORDS.tooLarge, 502: WORDS.serverGone, 503: WORDS.serverGone, 504: WORDS.slow };

/** Return what the studio says in an answer. @param {Response} answer */
const said = (answer) => answer.json().catch(() => {
  throw new EngineError(WORDS.refused, 502);
});
/** @param {string} address */
const read = async (address) => said(await ask(address));
/** @param {string} address @param {unknown} [body] @param {AbortSignal} [signal] */
const post = (address, body, signal) =>
  ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}), signal });

/** Milliseconds between two looks at a run, and looks in a row that may fail. */
const LOOK = 400;
const FAILURES = 40;

/** @param {string} id @param {(state: RunState) => void} see @param {number} [failures] */
async function watch(id, see, failures = 0) {
  /** @type {RunState | null} */
  const state = await read(`api/runs/${id}`).catch((error) => {
    failures += 1;
    return isPassing(error) && failures <= FAILURES ? null : { id, state: "failed", message: error.message };
  });
  if (state) see(state);
  if (!state || !ENDED.includes(state.state)) setTimeout(() => watch(id, see, state ? 0 : failures), LOOK);
}

/** What the server holds for this page: addresses by ids, and since when. @type {Map<string, {address: string, since: number}>} */
const held = new Map();

/** @param {string} folder @param {Response} answer */
async function holding(folder, answer) {
  const made = await said(answer);
  held.set(made.id, { address: `api/${folder}/${made.id}`, since: Date.now() });
  return made;
}

/** @param {(id: string, since: number) => boolean} isIdle */
function release(isIdle) {
  for (const [id, { address, since }] of held) {
    if (isIdle(id, since) && held.delete(id)) fetch(address, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

/** Ask for thumbnails as large as they are shown. @template {{thumbnail?: string}} T @param {T[]} all */
const sized = (all) => all.map((each) => ({ ...each, thumbnail: each.thumbnail && `${each.thumbnail}?size=${devicePixelRatio > 1 ? 144 : 84}` }));

/** Return the studio's engine. @param {Info} info @returns {Engine} */
export function studioEngine(info) {
  addEventListener("pagehide", ({ persisted }) => persisted || release(() => true));
  return {
    info,
    warm: () => ask("api/styles/read", { method: "POST" }).catch(() => undefined),
    styles: async () => sized(await read("api/styles")),
    examples: async () => sized(await read("api/examples")),
    settings: () => read("api/settings"),
    async upload(file, name, kind = "") {
      if (file.size > info.max_upload) throw new EngineError(WORDS.tooLarge, 413);
      const form = new FormData();
      form.append("file", file, name);
      return holding("files", await ask(`api/files${kind && `?kind=${kind}`}`, { method: "POST", body: form }));
    },
    picture: (id) => `api/files/${id}`,
    find: async (id, region) => (await ask(`api/files/${id}/regions/${region}`)).blob(),
    paint: async (request, signal) => (await post("api/paint", request, signal)).blob(),
    async frame(frame, style, strength, signal) {
      const query = new URLSearchParams({ styles: style.name ?? style.file ?? "", strength: String(strength), size: String(info.camera_size) });
      const how = { method: "POST", headers: { "Content-Type": "image/jpeg" }, body: frame, signal };
      return (await ask(`api/frame?${query}`, how)).blob();
    },
    start: async (request) => holding("runs", await post("api/runs", request)),
    watch,
    stop: async (id) => said(await post(`api/runs/${id}/stop`)),
    history: () => read("api/history"),
    open: async (id) => said(await post(`api/history/${id}/open`)),
    recipe: (id) => `api/history/${id}/recipe`,
    async forget(id) {
      await ask(`api/history/${id}`, { method: "DELETE", keepalive: true });
    },
    release: (used) => release((id, since) => Date.now() - since > FRESH && ![...used].some((each) => each.includes(id))),
  };
}
