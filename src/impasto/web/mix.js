/** Several styles at once, each with a share of the whole. */
import { atRest, el, find, icon, place } from "./dom.js";
import { on, session, tell } from "./session.js";
import { choices, markTiles } from "./strip.js";

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

/**
 * Return a style's line: its share, and what takes it out.
 * @param {import("./session.js").Choice} choice
 * @param {number} share
 * @param {(share: number) => void} set
 * @param {(() => void) | null} remove
 */
function rowOf(choice, share, set, remove) {
  const slider = el("input", { type: "range", min: "5", max: "100", value: String(100 * share), "aria-label": `Share of ${choice.title}`, oninput: () => {
    set(slider.valueAsNumber / 100);
    soon();
  } });
  const out = el("button", { type: "button", className: "icon", "aria-label": `Take out ${choice.title}`, disabled: !remove, onclick: () => {
    remove?.();
    changed();
    more.focus();
  } }, icon("close"));
  return el("div", { className: "share" }, el("span", {}, choice.title), slider, out);
}

function draw() {
  session.mix = session.mix.filter(({ choice }) => choice.key !== session.style?.key);
  const { style, mix } = session;
  rows.replaceChildren(
    ...(style ? [rowOf(style, session.share, (share) => (session.share = share), null)] : []),
    ...mix.map((each) => rowOf(each.choice, each.share, (share) => (each.share = share), () => (session.mix = session.mix.filter((other) => other !== each)))));
  const used = [style?.key, ...mix.map(({ choice }) => choice.key)];
  more.replaceChildren(el("option", { value: "" }, "Add a style"), ...choices().filter(({ key }) => !used.includes(key)).map(({ key, title }) => el("option", { value: key }, title)));
  more.disabled = !style || mix.length + 1 >= MOST;
}

/** Fill the panel's part. */
export function startMix() {
  place("mix-body").append(el("p", { className: "small" }, "The style that you tap, and those that you add here, each with its share."), rows, more);
  find("mix", HTMLDetailsElement).addEventListener("toggle", draw);
  on("style", draw);
  on("regions", () => document.activeElement?.closest("#mix") ?? draw());
}
