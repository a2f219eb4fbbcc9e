/** Paint it: a run of any kind, its progress and its end. One at a time. */
import { atRest, button, find, place, say, sayError } from "./dom.js";
import { ENDED } from "./engine.js";
import { needing, on, release, session, tell } from "./session.js";
/** @import { RunRequest, RunState } from "./engine.js" */

/**
 * What a mode wants of a run.
 * @typedef {object} Job
 * @property {() => RunRequest | string} request  Or why there can be none.
 * @property {() => (state: RunState) => void} follow  Called when one begins: returns what takes its news, the last too.
 * @property {string} [label]
 */

/** @type {Job | null} */
let job = null;
let waiting = false;
/** The run that was begun last, once it has begun. */
let last = "";
/** Whether Stop was tapped: a run that has not begun yet is stopped once it has. */
let stopping = false;

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
  const primary = button("paint-button");
  primary.disabled = waiting || typeof request === "string";
  primary.textContent = job?.label ?? "Paint it";
  primary.title = typeof request === "string" ? request : "";
}

/** @param {boolean} shown */
function showProgress(shown) {
  waiting = shown;
  const focused = place("paint").contains(document.activeElement);
  for (const id of ["progress", "progress-text", "stop"]) place(id).hidden = !shown;
  button("paint-button").hidden = shown;
  button("stop").disabled = false;
  refresh();
  if (focused) (shown ? button("stop") : button("paint-button")).focus();
  tell("run");
}

/** @param {RunState} state */
function showState(state) {
  const bar = find("progress", HTMLProgressElement);
  bar.value = state.fraction ?? 0;
  bar.ariaValueText = place("progress-text").textContent = state.message;
}

/** Start a run and see it to its end. @param {RunRequest} request @param {(state: RunState) => void} see */
export async function paint(request, see) {
  if (waiting) return;
  last = "";
  stopping = false;
  showProgress(true);
  say("");
  showState({ id: "", state: "waiting", message: "Starting" });
  const begun = performance.now();
  try {
    const first = await session.engine.start(request);
    showState(first);
    last = first.id;
    session.engine.watch(last, (state) => {
      showState(state);
      if (!ENDED.includes(state.state)) return see(state);
      showProgress(false);
      const took = Math.max(1, Math.round((performance.now() - begun) / 1000));
      if (state.state === "failed") say(state.message, { error: true });
      else say(state.state === "done" ? `Done in ${took} s` : state.result ? "Stopped. What was painted is kept." : "Stopped", { seconds: 8 });
      see(state);
    });
    if (stopping) await stop();
  } catch (error) {
    showProgress(false);
    sayError(error);
  }
}

async function stop() {
  stopping = true;
  button("stop").disabled = true;
  place("progress-text").textContent = "Stopping";
  if (last) await session.engine.stop(last).catch(sayError);
}

/** Begin to listen. */
export function startPainting() {
  button("paint-button").addEventListener("click", () => {
    const request = job?.request();
    if (job && request && typeof request !== "string") paint(request, job.follow());
  });
  button("stop").addEventListener("click", stop);
  on(["photo", "style", "settings", "mode", "regions"], refresh);
  needing(() => [last]);
  const soon = atRest(() => waiting || release(), 2000);
  on(["photo", "result", "regions", "run"], soon);
}
