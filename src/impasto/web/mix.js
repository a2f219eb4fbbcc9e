/** Several styles at once, each with a share of the whole. */
import { atRest, el, find, icon, place } from "./dom.js";
import { on, session, tell } from "./session.js";
import { choices, markTiles } from "./strip.js";

/** @import { Choice } from "./session.js" */

/** Styles at once, at most. */
const MOST = 5;
const rows = el("div", { className: "inner" });
const more = el("select", { "aria-label": "Add a style", onchange: () => {
  const choice = choices().find(({ key }) => key === more.value);
  if (choice) session.mix.push({ choice, share: 0.5 });
  changed();
} });
const soon = atRest(() => tell("regions"), 120);

/** The mix has changed. */
function changed() {
  draw();
  markTiles();
  tell("regions");
}

/** Return a style's line: its share, and what takes it out. @param {Choice} choice @param {{share: number}} has  session or a part of its mix */
function rowOf({ key, title }, has) {
  const slider = el("input", { type: "range", min: "5", max: "100", value: 100 * has.share, "aria-label": `Share of ${title}`, oninput: () => {
    has.share = slider.valueAsNumber / 100;
    soon();
  } });
  const out = el("button", { type: "button", className: "icon", "aria-label": `Take out ${title}`, disabled: has === session, onclick: () => {
    session.mix = session.mix.filter(({ choice }) => choice.key !== key);
    changed();
    more.focus();
  } }, icon("close"));
  return el("div", { className: "share" }, el("span", {}, title), slider, out);
}

function draw() {
  session.mix = session.mix.filter(({ choice }) => choice.key !== session.style?.key);
  const { style, mix } = session;
  rows.replaceChildren(...(style ? [rowOf(style, session)] : []), ...mix.map((each) => rowOf(each.choice, each)));
  const used = [style?.key, ...mix.map(({ choice }) => choice.key)];
  more.replaceChildren(el("option", { value: "" }, "Add a style"), ...choices().filter(({ key }) => !used.includes(key)).map(({ key, title }) => el("option", { value: key }, title)));
  more.disabled = !style || mix.length + 1 >= MOST;
}

/** Fill the panel's part. */
export function startMix() {
  place("mix-body").append(el("p", { className: "small" }, "The style that you tap, and those that you add here, each with its share."), rows, more);
  find("mix", HTMLDetailsElement).addEventListener("toggle", draw);
  on(["style"], draw);
  on(["regions"], () => document.activeElement?.closest("#mix") ?? draw());
}
