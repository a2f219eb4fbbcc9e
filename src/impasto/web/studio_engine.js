/** The engine that is the studio's server. */
import { blended } from "./blend.js";
import { EngineError, FRESH } from "./engine.js";
import { WORDS } from "./words.js";

/** Ask the server; what it refuses is an error with its own sentence. @param {string} address @param {RequestInit} [how] */
async function ask(address, how) {
  let answer;
  try {
    answer = await fetch(address, how);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new EngineError(navigator.onLine ? WORDS.serverGone : WORDS.offline, 0);
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new EngineError(told.error ?? (answer.status === 413 ? WORDS.tooLarge : WORDS.serverGone), answer.status);
}

/** @param {string} address */
const read = async (address) => (await ask(address)).json();
/** @param {string} address @param {unknown} [body] @param {AbortSignal} [signal] */
const post = (address, body, signal) =>
  ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}), signal });

/**
 * Watch a run by its events; where they break off, ask once in a while.
 * @param {string} id
 * @param {(state: import("./engine.js").RunState) => void} see
 */
function watch(id, see) {
  const events = new EventSource(`api/runs/${id}/events`);
  let timer = 0;
  let ended = false;
  const end = () => {
    ended = true;
    events.close();
    clearTimeout(timer);
  };
  /** @param {import("./engine.js").RunState} state */
  const told = (state) => {
    if (ended) return;
    if (["done", "stopped", "failed"].includes(state.state)) end();
    see(state);
  };
  const poll = async () => {
    try {
      told(await read(`api/runs/${id}`));
    } catch (error) {
      told(gone(id, error));
    }
    if (!ended) timer = setTimeout(poll, 1000);
  };
  events.onmessage = ({ data }) => told(JSON.parse(data));
  events.onerror = () => {
    events.close();
    if (!ended) timer = setTimeout(poll, 500);
  };
  return end;
}

/**
 * Return the state of a run that nobody can ask about any more.
 * @param {string} id
 * @param {unknown} error
 * @returns {import("./engine.js").RunState}
 */
function gone(id, error) {
  const message = error instanceof Error ? error.message : WORDS.serverGone;
  return {
    id, kind: "", state: "failed", ahead: 0, done: 0, total: null, fraction: null, seconds_left: null,
    size: null, message, preview: null, result: null, result_type: null, history: null,
  };
}

/**
 * Paint in one pass; with masks, one pass for each of them.
 * @param {import("./engine.js").PaintRequest} request
 * @param {AbortSignal} signal
 */
async function paint({ content, styles, keep, settings }, signal) {
  /** @param {import("./engine.js").StyleRef[]} used */
  const pass = async (used) => (await post("api/paint", { content, styles: used, settings }, signal)).blob();
  const first = await pass(styles.filter(({ mask }) => !mask));
  const layers = [];
  for (const { mask, ...style } of styles) if (mask) layers.push({ picture: await pass([style]), mask: `api/files/${mask}` });
  const kept = keep ? [{ picture: `api/files/${content}`, mask: `api/files/${keep}` }] : [];
  return layers.length || kept.length ? blended(first, [...layers, ...kept]) : first;
}

/** What the server holds for this page: addresses by ids, and since when. @type {Map<string, {address: string, since: number}>} */
const held = new Map();

/** @param {string} folder @param {Response} answer */
async function holding(folder, answer) {
  const made = await answer.json();
  held.set(made.id, { address: `api/${folder}/${made.id}`, since: Date.now() });
  return made;
}

/** @param {(id: string, since: number) => boolean} wanted */
function release(wanted) {
  for (const [id, { address, since }] of held) {
    if (!wanted(id, since)) continue;
    held.delete(id);
    fetch(address, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }
}

/** Ask for thumbnails as large as they are shown. @template {{thumbnail?: string}} T @param {T[]} all */
const sized = (all) => all.map((each) => ({ ...each, thumbnail: each.thumbnail && `${each.thumbnail}?size=${devicePixelRatio > 1 ? 144 : 84}` }));

/** Return the studio's engine. @param {import("./engine.js").Info} info @returns {import("./engine.js").Engine} */
export function studioEngine(info) {
  addEventListener("pagehide", ({ persisted }) => persisted || release(() => true));
  return {
    info,
    warm: () => undefined,
    styles: async () => sized(await read("api/styles")),
    examples: async () => sized(await read("api/examples")),
    settings: () => read("api/settings"),
    async upload(file, name) {
      if (file.size > info.max_upload) throw new EngineError(WORDS.tooLarge, 413);
      const form = new FormData();
      form.append("file", file, name);
      return holding("files", await ask("api/files", { method: "POST", body: form }));
    },
    picture: (id) => `api/files/${id}`,
    paint,
    async frame(frame, style, strength, signal) {
      const query = new URLSearchParams({
        styles: style.name ?? style.file ?? "", strength: String(strength), size: String(info.camera_size),
      });
      const how = { method: "POST", headers: { "Content-Type": "image/jpeg" }, body: frame, signal };
      return (await ask(`api/frame?${query}`, how)).blob();
    },
    start: async (request) => holding("runs", await post("api/runs", request)),
    watch,
    stop: async (id) => (await post(`api/runs/${id}/stop`)).json(),
    history: () => read("api/history"),
    open: async (id) => (await post(`api/history/${id}/open`)).json(),
    recipe: (id) => `api/history/${id}/recipe`,
    async forget(id) {
      await ask(`api/history/${id}`, { method: "DELETE", keepalive: true });
    },
    release: (used) => release((id, since) => Date.now() - since > FRESH && ![...used].some((each) => each.includes(id))),
  };
}
