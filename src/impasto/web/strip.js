/** The strip of styles: one's own first, then drawn ones, paintings, and those kept under a name. */
import { el, icon, input, place, sayError } from "./dom.js";
import { needing, on, session, tell } from "./session.js";

/** @import { Style, StyleRef } from "./engine.js" */
/** @import { Choice } from "./session.js" */

const tiles = place("tiles");
const search = input("find-style");
const file = input("file-style");
/** From this number of styles on there is a search field. */
const MANY = 20;
/** @type {Choice[]} */
let known = [];
/** @type {Choice[]} Styles that were brought along, newest first. */
const brought = [];
/** @type {(choice: Choice) => boolean} Says whether a mode takes a tap itself. */
let taken = () => false;
/** @type {() => string[]} Keys of the tiles that are pressed. */
let pressed = () => (session.style ? [session.style.key] : []);

/** Return all styles that there are. */
export const choices = () => [...brought, ...known];

/** Pictures of tiles are fetched when they come near. */
const near = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting || !(target instanceof HTMLImageElement)) continue;
    target.src = target.dataset.src ?? "";
    near.unobserve(target);
  }
}, { root: tiles, rootMargin: "0px 160px" });

/** Let a mode say what a tap on a tile does. @param {(choice: Choice) => boolean} tap @param {() => string[]} keys */
export function setPicking(tap, keys) {
  taken = tap;
  pressed = keys;
}

/** @param {Style} style @returns {Choice} */
const choiceOf = ({ name, ...facts }) => ({ key: `name:${name}`, ref: { name }, ...facts });

/** @param {Choice} choice */
function tileOf(choice) {
  const more = choice.here ? choice.description : `${choice.description}. Downloaded when first used. ${choice.license ?? ""}`;
  const initials = choice.title.split(/\s+/).filter((word) => /^[A-Z]/.test(word)).map((word) => word[0]).slice(0, 2).join("");
  const letters = el("span", { className: "letters", "aria-hidden": true }, initials);
  const face = choice.thumbnail && choice.here
    ? el("img", { "data-src": choice.thumbnail, alt: "", onerror: /** @param {Event} event */ (event) => event.target instanceof Element && event.target.replaceWith(letters) })
    : letters;
  const mark = el("span", { className: "mark", title: "Downloaded when first used" }, icon("down"));
  return el("button", {
    type: "button", className: "tile", title: more, "data-key": choice.key, "aria-pressed": "false",
    onclick: () => pick(choice),
  }, el("span", { className: "face" }, face, choice.here ? null : mark), el("span", { className: "name" }, choice.title));
}

/** @param {Choice} choice */
export function pick(choice) {
  if (!taken(choice)) {
    session.style = choice;
    tell("style");
  }
  markTiles();
}

/** Show which tiles are chosen. */
export function markTiles() {
  const keys = pressed();
  for (const tile of tiles.querySelectorAll("[data-key]")) {
    tile.setAttribute("aria-pressed", String(keys.includes(tile.getAttribute("data-key") ?? "")));
  }
  enterAt(tiles.querySelector("[aria-pressed=true]") ?? tiles.querySelector(".tile"));
}

/** Let the Tab key come to one tile; arrow keys go on from there. @param {Element | null} entry */
function enterAt(entry) {
  for (const tile of tiles.querySelectorAll("button")) tile.tabIndex = tile === entry ? 0 : -1;
}

/** @param {KeyboardEvent} event */
function moveFocus(event) {
  const all = [...tiles.querySelectorAll("button")];
  const at = all.findIndex((tile) => tile === document.activeElement);
  const moves = /** @type {Record<string, number>} */ ({ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 });
  const next = all[moves[event.key] ?? -1];
  if (at < 0 || !next) return;
  event.preventDefault();
  enterAt(next);
  next.focus();
}

/** Turn a wheel on one tile. @param {string} [busy]  its key; none: on no tile */
export function tileBusy(busy) {
  for (const tile of tiles.children) tile.ariaBusy = String(tile.getAttribute("data-key") === (busy ?? ""));
}

/** Draw the tiles anew. */
function draw() {
  const wanted = search.value.trim().toLowerCase();
  const all = choices();
  const found = all.filter(({ title, description }) => `${title} ${description}`.toLowerCase().includes(wanted));
  const own = el("button", { type: "button", className: "tile", title: "Use a picture of your own", onclick: () => file.click() },
    el("span", { className: "face add" }, icon("plus")), el("span", { className: "name" }, "Your style"));
  tiles.replaceChildren(own, ...found.map(tileOf), found.length ? "" : el("p", { className: "nothing" }, "No style has this name."));
  place("find-place").hidden = all.length < MANY;
  for (const each of tiles.querySelectorAll("img")) near.observe(each);
  markTiles();
}

/** Use a picture as a style. @param {Blob} picture @param {string} name */
export async function bringStyle(picture, name) {
  try {
    const { id, thumbnail } = await session.engine.upload(picture, name);
    addStyle({ file: id }, name.replace(/\.\w+$/, "") || "Your style", thumbnail);
  } catch (error) {
    sayError(error, () => bringStyle(picture, name));
  }
}

/** Add a style that is an uploaded file, and choose it. @param {StyleRef} ref @param {string} title @param {string | null} thumbnail */
export function addStyle(ref, title, thumbnail) {
  pick(keepStyle(ref, title, thumbnail));
  tiles.scrollTo({ left: 0, behavior: "smooth" });
}

/** Return the tile of a style; add one where there is none. @param {StyleRef} ref @param {string} title @param {string | null} thumbnail */
export function keepStyle(ref, title, thumbnail) {
  const key = ref.name ? `name:${ref.name}` : `file:${ref.file}`;
  const old = choices().find((each) => each.key === key);
  if (old) return old;
  const { name, file } = ref;
  const choice = { key, title, description: title, thumbnail, ref: name ? { name } : { file }, here: true, kind: "own", license: null };
  brought.unshift(choice);
  draw();
  return choice;
}

/** Fill the strip. */
export async function startStrip() {
  needing(() => brought.map(({ ref }) => ref.file));
  search.addEventListener("input", draw);
  tiles.addEventListener("keydown", moveFocus);
  tiles.addEventListener("wheel", ({ deltaX, deltaY }) => deltaX || tiles.scrollBy(deltaY, 0), { passive: true });
  file.addEventListener("change", async () => {
    for (const each of file.files ?? []) await bringStyle(each, each.name);
    file.value = "";
  });
  on(["style"], markTiles);
  draw();
  const order = ["drawing", "painting", "own"];
  const given = await session.engine.styles();
  known = given.map(choiceOf).sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  session.style ??= known.find(({ here }) => here) ?? null;
  draw();
  tell("style");
}
