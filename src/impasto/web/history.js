/** The pictures painted before: a strip that slides over the styles. */
import { button, covers, download, el, icon, place, say, sayError, uncovers } from "./dom.js";
import { setPhoto } from "./photo.js";
import { dropQuick } from "./quick.js";
import { on, session, tell } from "./session.js";
import { setBusy, showPhoto, showPicture } from "./stage.js";
import { keepStyle } from "./strip.js";
import { ago, plainName } from "./words.js";

/** @typedef {import("./engine.js").Entry} Entry */

/** Milliseconds in which a deletion can be undone, and pixels of a swipe. */
const UNDO = 8000;
const SWIPE = 60;
/** What styles and regions stand for. */
const ELSEWHERE = new Set(["masks", "style_weights"]);
/** @type {Entry[]} */
let entries = [];
/** @type {Entry | null} */
let chosen = null;
/** @type {Map<string, number>} Entries that are deleted once their time has passed. */
const leaving = new Map();
const panel = place("history");
const openers = [button("history-narrow"), button("history-wide")];

/** Something was painted or deleted. */
export async function historyChanged() {
  if (panel.hidden) return;
  try {
    entries = await session.engine.history();
    draw();
  } catch (error) {
    sayError(error);
  }
}

/** @param {boolean} open */
function show(open) {
  const inside = panel.contains(document.activeElement);
  panel.hidden = !open;
  (open ? covers : uncovers)(close);
  for (const each of openers) each.setAttribute("aria-expanded", String(open));
  place("strip").inert = open;
  if (open) {
    draw();
    historyChanged();
  } else if (inside) openers.find((each) => each.offsetParent)?.focus();
}

const close = () => panel.hidden || show(false);

function draw() {
  const scrolled = panel.querySelector(".tiles")?.scrollLeft ?? 0;
  const shown = entries.filter(({ id }) => !leaving.has(id));
  const tiles = el("div", { className: "tiles", role: "group", "aria-label": "Painted before" }, ...shown.map(tileOf));
  if (!shown.length) tiles.append(el("p", { className: "nothing" }, "What you paint in full is kept here."));
  const end = el("button", { type: "button", className: "icon", "aria-label": "Close history", onclick: close }, icon("close"));
  panel.replaceChildren(el("header", {}, end, el("h2", {}, "History"), ...actions()), tiles);
  tiles.scrollLeft = scrolled;
}

/** @param {Entry} entry */
function tileOf(entry) {
  const face = el("span", { className: "face" }, el("img", { src: entry.thumbnail, alt: "", draggable: false }));
  const tile = el("button", {
    type: "button", className: "tile", title: entry.title, "aria-pressed": String(entry.id === chosen?.id), onclick: () => open(entry),
  }, face, el("span", { className: "name" }, entry.title), el("span", { className: "name small" }, ago(entry.seconds_ago)));
  const remove = el("button", { type: "button", className: "icon delete", "aria-label": `Delete ${entry.title}`, onclick: () => forget(entry) }, icon("close"));
  let from = 0;
  const whole = el("div", { className: "entry",
    onpointerdown: /** @param {PointerEvent} event */ (event) => (from = event.clientY),
    onpointerup: /** @param {PointerEvent} event */ (event) => void (from - event.clientY > SWIPE && forget(entry)),
  }, tile, remove);
  whole.style.touchAction = "pan-x";
  return whole;
}

/** Return what can be done with the chosen entry. */
function actions() {
  const entry = chosen;
  if (!entry) return [];
  const recipe = session.engine.recipe(entry.id);
  /** @param {string} title @param {() => void} does */
  const action = (title, does) => el("button", { type: "button", onclick: does }, title);
  return [
    action("Same again", () => button("paint-button").click()),
    ...(recipe ? [action("Recipe", () => download(recipe, `${plainName(entry.title)}.json`))] : []),
    ...(entry.command ? [action("Copy command", () => copy(entry.command, "The command is copied."))] : []),
    ...(entry.python ? [action("Copy Python", () => copy(entry.python, "The Python code is copied."))] : []),
    ...(entry.process ? [action("How it was painted", () => download(entry.process ?? "", ""))] : []),
  ];
}

/** @param {string} text @param {string} done */
async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    say(done, { seconds: 4 });
  } catch {
    say(text);
  }
}

/**
 * Take the settings of a run: what differs from the defaults, and the quality that they come to.
 * @param {import("./engine.js").Settings} given
 */
function takeSettings({ size, quality, method, encoder, ...given }) {
  /** @param {string} name @param {unknown} value */
  const differs = (name, value) => JSON.stringify(value ?? null) !== JSON.stringify(session.schema[name]?.default ?? null);
  const settings = Object.fromEntries(Object.entries(given).filter(([name, value]) => !ELSEWHERE.has(name) && differs(name, value) && (name !== "keep" || value === "faces")));
  const named = quality ?? (method === "fast" ? "draft" : method !== "optimize" ? null : { pocket: "good", vgg19: "best" }[String(encoder ?? "pocket")]);
  if (!named && method) Object.assign(settings, { method, ...(encoder ? { encoder } : {}) });
  Object.assign(session, { settings, size: Number(size ?? 0), quality: String(named ?? session.quality) });
}

/** Return the tile of a style that an entry was painted in. @param {import("./engine.js").StyleRef} ref */
function choiceOf(ref) {
  const address = ref.thumbnail ?? (ref.name ? `api/styles/${ref.name}/thumbnail` : `api/files/${ref.file}/thumbnail`);
  return keepStyle(ref, ref.title ?? (ref.name ?? "Your style").replaceAll("_", " "), address);
}

/** Make an entry the picture again, with its photo, styles and settings. @param {Entry} entry */
async function open(entry) {
  setBusy(true);
  try {
    const opened = await session.engine.open(entry.id);
    session.photo = null; // So that nothing is painted meanwhile.
    const [first] = opened.styles;
    if (first) session.style = choiceOf(first);
    takeSettings(opened.settings);
    tell("style");
    tell("settings");
    showPhoto(session.engine.picture(opened.content.id), opened.content.width, opened.content.height);
    setPhoto(opened.content);
    session.mix = opened.styles.slice(1).flatMap((ref) => (ref.mask ? [] : [{ choice: choiceOf(ref), share: ref.weight ?? 1 }]));
    session.share = first?.weight ?? 1;
    session.regions = opened.styles.slice(1).flatMap((ref) => (ref.mask ? [{ ref, mask: ref.mask }] : []));
    session.keep = typeof opened.keep === "string" ? opened.keep : (opened.keep?.file ?? null);
    dropQuick();
    await showPicture(entry.picture, { name: `${plainName(entry.title)}.png`, alt: entry.title });
    chosen = entry;
    draw();
  } catch (error) {
    setBusy(false);
    sayError(error);
  }
}

/** @param {Entry} entry */
function forget(entry) {
  const timer = setTimeout(() => forgetNow(entry.id), UNDO);
  leaving.set(entry.id, timer);
  if (chosen?.id === entry.id) chosen = null;
  draw();
  say("Deleted.", { seconds: UNDO / 1000, action: "Undo", act: () => {
    clearTimeout(timer);
    leaving.delete(entry.id);
    draw();
  } });
}

/** @param {string} id */
async function forgetNow(id) {
  clearTimeout(leaving.get(id));
  try {
    await session.engine.forget(id);
    entries = entries.filter((each) => each.id !== id);
  } catch (error) {
    sayError(error);
  }
  leaving.delete(id);
}

/** Begin to listen. */
export function startHistory() {
  for (const each of openers) each.addEventListener("click", () => show(Boolean(panel.hidden)));
  on("mode", close);
  addEventListener("pagehide", () => [...leaving.keys()].forEach((id) => void forgetNow(id)));
}
