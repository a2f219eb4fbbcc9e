/** The engine that is this browser: the any-style network in a worker. Nothing leaves the device. */
import { EngineError } from "./engine.js";
import { WORDS } from "./words.js";

/** @typedef {import("./engine.js").RunState} RunState */
/** @typedef {import("./engine.js").RunRequest} RunRequest */
/** @typedef {import("./engine.js").StyleRef} StyleRef */
/** @typedef {import("./engine.js").Settings} Settings */

/** @type {import("./engine.js").Info} */
const INFO = {
  version: "", public: false, max_size: 1024, max_upload: 200e6, minutes: 0, camera_size: 256, one_pass: true,
  features: ["picture", "quick", "camera", "batch", "regions"],
};
/** @type {Record<string, import("./engine.js").Property>} */
const PROPERTIES = {
  color_amount: {
    type: "number", title: "Color amount", description: "How much of the photo's colors is kept.", default: 1, minimum: 0, maximum: 1, "x-group": "Picture",
  },
};

/** @type {Map<string, Blob>} */
const files = new Map();
/** @type {Map<string, Promise<Blob>>} */
const pictures = new Map();
/** @type {Map<string, string>} Addresses of files that are shown. */
const shown = new Map();
/** @type {Map<string, {state: RunState, see: ((state: RunState) => void) | null, stopping: boolean}>} */
const runs = new Map();
/** @type {(import("./engine.js").Entry & {request: RunRequest})[]} */
let entries = [];
let count = 0;

const worker = new Worker(new URL("painter_worker.js", import.meta.url), { type: "module" });
/** @type {Map<number, {done: (blob: Blob) => void, fail: (error: Error) => void}>} */
const waiting = new Map();
worker.onmessage = ({ data: { id, blob, error } }) => {
  const one = waiting.get(id);
  waiting.delete(id);
  if (error) one?.fail(new EngineError(error, 500));
  else one?.done(blob);
};

/**
 * Have the worker do something.
 * @param {object | null} order
 * @param {AbortSignal} [signal]
 * @returns {Promise<Blob>}
 */
function ordered(order, signal) {
  const id = (count += 1);
  return new Promise((done, fail) => {
    waiting.set(id, { done, fail });
    signal?.addEventListener("abort", () => {
      worker.postMessage({ drop: id });
      fail(new DOMException("", "AbortError"));
    });
    worker.postMessage({ id, order });
  });
}

/** @param {string} address */
async function fetched(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) throw new EngineError(WORDS.offline, 0);
  return answer;
}

/** @param {string | undefined} id */
function fileOf(id) {
  const file = files.get(id ?? "");
  if (!file) throw new EngineError("This picture is gone. Choose it again.", 404);
  return file;
}

/** @param {string} id */
function addressOf(id) {
  if (!shown.has(id)) shown.set(id, URL.createObjectURL(fileOf(id)));
  return shown.get(id) ?? "";
}

/** @param {StyleRef} style */
async function given(style) {
  const { name, file, weight = 1, mask } = style;
  if (name && !pictures.has(name)) pictures.set(name, fetched(`styles/${name}.avif`).then((answer) => answer.blob()));
  const picture = name ? await pictures.get(name)?.catch((error) => {
    pictures.delete(name);
    throw error;
  }) : fileOf(file);
  return { file: picture, key: name ?? file, name, weight, mask: mask ? fileOf(mask) : null };
}

/**
 * @param {Blob} content
 * @param {StyleRef[]} styles
 * @param {Settings} settings
 * @param {{signal?: AbortSignal, type?: string, keep?: string}} more
 */
async function paint(content, styles, settings, { signal, type = "image/png", keep }) {
  const { size = 640, strength = 1, color, color_amount: amount = 1 } = settings;
  const keeps = color === "content" ? amount : 0;
  return ordered({ content, styles: await Promise.all(styles.map(given)), keep: keep ? fileOf(keep) : null, size, strength, keeps, type }, signal);
}

/** Keep a file for as long as the page is open. @param {Blob} file */
function kept(file) {
  const id = `f${(count += 1)}`;
  files.set(id, file);
  return id;
}

/**
 * Do a run: one picture, or every content in every style.
 * @param {RunState} state
 * @param {RunRequest} request
 */
async function perform(state, request) {
  const { contents = [request.content ?? ""], styles = [], settings = {}, kind } = request;
  const jobs = kind === "batch" ? contents.flatMap((content) => styles.map((style) => ({ content, styles: [style] }))) : [{ content: contents[0], styles }];
  const run = runs.get(state.id);
  const news = () => run?.see?.({ ...state, items: [...(state.items ?? [])] });
  Object.assign(state, { state: "running", total: jobs.length, message: "Painting" });
  news();
  for (const [index, job] of jobs.entries()) {
    if (run?.stopping) break;
    const id = kept(await paint(fileOf(job.content), job.styles, settings, { keep: request.keep }));
    const address = addressOf(id);
    state.done = index + 1;
    state.message = `${state.done} of ${jobs.length}`;
    if (kind === "batch") state.items?.push({ title: `${job.styles[0].name ?? "Your style"} ${index + 1}`, thumbnail: address, picture: address });
    else {
      Object.assign(state, { result: address, result_type: "image/png", history: state.id });
      const title = (styles[0]?.name ?? "Your style").replaceAll("_", " ");
      entries.unshift({
        id: state.id, title: title[0].toUpperCase() + title.slice(1), seconds_ago: Date.now() / 1000, width: 0, height: 0, thumbnail: address, picture: address,
        process: null, settings, command: "", python: "", request,
      });
    }
    news();
  }
  Object.assign(state, { state: run?.stopping ? "stopped" : "done", message: "Done" });
}

/** @param {RunRequest} request @returns {Promise<RunState>} */
async function start(request) {
  const id = `r${(count += 1)}`;
  /** @type {RunState} */
  const state = {
    id, kind: request.kind, state: "waiting", ahead: 0, done: 0, total: null, fraction: null, seconds_left: null, size: null,
    message: "Starting", preview: null, result: null, result_type: null, history: null, items: [],
  };
  runs.set(id, { state, see: null, stopping: false });
  setTimeout(async () => {
    await perform(state, request).catch((error) => Object.assign(state, { state: "failed", message: error.message }));
    runs.get(id)?.see?.({ ...state });
  });
  return { ...state };
}

/** @param {Blob} file @param {string} name @returns {Promise<import("./engine.js").Upload>} */
async function upload(file, name) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new EngineError(WORDS.noPicture, 400);
  });
  const { width, height } = bitmap;
  bitmap.close();
  const id = kept(file);
  return { id, kind: "picture", name, width, height, thumbnail: addressOf(id) };
}

/** Return this browser's engine; the network begins to load. @returns {Promise<import("./engine.js").Engine>} */
export async function browserEngine() {
  ordered(null).catch(() => undefined);
  return {
    info: INFO,
    styles: async () => (await fetched("engine/styles.json")).json(),
    examples: async () => (await fetched("engine/examples.json")).json(),
    settings: async () => ({ properties: PROPERTIES }),
    upload,
    picture: addressOf,
    paint: ({ content, styles, keep, settings }, signal) => paint(fileOf(content), styles, settings, { signal, keep }),
    frame: (frame, style, strength, signal) => paint(frame, [style], { strength, size: INFO.camera_size }, { signal, type: "image/jpeg" }),
    start,
    watch(id, see) {
      const run = runs.get(id);
      if (run) run.see = see;
      return () => void (run && (run.see = null));
    },
    async stop(id) {
      const run = runs.get(id);
      if (!run) throw new EngineError("This painting is gone.", 404);
      run.stopping = true;
      return run.state;
    },
    history: async () => entries.map(({ request: _, ...entry }) => ({ ...entry, seconds_ago: Date.now() / 1000 - entry.seconds_ago })),
    async open(id) {
      const entry = entries.find((each) => each.id === id);
      if (!entry) throw new EngineError("This picture is gone.", 404);
      const { content = "", styles = [], settings = {} } = entry.request;
      const { width, height } = await createImageBitmap(fileOf(content));
      const named = styles.map((each) => ({ ...each, thumbnail: each.name ? `styles/${each.name}.jpg` : addressOf(each.file ?? "") }));
      return { content: { id: content, kind: "picture", name: "photo", width, height, thumbnail: addressOf(content) }, styles: named, settings };
    },
    recipe: () => "",
    async forget(id) {
      entries = entries.filter((each) => each.id !== id);
    },
  };
}
