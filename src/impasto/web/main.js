/** The page: finds what paints, and starts its parts. */
import { enterBatch, leaveBatch, startBatch } from "./batch.js";
import { enterCamera, leaveCamera, startCamera } from "./camera.js";
import { startControls } from "./controls.js";
import { el, place, say, sayError } from "./dom.js";
import { startHistory } from "./history.js";
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
import { enterVideo, leaveVideo, startVideo } from "./video.js";
import { WORDS } from "./words.js";

/** Each mode: what shows, and what begins and ends with it. */
const MODES = /** @type {Record<string, {shows: string, enter: () => void, leave: () => void}>} */ ({
  picture: { shows: "frame", enter: enterPicture, leave: () => undefined },
  camera: { shows: "camera", enter: enterCamera, leave: leaveCamera },
  batch: { shows: "batch", enter: enterBatch, leave: leaveBatch },
  video: { shows: "video", enter: enterVideo, leave: leaveVideo },
});

/** @param {string} mode */
function enter(mode) {
  if (mode === session.mode) return;
  MODES[session.mode].leave();
  session.mode = mode;
  place("app").dataset.mode = mode;
  for (const [name, { shows }] of Object.entries(MODES)) place(shows).hidden = name !== mode;
  for (const each of document.querySelectorAll("nav [data-mode]")) {
    if (each.getAttribute("data-mode") === mode) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  say("");
  MODES[mode].enter();
  markTiles();
  tell("mode");
}

function startModes() {
  place("modes-narrow").append(...[...place("modes").children].map((each) => each.cloneNode(true)));
  const features = session.engine.info.features;
  for (const each of document.querySelectorAll("nav [data-mode]")) {
    const mode = each.getAttribute("data-mode") ?? "";
    each.addEventListener("click", () => enter(mode));
    if (each instanceof HTMLButtonElement) each.disabled = !features.includes(mode);
  }
}

/** Return what paints: the studio where it answers, else this browser. */
async function findEngine() {
  const alone = document.documentElement.dataset.engine === "browser";
  const answer = alone ? new Response(null, { status: 404 }) : await fetch("api/studio").catch(() => null);
  if (answer?.ok) return studioEngine(await answer.json());
  if (answer?.status !== 404) throw new Error(WORDS.serverGone);
  await isolated();
  const { browserEngine } = await import("./browser_engine.js");
  showPrivacy();
  return browserEngine();
}

/** Load the page once more where that lets the network use several cores. */
async function isolated() {
  if (crossOriginIsolated || !("serviceWorker" in navigator) || sessionStorage.getItem("isolated")) return;
  sessionStorage.setItem("isolated", "asked");
  await navigator.serviceWorker.ready;
  location.reload();
  await new Promise(() => undefined);
}

/** Say that nothing leaves the device, until the person has read it. */
function showPrivacy() {
  place("privacy").hidden = localStorage.getItem("privacy") === "read";
  place("privacy-close").addEventListener("click", () => {
    place("privacy").hidden = true;
    localStorage.setItem("privacy", "read");
  });
}

async function start() {
  session.engine = await findEngine();
  startStage();
  startControls();
  startPainting();
  startPicture();
  startHistory();
  startQuick();
  startCamera();
  startBatch();
  startVideo();
  startRegions();
  startModes();
  enterPicture();
  on("photo", () => session.mode !== "picture" && enter("picture"));
  addEventListener("online", () => {
    say("");
    if (!session.result) paintQuickly();
  });
  addEventListener("offline", () => say(WORDS.offline, { error: true }));
  await Promise.all([startStrip(), startPhoto(() => enter("camera")), startMore()]);
  refresh();
}

if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => undefined);
start().catch((error) => {
  sayError(error);
  place("status").append(el("button", { type: "button", onclick: () => location.reload() }, "Try again"));
});
