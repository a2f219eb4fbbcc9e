/** The mode that paints one picture: its full painting, looks, and tuning. */
import { button, el, place, say } from "./dom.js";
import { historyChanged } from "./history.js";
import { isPainting, paint, setJob } from "./painting.js";
import { dropQuick, paintQuickly } from "./quick.js";
import { fullSettings, needing, on, session, styles, tell } from "./session.js";
import { showPicture } from "./stage.js";
import { addStyle } from "./strip.js";
import { plainName, WORDS } from "./words.js";
/** @import { Item, RunRequest, RunState } from "./engine.js" */

/** Places for looks before there are any. */
const LOOKS = 6;
/** @type {Item[]} */
let looks = [];

/** @returns {RunRequest | string} */
function request() {
  if (!session.photo) return WORDS.choosePhoto;
  if (!session.style) return WORDS.chooseStyle;
  const kept = session.keep ? { keep: session.keep } : {};
  return { kind: "picture", content: session.photo.id, styles: styles(), ...kept, settings: fullSettings() };
}

/** Choices that were made; a run of earlier ones does not take the picture's place. */
let choices = 0;

/** Return what follows a run's pictures. */
function follow() {
  const { photo, style } = session;
  const name = `${plainName(photo?.name ?? "")}_${plainName(style?.title ?? "")}.png`;
  const alt = `${photo?.name} in the style of ${style?.title}`;
  const mine = choices;
  let shown = "";
  /** @param {RunState} state */
  return (state) => {
    if (state.history) historyChanged();
    const address = state.result ?? state.preview;
    const show = () => {
      dropQuick();
      if (address) showPicture(address, state.result ? { name, alt } : null).catch(() => undefined);
    };
    if (session.photo !== photo || address === shown) return;
    shown = address ?? "";
    if (mine === choices) show();
    else if (state.result) say("Your painting is done.", { action: "Show", act: show });
    if (!address && ["stopped", "failed"].includes(state.state)) paintQuickly();
  };
}

/** Draw the places for looks, and those that are there. */
function drawLooks() {
  const tiles = [...Array(Math.max(LOOKS, looks.length)).keys()].map((index) => {
    const look = looks[index];
    if (!look || look.error) return el("span", { "aria-hidden": "true" });
    return el("button", {
      type: "button", title: look.title, "aria-label": look.title, "aria-pressed": "false",
      onclick: /** @param {Event} event */ (event) => choose(look, event.currentTarget),
    }, el("img", { src: look.thumbnail, alt: "" }));
  });
  place("look-grid").replaceChildren(...tiles);
}

/** Go on with the settings of a look. @param {Item} look @param {EventTarget | null} tile */
function choose(look, tile) {
  for (const each of place("look-grid").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === tile));
  const { size: _size, quality, ...settings } = look.settings ?? {};
  Object.assign(session.settings, settings);
  if (typeof quality === "string") session.quality = quality;
  tell("settings");
}

function showLooks() {
  const wanted = request();
  if (typeof wanted === "string") return;
  looks = [];
  drawLooks();
  paint({ ...wanted, kind: "explore" }, (state) => {
    if ((state.items?.length ?? 0) === looks.length) return;
    looks = state.items ?? [];
    drawLooks();
  });
}

function tune() {
  const style = session.style;
  if (!style) return;
  paint({ kind: "tune", style: style.ref, minutes: 1 }, (state) => {
    if (state.style) addStyle(state.style, `${style.title}, tuned`, style.thumbnail);
  });
}

/** Begin to listen. */
export function startPicture() {
  const looking = button("show-looks");
  const tuning = button("tune");
  looking.addEventListener("click", showLooks);
  tuning.addEventListener("click", tune);
  needing(() => looks.map(({ picture }) => picture));
  const able = () => {
    looking.disabled = isPainting() || !session.photo || !session.style || session.mode !== "picture";
    tuning.disabled = isPainting() || !session.style;
  };
  on(["photo", "style", "mode", "run"], able);
  on(["style", "settings", "regions"], () => (choices += 1));
  able();
  on(["photo"], () => {
    looks = [];
    drawLooks();
  });
}

/** Take the button. */
export function enter() {
  if (session.photo && !session.result) paintQuickly();
  setJob({ request, follow });
}
