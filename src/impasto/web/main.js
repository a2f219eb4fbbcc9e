/** The page: finds what paints, and starts its parts. */
import { startControls, startTheme } from "./controls.js";
import { el, place, remember, say, sayError } from "./dom.js";
import { startHistory } from "./history.js";
import { startMix } from "./mix.js";
import { startMore } from "./more.js";
import { refresh, startPainting } from "./painting.js";
import { startPhoto } from "./photo.js";
import { startPicture } from "./picture.js";
import { paintQuickly, startQuick } from "./quick.js";
import { startRegions } from "./regions.js";
import { on, session, tell } from "./session.js";
import { startStage } from "./stage.js";
import { markTiles, startStrip } from "./strip.js";
import { studioEngine } from "./studio_engine.js";
import { WORDS } from "./words.js";

/** Each mode, and where it shows; its module is fetched when it is first entered. */
const MODES = { picture: "frame", camera: "camera", batch: "batch", video: "video" };
/** The mode that has been entered. @type {{enter: () => void, leave?: () => void} | null} */
let current = null;

/** @param {string} mode */
async function enter(mode) {
  if (mode === session.mode && current) return;
  current?.leave?.();
  session.mode = mode;
  place("app").dataset.mode = mode;
  for (const [name, shows] of Object.entries(MODES)) place(shows).hidden = name !== mode;
  for (const each of document.querySelectorAll("nav [data-mode]")) {
    each.setAttribute("aria-current", each.getAttribute("data-mode") === mode ? "page" : "false");
  }
  say("");
  current = null;
  try {
    const next = await import(`./${mode}.js`);
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
  for (const each of document.querySelectorAll("nav [data-mode]")) each.addEventListener("click", () => enter(each.getAttribute("data-mode") ?? ""));
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
  document.documentElement.dataset.engine = "browser";
  place("privacy-close").addEventListener("click", () => remember("privacy", "read"));
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

async function start() {
  startTheme();
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
  on(["photo"], () => session.mode !== "picture" && enter("picture"));
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
async function warmSoon() {
  await new Promise((done) => {
    setTimeout(done, REST);
    for (const name of TOUCHES) addEventListener(name, done, { once: true });
  });
  if (session.style) session.engine.warm(session.style.ref);
}

start().catch((error) => {
  sayError(error);
  place("status").append(el("button", { type: "button", onclick: () => location.reload() }, "Try again"));
});
