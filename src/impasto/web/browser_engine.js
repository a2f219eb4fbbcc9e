/**
 * The engine that is this browser: the any-style network in a worker. Nothing leaves the device.
 *
 * @import { Engine, Entry, Info, Item, Opened, Property, RunRequest, RunState, Settings, StyleRef, Upload } from "./engine.js"
 * @typedef {{state: RunState, see: (state: RunState) => void, stopping: boolean}} Run
 */
import { EngineError, FRESH } from "./engine.js";
import { dropPicture, keepPicture, keptPictures } from "./kept.js";
import { plainName, WORDS } from "./words.js";

/** @type {Info} */
const INFO = { max_size: 1024, max_upload: 200e6, camera_size: 256, sketch_size: 256, one_pass: true };
/** @type {Record<string, Property>} */
const PROPERTIES = {
  color_amount: { type: "number", description: "How much of the photo's colors is kept.", default: 1, minimum: 0, maximum: 1, "x-group": "Picture" },
};

/** What makes one file of several; here from the first visit on, so that it works offline, too. */
const zip = import(new URL("engine/zip.js", import.meta.url).href);

/** Longest side of a picture that is painted at a tap, and of a thumbnail. */
const QUICK = 640;
const THUMBNAIL = 192;
/** Side of what is painted to get ready. */
const LEAST = 128;

/** @type {Map<string, {file: File, address: string, since: number, longest?: number}>} */
const files = new Map();
/** @type {Map<string, Run>} */
const runs = new Map();
let count = 0;

/** Is there from the first order on. @type {Worker | null} */
let worker = null;

/** Have the worker paint. @param {object} order @param {AbortSignal} [signal] @returns {Promise<Blob>} */
function ordered(order, signal) {
  worker ??= new Worker(new URL("painter_worker.js", import.meta.url), { type: "module" });
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(order, [port2]);
  return new Promise((done, fail) => {
    port1.onmessage = ({ data: { blob, error } }) => (error ? fail(new EngineError(error, 500)) : done(blob));
    signal?.addEventListener("abort", () => {
      port1.postMessage("drop");
      fail(signal.reason);
    });
  });
}

/** @param {string} address */
async function fetched(address) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) throw new EngineError(WORDS.offline, 0);
  return answer.json();
}

/** @param {string | undefined} id */
function fileOf(id) {
  const found = files.get(id ?? "");
  if (!found) throw new EngineError("This picture is gone. Choose it again.", 404);
  return found;
}

/** @param {StyleRef} style */
function given({ name, file, weight = 1, mask }) {
  const picture = name ? `styles/${name}.avif` : fileOf(file).file;
  return { file: picture, key: name ?? file, name, weight, mask: mask ? fileOf(mask).file : null };
}

/**
 * @param {Blob} content
 * @param {StyleRef[]} styles
 * @param {Settings} settings
 * @param {{signal?: AbortSignal, type?: string, keep?: string, quick?: boolean, photo?: string}} more  photo: the id of the content
 */
async function paint(content, styles, settings, { signal, type = "image/png", keep, quick, photo }) {
  const { size, strength = 1, color, color_amount: amount = 1 } = settings;
  // At a tap, styles are as they are read for most pictures: they need not be read again.
  const read = quick ? QUICK : size;
  const keeps = color === "content" ? amount : 0;
  return ordered({ content, photo, styles: styles.map(given), keep: keep ? fileOf(keep).file : null, size, read, strength, keeps, type }, signal);
}

/** Paint next to nothing, so that the network and the style are there and ready when a photo is. @param {StyleRef} style */
async function warm(style) {
  const blank = new OffscreenCanvas(LEAST, LEAST);
  blank.getContext("2d");
  await paint(await blank.convertToBlob(), [style], { size: LEAST }, { quick: true }).catch(() => undefined);
}

/** Hold a file for as long as the page needs it. @param {Blob} blob @param {string} name */
function held(blob, name) {
  const id = `f${(count += 1)}`;
  const file = new File([blob], name, { type: blob.type });
  files.set(id, { file, address: URL.createObjectURL(file), since: Date.now() });
  return id;
}

/** Return what a style is called. @param {StyleRef | undefined} style */
function titleOf(style) {
  const name = (style?.name ?? (style?.file && files.get(style.file)?.file.name.replace(/\.\w+$/, "")) ?? "Your style").replaceAll("_", " ");
  return name[0].toUpperCase() + name.slice(1);
}

/** Return a small copy of a picture. @param {Blob} picture */
async function small(picture) {
  const bitmap = await createImageBitmap(picture);
  const scale = Math.min(1, THUMBNAIL / Math.min(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/webp" });
}

/** Keep a painting in the history. @param {string} id @param {RunRequest} request @param {Blob} picture */
async function remember(id, request, picture) {
  const { content, styles = [], keep } = request;
  const named = [content, keep, ...styles.flatMap(({ file, mask }) => [file, mask])].filter((each) => each !== undefined);
  const used = Object.fromEntries(named.map((each) => [each, fileOf(each).file]));
  await keepPicture({ id, title: styles.map(titleOf).join(", "), when: Date.now(), request, files: used, picture, thumbnail: await small(picture) });
}

/** Do a run: one picture, or every content in every style. @param {Run} run @param {RunRequest} request */
async function perform(run, request) {
  const { state } = run;
  /** @type {Item[]} */
  const items = [];
  const { contents = [request.content ?? ""], styles = [], settings = {}, kind, keep } = request;
  const jobs = kind === "batch" ? contents.flatMap((content) => styles.map((style) => ({ content, styles: [style] }))) : [{ content: contents[0], styles }];
  const painted = /** @type {File[]} */ ([]);
  Object.assign(state, { state: "running", total: jobs.length, message: "Painting" });
  for (const [index, job] of jobs.entries()) {
    run.see({ ...state, items: [...items] });
    if (run.stopping) break;
    const { file, longest } = fileOf(job.content);
    const size = settings.size ?? Math.min(INFO.max_size, longest ?? QUICK);
    const picture = await paint(file, job.styles, { ...settings, size }, { keep, photo: job.content });
    const title = `${plainName(file.name)}_${plainName(titleOf(job.styles[0]))}`;
    painted.push(new File([picture], `${String(index + 1).padStart(3, "0")}_${title}.png`));
    const { address } = fileOf(held(picture, title));
    Object.assign(state, { fraction: (index + 1) / jobs.length, message: `${index + 1} of ${jobs.length}` });
    if (kind === "batch") items.push({ title, thumbnail: address, picture: address });
    else {
      await remember(state.id, request, picture);
      Object.assign(state, { result: address, history: state.id });
    }
  }
  if (kind === "batch" && painted.length) state.result = fileOf(held(await (await zip).downloadZip(painted).blob(), "impasto.zip")).address;
  Object.assign(state, { state: run.stopping ? "stopped" : "done", message: "Done", items });
}

/** @param {RunRequest} request @returns {Promise<RunState>} */
async function start(request) {
  const id = `${Date.now()}-${(count += 1)}`;
  /** @type {Run} */
  const run = { state: { id, state: "waiting", message: "Starting" }, see: () => undefined, stopping: false };
  runs.set(id, run);
  setTimeout(async () => {
    await perform(run, request).catch((error) => Object.assign(run.state, { state: "failed", message: error.message }));
    run.see(run.state);
    runs.delete(id);
  });
  return run.state;
}

/** Return a file that the page can paint. @param {Blob} file @param {string} name @returns {Promise<Upload>} */
async function upload(file, name) {
  const bitmap = await createImageBitmap(file).catch(async () => {
    const head = await file.slice(4, 12).text();
    throw new EngineError(/^ftyp(he|mif1|msf1)/.test(head) ? WORDS.heic : WORDS.notHere, 400);
  });
  const { width, height } = bitmap;
  bitmap.close();
  const id = held(file, name);
  fileOf(id).longest = Math.max(width, height);
  return { id, kind: "picture", name, width, height, thumbnail: fileOf(id).address };
}

/** @type {Map<string, string>} Addresses of what is kept. */
const shown = new Map();
/** @param {string} key @param {Blob} file */
function addressOf(key, file) {
  const address = shown.get(key) ?? URL.createObjectURL(file);
  shown.set(key, address);
  return address;
}

/** @returns {Promise<Entry[]>} */
async function history() {
  return (await keptPictures()).map(({ id, title, when, request, picture, thumbnail }) => ({
    id, title, seconds_ago: (Date.now() - when) / 1000, width: 0, height: 0, thumbnail: addressOf(`${id} small`, thumbnail), picture: addressOf(id, picture),
    process: null, settings: request.settings ?? {}, command: "", python: "",
  }));
}

/** Make files again of what a picture was made of. @param {string} id @returns {Promise<Opened>} */
async function open(id) {
  const entry = (await keptPictures()).find((each) => each.id === id);
  if (!entry) throw new EngineError("This picture is gone.", 404);
  const { content: photo = "", styles = [], keep, settings = {} } = entry.request;
  const made = Object.fromEntries(Object.entries(entry.files).map(([old, file]) => [old, held(file, file.name)]));
  const again = styles.map(({ name, file, mask, weight }) => {
    const own = file && made[file];
    return { name, file: own, weight, mask: mask && made[mask], thumbnail: own ? fileOf(own).address : `styles/${name}.webp` };
  });
  const { file } = fileOf(made[photo]);
  const content = await upload(file, file.name);
  return { content, styles: again, keep: keep ? made[keep] : null, settings };
}

/** Return this browser's engine. @returns {Engine} */
export function browserEngine() {
  return {
    info: INFO,
    warm,
    styles: () => fetched("engine/styles.json"),
    examples: () => fetched("engine/examples.json"),
    settings: async () => ({ properties: PROPERTIES }),
    upload,
    picture: (id) => fileOf(id).address,
    paint: ({ content, styles, keep, settings }, signal) => paint(fileOf(content).file, styles, settings, { signal, keep, quick: true, photo: content, type: "image/jpeg" }),
    frame: (frame, style, strength, signal) => paint(frame, [style], { strength, size: INFO.camera_size }, { signal, type: "image/jpeg" }),
    start,
    watch: (id, see) => void Object.assign(runs.get(id) ?? {}, { see }),
    stop: async (id) => Object.assign(runs.get(id) ?? {}, { stopping: true }),
    history,
    open,
    recipe: () => "",
    forget: dropPicture,
    release(used) {
      for (const [id, { address, since }] of files) {
        const idle = !used.has(id) && !used.has(address) && Date.now() - since > FRESH;
        if (idle && files.delete(id)) URL.revokeObjectURL(address);
      }
    },
  };
}
