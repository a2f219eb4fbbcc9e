/** The camera, painted as it runs: the newest frame wins. */
import { download, el, icon, place, say, sayError } from "./dom.js";
import { setJob } from "./painting.js";
import { usePhoto } from "./photo.js";
import { session } from "./session.js";
import { setResult } from "./stage.js";
import { plainName, WORDS } from "./words.js";

const frame = place("camera");
const video = el("video", { muted: true, playsInline: true });
const canvas = el("canvas", { role: "img", "aria-label": "The camera, painted" });
const rate = el("span", { className: "rate" }, "Starting");
const small = new OffscreenCanvas(1, 1);
const shutter = el("button", { type: "button", className: "primary", onclick: async () => usePhoto(await still(1, 0.95), "photo.jpg") }, "Take photo");
const record = el("button", { type: "button", "aria-pressed": "false", onclick: toggleRecording }, "Record");
const turn = el("button", { type: "button", className: "icon turn", "aria-label": "Use the other camera", title: "Use the other camera", onclick: turnCamera }, icon("turn"));

let facing = "user";
/** @type {MediaStream | null} */
let stream = null;
/** @type {MediaRecorder | null} */
let recorder = null;
let asking = new AbortController();

/** Return what the camera sees, scaled. @param {number} scale @param {number} quality */
function still(scale, quality) {
  small.width = Math.round(video.videoWidth * scale);
  small.height = Math.round(video.videoHeight * scale);
  small.getContext("2d")?.drawImage(video, 0, 0, small.width, small.height);
  return small.convertToBlob({ type: "image/jpeg", quality });
}

/** Paint frame after frame until the camera is left. @param {AbortSignal} signal */
async function loop(signal) {
  const times = /** @type {number[]} */ ([]);
  while (!signal.aborted) {
    const style = session.style;
    if (!style || video.readyState < 2 || document.hidden) {
      await new Promise((done) => setTimeout(done, 100));
      continue;
    }
    const scale = Math.min(1, session.engine.info.camera_size / Math.max(video.videoWidth, video.videoHeight));
    try {
      const painted = await session.engine.frame(await still(scale, 0.85), style.ref, Number(session.settings.strength ?? 1), signal);
      const bitmap = await createImageBitmap(painted);
      if (signal.aborted) return;
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
      bitmap.close();
    } catch (error) {
      if (signal.aborted) return;
      sayError(error);
      await new Promise((done) => setTimeout(done, 1000));
    }
    times.push(performance.now());
    if (times.length > 10) times.shift();
    if (times.length > 1) rate.textContent = `${((1000 * (times.length - 1)) / (performance.now() - times[0])).toFixed(1)} frames/s`;
  }
}

async function open() {
  close();
  const mine = (asking = new AbortController());
  try {
    const opened = await navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, width: { ideal: 1280 } }, audio: false });
    if (mine.signal.aborted) return opened.getTracks().forEach((track) => track.stop());
    stream = opened;
    video.srcObject = opened;
    await video.play();
    frame.style.setProperty("--ratio", String(video.videoWidth / video.videoHeight));
    shutter.disabled = record.disabled = false;
    loop(mine.signal);
  } catch {
    if (!mine.signal.aborted) say(WORDS.noCamera, { error: true });
  }
}

function close() {
  asking.abort();
  if (recorder?.state === "recording") recorder.stop();
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  shutter.disabled = record.disabled = true;
}

function toggleRecording() {
  if (recorder?.state === "recording") return recorder.stop();
  const type = ["video/mp4", "video/webm"].find((each) => MediaRecorder.isTypeSupported(each));
  const parts = /** @type {Blob[]} */ ([]);
  const started = new MediaRecorder(canvas.captureStream(), type ? { mimeType: type } : {});
  recorder = started;
  started.ondataavailable = ({ data }) => parts.push(data);
  started.onstop = () => {
    showRecording(false);
    const address = URL.createObjectURL(new Blob(parts, { type: started.mimeType }));
    download(address, `${plainName(session.style?.title ?? "")}.${started.mimeType.includes("mp4") ? "mp4" : "webm"}`);
    say("The clip is saved.", { seconds: 8 });
  };
  started.start(1000);
  showRecording(true);
}

/** @param {boolean} on */
function showRecording(on) {
  record.setAttribute("aria-pressed", String(on));
  record.textContent = on ? "Stop" : "Record";
}

function turnCamera() {
  facing = facing === "user" ? "environment" : "user";
  open();
}

export function enter() {
  setJob({ request: () => "", follow: () => () => undefined });
  setResult(null);
  place("paint").hidden = true;
  place("shutter").hidden = false;
  open();
}

export function leave() {
  close();
  place("paint").hidden = false;
  place("shutter").hidden = true;
}

frame.append(canvas, rate, turn);
place("shutter").append(shutter, record);
