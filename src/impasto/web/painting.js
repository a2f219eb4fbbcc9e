/** Paint it: a run of any kind, its progress and its end. One at a time. */
import { atRest, button, place, say, sayError } from "./dom.js";
import { needing, on, release, session, tell } from "./session.js";

/**
 * What a mode wants of a run.
 * @typedef {object} Job
 * @property {() => import("./engine.js").RunRequest | string} request  Or why there can be none.
 * @property {(state: import("./engine.js").RunState) => void} see      Called at each news, the last too.
 * @property {string} [label]
 */

/** @type {Job | null} */
let job = null;
/** @type {{id: string, end: () => void} | null} */
let running = null;
let waiting = false;
/** The run that was begun last. */
let last = "";

/** @param {Job} next */
export function setJob(next) {
  job = next;
  refresh();
}

/** Whether something is being painted. */
export const isPainting = () => waiting;

/** Show whether there is something to paint, and why not. */
export function refresh() {
  const request = job?.request() ?? "";
  const why = typeof request === "string" ? request : "";
  const primary = button("paint-button");
  primary.disabled = waiting || typeof request === "string";
  primary.textContent = job?.label ?? "Paint it";
  primary.title = why;
}

/** @param {boolean} shown */
function showProgress(shown) {
  waiting = shown;
  const focused = document.activeElement === button("paint-button") || document.activeElement === button("stop");
  for (const id of ["progress", "progress-text", "stop"]) place(id).hidden = !shown;
  button("paint-button").hidden = shown;
  button("stop").disabled = false;
  refresh();
  if (focused) (shown ? button("stop") : button("paint-button")).focus();
  tell("run");
}

/** @param {import("./engine.js").RunState} state */
function showState(state) {
  const part = state.fraction ?? (state.total ? state.done / state.total : 0);
  place("bar-fill").style.setProperty("--done", String(part));
  place("progress").setAttribute("aria-valuenow", String(Math.round(100 * part)));
  place("progress").setAttribute("aria-valuetext", state.message);
  place("progress-text").textContent = state.message;
}

/** Start a run and see it to its end. @param {import("./engine.js").RunRequest} request @param {Job["see"]} see */
export async function paint(request, see) {
  if (waiting) return;
  showProgress(true);
  say("");
  place("progress-text").textContent = "Starting";
  place("bar-fill").style.setProperty("--done", "0");
  const begun = performance.now();
  try {
    const first = await session.engine.start(request);
    showState(first);
    last = first.id;
    running = { id: first.id, end: session.engine.watch(first.id, (state) => {
      showState(state);
      if (["waiting", "running"].includes(state.state)) return see(state);
      running = null;
      showProgress(false);
      const took = Math.max(1, Math.round((performance.now() - begun) / 1000));
      if (state.state === "failed") say(state.message, { error: true });
      else say(state.state === "done" ? `Done in ${took} s` : state.result ? "Stopped. What was painted is kept." : "Stopped", { seconds: 8 });
      see(state);
    }) };
  } catch (error) {
    running = null;
    showProgress(false);
    sayError(error);
  }
}

/** Begin to listen. */
export function startPainting() {
  button("paint-button").addEventListener("click", () => {
    const request = job?.request();
    if (job && request && typeof request !== "string") paint(request, job.see);
  });
  button("stop").addEventListener("click", async () => {
    button("stop").disabled = true;
    place("progress-text").textContent = "Stopping";
    if (running) await session.engine.stop(running.id).catch(sayError);
    else button("stop").disabled = false;
  });
  for (const topic of /** @type {const} */ (["photo", "style", "settings", "mode", "regions"])) on(topic, refresh);
  needing(() => [last]);
  const soon = atRest(() => waiting || release(), 2000);
  for (const topic of /** @type {const} */ (["photo", "result", "regions", "run"])) on(topic, soon);
}
