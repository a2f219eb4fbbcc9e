/** The mode that paints a clip. */
import { el, input, place, say, sayError } from "./dom.js";
import { ENDED } from "./engine.js";
import { refresh, setJob } from "./painting.js";
import { needing, on, ownSize, session, tell } from "./session.js";
import { setResult } from "./stage.js";
import { plainName, WORDS } from "./words.js";

const frame = place("video");
const player = el("video", { controls: true, playsInline: true, loop: true, hidden: true, "aria-label": "The clip" });
const preview = el("img", { alt: "The frame that is painted", hidden: true });
const file = el("input", { type: "file", accept: "video/*,image/gif,.mkv", hidden: true, onchange: () => file.files?.[0] && useClip(file.files[0]) });
const welcome = el("div", { className: "welcome" }, el("p", {}, "Drop a video, or choose one"),
  el("button", { type: "button", onclick: () => file.click() }, "Choose a video"));
/** @type {import("./engine.js").Upload | null} */
let clip = null;
/** Shows it as it was opened. */
let showClip = () => {};

/** @param {File} chosen */
async function useClip(chosen) {
  say("Opening the video");
  try {
    const moves = chosen.type === "image/gif"; // Which no video element plays.
    const opened = await session.engine.upload(chosen, chosen.name, moves ? "clip" : undefined);
    if (opened.kind !== "clip") throw new Error(WORDS.noClip);
    clip = opened;
    welcome.hidden = true;
    frame.classList.remove("empty");
    frame.style.setProperty("--ratio", String(opened.width / opened.height));
    const address = URL.createObjectURL(chosen);
    showClip = () => (moves ? showFrame(address) : show(address));
    showClip();
    setResult(null);
    say(opened.seconds ? `${opened.name}: ${opened.seconds.toFixed(1)} s` : opened.name);
  } catch (error) {
    sayError(error, () => useClip(chosen));
  }
  file.value = "";
  refresh();
}

/** @param {boolean} shown  or the frame that is painted */
function showPlayer(shown) {
  preview.hidden = shown;
  player.hidden = !shown;
}

/** @param {string} address */
function showFrame(address) {
  player.pause();
  showPlayer(false);
  preview.src = address;
}

/** @param {string} address */
function show(address) {
  showPlayer(true);
  player.src = address;
  player.play().catch(() => undefined);
}

/** @param {import("./engine.js").RunState} state */
function see(state) {
  if (state.result) {
    show(state.result);
    setResult({ address: state.result, name: `${plainName(clip?.name ?? "")}_${plainName(session.style?.title ?? "")}.mp4` });
  } else if (state.preview) showFrame(state.preview);
  else if (ENDED.includes(state.state)) showClip();
}

export function enter() {
  place("stability-row").hidden = false;
  setResult(null);
  setJob({ follow: () => see, label: "Paint the video", request: () => {
    if (!clip) return "Choose a video first.";
    if (!session.style) return WORDS.chooseStyle;
    const { strength = 1 } = session.settings;
    return {
      kind: "video", clip: clip.id, styles: [session.style.ref], stability: input("stability").valueAsNumber / 100,
      settings: { quality: session.quality, strength, size: session.size || ownSize(clip) },
    };
  } });
}

export function leave() {
  place("stability-row").hidden = true;
  player.pause();
  setResult(null);
  tell("result");
}

frame.append(welcome, player, preview, file);
needing(() => [clip?.id, player.getAttribute("src")]);
on(["add"], () => session.mode === "video" && file.click());
frame.addEventListener("drop", (event) => {
  const dropped = event.dataTransfer?.files[0];
  if (dropped) useClip(dropped);
});
