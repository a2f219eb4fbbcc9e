/** Building and finding elements. */
import { isPassing } from "./engine.js";

/**
 * Make an element. `on…` are listeners, names with a hyphen and `role` are attributes, others properties.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [given]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  made.append(...children.filter((each) => each !== null));
  return made;
}

/** Return a picture of icons.svg. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Return the element of the page with an id. @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param {string} id */
export const button = (id) => find(id, HTMLButtonElement);
/** @param {string} id */
export const input = (id) => find(id, HTMLInputElement);
/** @param {string} id */
export const place = (id) => find(id, HTMLElement);

/** Call a function once its caller has been quiet for a while. @param {() => void} action @param {number} ms */
export function atRest(action, ms) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, ms);
  };
}

/** Give a file to the person. @param {string} address @param {string} name */
export function download(address, name) {
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** What closes the things that are open over the picture, the last one first. @type {(() => void)[]} */
const closers = [];

/** Let the way back lead to the picture while something is open over it. */
const settle = atRest(() => {
  const covered = Boolean(history.state?.covered);
  if (closers.length && !covered) history.pushState({ covered: true }, "");
  if (!closers.length && covered) history.back();
}, 50);

/** Something opens over the picture: Escape and the way back close it. @param {() => void} close */
export function covers(close) {
  if (!closers.includes(close)) closers.push(close);
  settle();
}

/** It has been closed. @param {() => void} close */
export function uncovers(close) {
  if (closers.includes(close)) closers.splice(closers.indexOf(close), 1);
  settle();
}

addEventListener("popstate", () => {
  if (!history.state?.covered) closers.pop()?.();
  settle();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && closers.at(-1)?.());

const status = place("status");
let clearing = 0;

/**
 * Say a sentence in the status line.
 * @param {string} sentence
 * @param {{error?: boolean, action?: string, act?: () => void, seconds?: number}} [more]
 */
export function say(sentence, { error = false, action, act, seconds } = {}) {
  clearTimeout(clearing);
  status.classList.toggle("error", error);
  const does = action && el("button", { type: "button", onclick: () => { status.replaceChildren(); act?.(); } }, action);
  status.replaceChildren(...(sentence ? [sentence] : []), ...(does ? [does] : []));
  if (seconds) clearing = setTimeout(() => status.replaceChildren(), seconds * 1000);
}

/** Say what an error says, unless somebody wanted it. @param {unknown} error @param {() => void} [again]  offered where it may help */
export function sayError(error, again) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  const more = again && isPassing(error) ? { action: "Try again", act: again } : {};
  say(error instanceof Error ? error.message : String(error), { error: true, ...more });
}
