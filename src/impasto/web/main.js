/** The page: finds what paints, and starts its parts. */
import { startControls } from "./controls.js";
import { el, place, say, sayError } from "./dom.js";
import { startHistory } from "./history.js";
import { startMix } from "./mix.js";
import { startMore } from "./more.js";
import { refresh, startPainting } from "./painting.js";
import { startPhoto } from "./photo.js";
import { enterPicture, startPicture } from "./picture.js";
import { paintQuickly, startQuick } from "./quick.js";
import { startRegions } from "./regions.js";
import { on, session, tell } from "./session.js";
import { startStage } from "./stage.js";
import { markTiles, startStrip } from "./strip.js";
import { studioEngine } from "./studio_engine.js";
import { WORDS } from "./words.js";

/**
 * A mode: what begins and ends with it.
 * @typedef {{enter: () => void, leave: () => void}} Mode
 */

/** Each mode: where it shows, and its module, which is fetched when it is first entered. */
const MODES = /** @type {Record<string, {shows: string, load: () => Promise<Mode>}>} */ ({
  picture: { shows: "frame", load: async () => ({ enter: enterPicture, leave: () => undefined }) },
  camera: { shows: "camera", load: () => import("./camera.js") },
  batch: { shows: "batch", load: () => import("./batch.js") },
  video: { shows: "video", load: () => import("./video.js") },
});
/** @type {Mode | null} */
let current = null;

/** @param {string} mode */
async function enter(mode) {
  if (mode === session.mode && current) return;
  current?.leave();
  session.mode = mode;
  place("app").dataset.mode = mode;
  for (const [name, { shows }] of Object.entries(MODES)) place(shows).hidden = name !== mode;
  for (const each of document.querySelectorAll("nav [data-mode]")) {
    if (each.getAttribute("data-mode") === mode) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  say("");
  current = null;
  try {
    const next = await MODES[mode].load();
    if (session.mode !== mode) return;
    current = next;
    next.enter();
    markTiles();
    tell("mode");
  } catch (error) {
    sayError(error);
  }
}

function startModes() {
  place("modes-narrow").append(...[...place("modes").children].map((each) => each.cloneNode(true)));
  for (const each of document.querySelectorAll("nav [data-mode]")) {
    const mode = each.getAttribute("data-mode") ?? "";
    each.addEventListener("click", () => enter(mode));
  }
}

/** Milliseconds until the page has come to rest, and what a person does first. */
const REST = 3000;
const TOUCHES = ["pointerdown", "keydown", "dragenter", "paste"];

/** Return what paints: the studio where it answers, else this browser. */
async function findEngine() {
  const alone = document.documentElement.dataset.engine === "browser";
  const answer = alone ? new Response(null, { status: 404 }) : await fetch("api/studio").catch(() => null);
  const info = answer?.ok && (await answer.json().catch(() => null));
  if (info) return studioEngine(info);
  if (answer?.status !== 404) throw new Error(answer?.ok ? WORDS.refused : WORDS.serverGone);
  await isolated().catch(() => undefined); // Storage is blocked: one core does.
  const { browserEngine } = await import("./browser_engine.js");
  showPrivacy();
  return browserEngine();
}

/** What keeps the page; null: this browser, or its settings, know nothing like it. */
const keeper = navigator.serviceWorker?.register("sw.js").catch(() => null);

/** Load the page once more where that lets the network use several cores. */
async function isolated() {
  if (crossOriginIsolated || sessionStorage.getItem("isolated") || !(await keeper)) return;
  sessionStorage.setItem("isolated", "asked");
  await navigator.serviceWorker.ready;
  location.reload();
  await new Promise(() => undefined);
}

/** Say that nothing leaves the device, until the person has read it. */
function showPrivacy() {
  const root = document.documentElement.dataset;
  root.engine = "browser";
  place("privacy-close").addEventListener("click", () => (root.privacy = localStorage.privacy = "read"));
}

async function start() {
  session.engine = await findEngine();
  startStage();
  startControls();
  startPainting();
  startPicture();
  startHistory();
  startQuick();
  startRegions();
  startMix();
  startModes();
  await enter("picture");
  on("photo", () => session.mode !== "picture" && enter("picture"));
  addEventListener("online", () => {
    say("");
    if (!session.result) paintQuickly();
  });
  addEventListener("offline", () => say(WORDS.offline, { error: true }));
  await Promise.all([startStrip(), startPhoto(() => enter("camera")), startMore()]);
  refresh();
  warmSoon();
}

/** Load what painting needs at the first touch, or once the page has come to rest. */
function warmSoon() {
  const resting = setTimeout(() => warm(), REST);
  const warm = () => {
    clearTimeout(resting);
    for (const name of TOUCHES) removeEventListener(name, warm);
    if (session.style) session.engine.warm(session.style.ref);
  };
  for (const name of TOUCHES) addEventListener(name, warm);
}

start().catch((error) => {
  sayError(error);
  place("status").append(el("button", { type: "button", onclick: () => location.reload() }, "Try again"));
});
