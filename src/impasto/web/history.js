/** The pictures painted before: a strip that slides over the styles. */
import { button, covers, download, el, icon, place, say, sayError } from "./dom.js";
import { setPhoto } from "./photo.js";
import { dropQuick } from "./quick.js";
import { on, session, tell } from "./session.js";
import { setBusy, showPhoto, showPicture } from "./stage.js";
import { keepStyle } from "./strip.js";
import { ago, plainName } from "./words.js";

/** @import { Entry, Settings, StyleRef } from "./engine.js" */

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
const opener = button("show-history");

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
  covers(open, close);
  opener.setAttribute("aria-expanded", String(open));
  place("strip").inert = open;
  if (open) {
    draw();
    historyChanged();
  } else if (inside) opener.focus();
}

const close = () => panel.hidden || show(false);

function draw() {
  const scrolled = panel.querySelector(".tiles")?.scrollLeft ?? 0;
  const shown = entries.filter(({ id }) => !leaving.has(id));
  const nothing = !shown.length && el("p", { className: "nothing" }, "What you paint in full is kept here.");
  const tiles = el("div", { className: "tiles", role: "group", "aria-label": "Painted before" }, ...shown.map(tileOf), nothing);
  const end = el("button", { type: "button", className: "icon", "aria-label": "Close history", onclick: close }, icon("close"));
  panel.replaceChildren(el("header", {}, end, el("h2", {}, "History"), ...(chosen ? actions(chosen) : [])), tiles);
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
  return el("div", {
    className: "entry",
    onpointerdown: /** @param {PointerEvent} event */ (event) => (from = event.clientY),
    onpointerup: /** @param {PointerEvent} event */ (event) => from - event.clientY > SWIPE && forget(entry),
  }, tile, remove);
}

/** Return what can be done with an entry. @param {Entry} entry */
function actions({ id, title, command, python, process }) {
  const recipe = session.engine.recipe(id);
  /** @param {string} name @param {() => void} onclick */
  const action = (name, onclick) => el("button", { type: "button", onclick }, name);
  return [
    action("Same again", () => button("paint-button").click()),
    recipe && action("Recipe", () => download(recipe, `${plainName(title)}.json`)),
    command && action("Copy command", () => copy(command, "The command is copied.")),
    python && action("Copy Python", () => copy(python, "The Python code is copied.")),
    process && action("How it was painted", () => download(process, "")),
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

/** Take the settings of a run: what differs from the defaults, and the quality that they come to. @param {Settings} given */
function takeSettings({ size, quality, method = "optimize", encoder = "pocket", ...given }) {
  /** @param {string} name @param {unknown} value */
  const differs = (name, value) => JSON.stringify(value ?? null) !== JSON.stringify(session.schema[name]?.default ?? null);
  const settings = Object.fromEntries(Object.entries(given).filter(([name, value]) => !ELSEWHERE.has(name) && differs(name, value) && (name !== "keep" || value === "faces")));
  const named = quality ?? (method === "fast" ? "draft" : method !== "optimize" ? null : { pocket: "good", vgg19: "best" }[String(encoder)]);
  if (!named) Object.assign(settings, method === "optimize" ? { encoder } : { method });
  Object.assign(session, { settings, size: Number(size ?? 0), quality: String(named ?? session.quality) });
}

/** Return the tile of a style that an entry was painted in. @param {StyleRef} ref */
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
    tell("regions"); // And the mix.
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
  opener.addEventListener("click", () => show(panel.hidden === true));
  on(["mode"], close);
  addEventListener("pagehide", () => [...leaving.keys()].forEach((id) => void forgetNow(id)));
}
