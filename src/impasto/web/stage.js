/** The picture, and the photo before it, in one frame. */
import { button, download, find, input, isAbort, place, say } from "./dom.js";
import { on, session, tell } from "./session.js";

const frame = place("frame");
const before = find("before", HTMLImageElement);
const after = find("after", HTMLImageElement);
const split = input("split");
const compare = button("compare");
/** Milliseconds of pressing after which the photo shows. */
const HOLD = 180;

/** @param {number} value */
function setSplit(value) {
  split.valueAsNumber = value;
  moveSplit();
}

/** Move the line between photo and picture to where its handle is. */
function moveSplit() {
  const part = split.valueAsNumber / 100;
  const whole = part === 0 || part === 1;
  frame.style.setProperty("--split", whole ? `${split.value}%` : `calc(22px + ${part} * (100% - 44px))`);
  frame.classList.toggle("whole", whole);
  split.setAttribute("aria-valuetext", `${split.value}% photo`);
  compare.setAttribute("aria-pressed", String(part > 0));
}

/** Show a photo; its frame takes its shape. @param {string} address @param {number} width @param {number} height */
export function showPhoto(address, width, height) {
  frame.classList.remove("empty");
  place("welcome").hidden = true;
  frame.style.setProperty("--ratio", String(width / height));
  if (before.src.startsWith("blob:") && before.src !== address) URL.revokeObjectURL(before.src);
  before.src = after.src = address;
  before.alt = "Photo";
  after.alt = "Your photo";
  before.hidden = true;
  after.hidden = false;
  split.hidden = true;
  setSplit(0);
  setResult(null);
}

/** Show the empty place again. */
export function clearStage() {
  frame.classList.add("empty");
  frame.style.removeProperty("--ratio");
  place("welcome").hidden = false;
  before.hidden = after.hidden = split.hidden = true;
  setResult(null);
}

/**
 * Show a picture in place of the photo; the frame stays as it is.
 * @param {string} address
 * @param {{name: string, alt: string, address?: string} | null} result  what there is to save; null: it is a preview
 */
export async function showPicture(address, result) {
  const next = new Image();
  next.src = address;
  await next.decode();
  const old = after.src;
  after.src = address;
  if (result) after.alt = result.alt;
  if (old !== before.src && old.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(old), 60_000);
  before.hidden = split.hidden = false;
  if (result) setResult({ address: result.address ?? address, name: result.name });
}

/** @param {{address: string, name: string} | null} result */
export function setResult(result) {
  session.result = result;
  tell("result");
}

/** @param {boolean} busy */
export const setBusy = (busy) => frame.setAttribute("aria-busy", String(busy));

/** Share the picture by what the device has for it. */
async function share() {
  const result = session.result;
  if (!result) return;
  try {
    const blob = await (await fetch(result.address)).blob();
    const name = result.name.replace(/\.\w+$/, "") + (blob.type === "image/png" ? ".png" : ".jpg");
    await navigator.share({ files: [new File([blob], name, { type: blob.type })] });
  } catch (error) {
    if (!isAbort(error)) say("This picture cannot be shared from here. Save it, and share the file.", { error: true });
  }
}

/** Begin to listen. */
export function startStage() {
  let pressed = 0;
  const release = () => {
    clearTimeout(pressed);
    frame.classList.remove("holding");
  };
  frame.addEventListener("pointerdown", (event) => {
    if (!split.hidden && event.target === frame && event.isPrimary) pressed = setTimeout(() => frame.classList.add("holding"), HOLD);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) frame.addEventListener(name, release);
  frame.addEventListener("contextmenu", (event) => frame.classList.contains("holding") && event.preventDefault());
  split.addEventListener("input", moveSplit);
  compare.addEventListener("click", () => setSplit(split.value === "0" ? 50 : 0));
  document.addEventListener("keydown", (event) => {
    const away = event.target !== document.body || split.hidden || session.mode !== "picture";
    const step = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (!away && step) setSplit(split.valueAsNumber + step);
  });
  button("save").addEventListener("click", () => session.result && download(session.result.address, session.result.name));
  button("share").hidden = !("share" in navigator);
  button("share").addEventListener("click", share);
  on(["result"], () => {
    for (const id of ["save", "share"]) button(id).disabled = session.result === null;
    compare.disabled = session.result === null || session.mode !== "picture";
  });
}
