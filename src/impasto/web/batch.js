/** The mode that paints many photos in many styles. */
import { button, el, place, say, sayError } from "./dom.js";
import { refresh, setJob } from "./painting.js";
import { pressedWithRegions, takeOntoBrush } from "./regions.js";
import { fullSettings, needing, on, session } from "./session.js";
import { setResult } from "./stage.js";
import { bringStyle, markTiles, setPicking } from "./strip.js";
import { WORDS } from "./words.js";

/** @import { Item, RunState, Upload } from "./engine.js" */
/** @import { Choice } from "./session.js" */

/** @type {Upload[]} */
let photos = [];
/** @type {Choice[]} */
let chosen = [];
const file = el("input", { type: "file", multiple: true, accept: "image/*,.heic,.heif,.tif,.tiff", hidden: true, onchange: () => addPhotos([...(file.files ?? [])]) });
const photoRow = el("div", { className: "chosen" });
const styleRow = el("div", { className: "chosen" });
const photoLine = el("p", {});
const styleLine = el("p", {});
const results = el("div", { className: "results", "aria-label": "Painted pictures", role: "group", tabIndex: 0 });

/** Photos that are being opened. */
let opening = 0;

/** @param {File[]} files */
async function addPhotos(files) {
  opening += 1;
  refresh();
  for (const [index, each] of files.entries()) {
    say(`Opening ${index + 1} of ${files.length}`);
    try {
      photos.push(await session.engine.upload(each, each.name));
      say("");
    } catch (error) {
      sayError(error);
    }
    draw();
  }
  file.value = "";
  opening -= 1;
  refresh();
}

/** Return a picture that a tap takes out. @param {string} title @param {string | null} thumbnail @param {() => void} remove */
function chip(title, thumbnail, remove) {
  const act = () => {
    remove();
    draw();
    markTiles();
  };
  return el("button", { type: "button", title: `Take out ${title}`, "aria-label": `Take out ${title}`, onclick: act },
    thumbnail ? el("img", { src: thumbnail, alt: "" }) : title.slice(0, 2));
}

/** @param {number} count @param {string} one */
const counted = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

function draw() {
  photoLine.textContent = photos.length ? counted(photos.length, "photo") : "Drop photos, or choose them";
  styleLine.textContent = chosen.length ? counted(chosen.length, "style") : "Tap styles below, or drop pictures";
  photoRow.replaceChildren(...photos.map((each) => chip(each.name, each.thumbnail, () => (photos = photos.filter((other) => other !== each)))));
  styleRow.replaceChildren(...chosen.map((each) => chip(each.title, each.here ? each.thumbnail : null, () => (chosen = chosen.filter((other) => other !== each)))));
  refresh();
}

/** Return what is seen of a painting; none: it waits. @param {Item} [item] */
function cellOf(item) {
  if (!item || item.error) return el("div", {}, el("span", { className: "blank" }), el("span", {}, item?.error ?? "Waiting"));
  return el("a", { href: item.picture, download: "", title: `Save ${item.title}` }, el("img", { src: item.thumbnail, alt: "" }), el("span", {}, item.title));
}

/** Return what fills the grid as a run paints. @returns {(state: RunState) => void} */
function follow() {
  let seen = 0;
  results.replaceChildren();
  return ({ items = [], total, result }) => {
    while (results.children.length < Math.max(total ?? 0, items.length)) results.append(cellOf());
    for (; seen < items.length; seen += 1) results.children[seen].replaceWith(cellOf(items[seen]));
    if (result) setResult({ address: result, name: "impasto.zip" });
  };
}

export function enter() {
  setPicking((choice) => {
    chosen = chosen.some(({ key }) => key === choice.key) ? chosen.filter(({ key }) => key !== choice.key) : [...chosen, choice];
    draw();
    return true;
  }, () => chosen.map(({ key }) => key));
  if (!chosen.length && session.style) chosen = [session.style];
  if (!photos.length && session.photo) photos = [session.photo];
  button("save").title = "Save all as a ZIP file";
  setResult(null);
  setJob({ follow, label: "Paint all", request: () => {
    if (opening) return "The photos are being opened.";
    if (!photos.length) return WORDS.choosePhoto;
    if (!chosen.length) return WORDS.chooseStyle;
    return { kind: "batch", contents: photos.map(({ id }) => id), styles: chosen.map(({ ref }) => ref), settings: { ...fullSettings(), size: session.size || undefined } }; // else each its own
  } });
  draw();
}

export function leave() {
  setPicking(takeOntoBrush, pressedWithRegions);
  button("save").title = "Save";
  setResult(null);
}

const photoPlace = el("div", { className: "drop" }, photoLine, photoRow, el("button", { type: "button", onclick: () => file.click() }, "Choose photos"));
const stylePlace = el("div", { className: "drop" }, styleLine, styleRow, el("button", { type: "button", onclick: () => place("file-style").click() }, "Choose styles"));
photoPlace.addEventListener("drop", (event) => void addPhotos([...(event.dataTransfer?.files ?? [])]));
stylePlace.addEventListener("drop", async (event) => {
  for (const each of event.dataTransfer?.files ?? []) await bringStyle(each, each.name);
});
on(["add"], () => session.mode === "batch" && file.click());
needing(() => [...photos.map(({ id }) => id), ...chosen.map(({ ref }) => ref.file), ...[...results.querySelectorAll("a")].map((each) => each.getAttribute("href"))]);
place("batch").append(photoPlace, stylePlace, results, file);
