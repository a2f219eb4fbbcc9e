/** Building and finding elements. */
import { isPassing } from "./engine.js";

/**
 * Make an element. `on…` are listeners, names with a hyphen and `role` are attributes, others properties.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [given]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  made.append(...children.flatMap((each) => each || []));
  return made;
}

/** Return a picture of icons.svg. @param {string} name */
export const icon = (name) => document.createRange().createContextualFragment(`<svg><use href="icons.svg#${name}"/></svg>`);

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

/** Note a choice on the page, and for the next visit. @param {string} name @param {string} value */
export function remember(name, value) {
  document.documentElement.dataset[name] = value;
  try {
    localStorage[name] = value;
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
}

/** Give a file to the person. @param {string} href @param {string} name */
export const download = (href, name) => el("a", { href, download: name }).click();

/** What closes the things that are open over the picture. @type {Set<() => void>} */
const closers = new Set();
const closeLast = () => [...closers].at(-1)?.();

/** Whether the page itself goes back, which closes nothing that was opened meanwhile. */
let goesBack = false;

/** Let the way back lead to the picture while something is open over it. */
const settle = atRest(() => {
  const covered = Boolean(history.state?.covered);
  if (closers.size && !covered) history.pushState({ covered: true }, "");
  if (!closers.size && covered && !goesBack) {
    goesBack = true;
    history.back();
  }
}, 50);

/** Something opens over the picture, or has been closed: Escape and the way back close it. @param {boolean} open @param {() => void} close */
export function covers(open, close) {
  closers.delete(close);
  if (open) closers.add(close);
  settle();
}

addEventListener("popstate", () => {
  if (!goesBack && !history.state?.covered) closeLast();
  goesBack = false;
  settle();
});
document.addEventListener("keydown", (event) => event.key === "Escape" && closeLast());

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
  status.replaceChildren(sentence, does ?? "");
  if (seconds) clearing = setTimeout(() => status.replaceChildren(), seconds * 1000);
}

/** Whether somebody wanted the error. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** Say what an error says, unless somebody wanted it. @param {unknown} error @param {() => void} [again]  offered where it may help */
export function sayError(error, again) {
  if (isAbort(error)) return;
  const more = again && isPassing(error) ? { action: "Try again", act: again } : {};
  say(error instanceof Error ? error.message : String(error), { error: true, ...more });
}
