/** Regions: a brush on the picture; each color is a style, and one keeps the photo. */
import { button, covers, el, find, icon, place, sayError } from "./dom.js";
import { on, session, tell } from "./session.js";
import { markTiles, setPicking } from "./strip.js";

/** @import { StyleRef } from "./engine.js" */
/** @import { Choice } from "./session.js" */
/** @typedef {{key: string, title: string, color: string, ref: StyleRef | null}} Layer */
/** @typedef {{layer: string, size: number, points: [number, number][], shape?: string, found?: OffscreenCanvas}} Stroke  shape, found: an area instead of points */

const COLORS = ["#2563eb", "#16a34a", "#db2777", "#9333ea", "#ca8a04", "#0891b2"];
/** Areas that a tap fills, in parts of the picture. @type {Record<string, (path: Path2D) => void>} */
const SHAPES = {
  Center: (path) => path.ellipse(0.5, 0.5, 0.34, 0.42, 0, 0, 7),
  Background: (path) => {
    path.rect(0, 0, 1, 1);
    path.ellipse(0.5, 0.5, 0.34, 0.42, 0, 0, 7);
  },
  "Top half": (path) => path.rect(0, 0, 1, 0.5),
  "Bottom half": (path) => path.rect(0, 0.5, 1, 0.5),
  Invert: (path) => path.rect(0, 0, 1, 1),
};
/** Areas that an engine may find. */
const FOUND = ["Person", "Sky", "Face"];
/** @type {Layer} */
const KEEP = { key: "keep", title: "Keep the photo", color: "#f5f5f4", ref: null };
/** Longest side of a mask. */
const MASK = 1024;
const canvas = find("brush", HTMLCanvasElement);
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
const details = find("regions", HTMLDetailsElement);
let layers = [KEEP];
let current = KEEP;
/** @type {Stroke[]} */
let strokes = [];
const size = el("input", { type: "range", min: "1", max: "40", value: "12" });
const rows = el("div", { className: "inner" });
const undo = el("button", { type: "button", className: "icon", "aria-label": "Undo", title: "Undo", onclick: () => { strokes.pop(); changed(); } }, icon("undo"));
const held = el("span", { className: "name" });
const bar = el("div", { className: "brush-bar", role: "group", "aria-label": "Brush" }, held, undo,
  el("button", { type: "button", className: "done", onclick: () => (details.open = false) }, "Done"));
/** @type {[number, number] | null} Where the brush is. */
let over = null;
let resting = true;
const clear = el("button", { type: "button", onclick: () => { strokes = []; changed(); } }, "Clear");

/** Whether the brush is out. */
const isOpen = () => details.open && session.photo !== null && session.mode === "picture";

/** Draw the strokes over the picture. */
function draw() {
  canvas.hidden = bar.hidden = !isOpen();
  if (!session.photo) return;
  const scale = MASK / Math.max(session.photo.width, session.photo.height);
  const [width, height] = [Math.round(session.photo.width * scale), Math.round(session.photo.height * scale)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.clearRect(0, 0, width, height);
  context.globalAlpha = resting ? 0.25 : 0.55;
  for (const { key, color } of used()) context.drawImage(areaOf(key, color), 0, 0);
  context.globalAlpha = 1;
  if (over) {
    context.beginPath();
    context.arc(over[0] * width, over[1] * height, (size.valueAsNumber / 200) * MASK, 0, 7);
    for (const [color, wide] of [["#000", 4], ["#fff", 2]]) {
      Object.assign(context, { strokeStyle: color, lineWidth: wide });
      context.stroke();
    }
  }
  undo.disabled = clear.disabled = strokes.length === 0;
}

/** Return the layers that have an area. */
const used = () => layers.filter(({ key }) => strokes.some(({ layer }) => layer === key));

/** @param {OffscreenCanvas} area */
const penOf = (area) => /** @type {OffscreenCanvasRenderingContext2D} */ (area.getContext("2d"));

/** Return a layer's area: what its strokes cover, unless others came later. @param {string} key @param {string} color */
function areaOf(key, color) {
  const { width, height } = canvas;
  const area = new OffscreenCanvas(width, height);
  const pen = penOf(area);
  Object.assign(pen, { strokeStyle: color, fillStyle: color, lineCap: "round", lineJoin: "round" });
  for (const { layer, size: part, points, shape, found } of strokes) {
    pen.globalCompositeOperation = layer !== key ? "destination-out" : shape === "Invert" ? "source-out" : "source-over";
    if (found) {
      const tint = penOf(new OffscreenCanvas(width, height));
      tint.drawImage(found, 0, 0, width, height);
      Object.assign(tint, { globalCompositeOperation: "source-in", fillStyle: color }).fillRect(0, 0, width, height);
      pen.drawImage(tint.canvas, 0, 0);
      continue;
    }
    const path = new Path2D();
    if (shape) {
      const unit = new Path2D();
      SHAPES[shape](unit);
      path.addPath(unit, { a: width, d: height });
      pen.fill(path, "evenodd");
      continue;
    }
    points.forEach(([x, y], index) => path[index ? "lineTo" : "moveTo"](x * width, y * height));
    if (points.length === 1) path.lineTo(points[0][0] * width + 0.1, points[0][1] * height);
    pen.lineWidth = (part / 100) * Math.max(width, height);
    pen.stroke(path);
  }
  return area;
}

/** Return the file of a layer's mask: white where its area is. @param {string} key @returns {Promise<string>} */
async function maskOf(key) {
  const mask = areaOf(key, "#fff");
  Object.assign(penOf(mask), { globalCompositeOperation: "destination-over", fillStyle: "#000" }).fillRect(0, 0, mask.width, mask.height);
  return (await session.engine.upload(await mask.convertToBlob(), `mask_${key.replace(/\W/g, "_")}.png`)).id;
}

let newest = 0;
/** Strokes have changed: draw them, and hand their masks to the engine. */
async function changed() {
  draw();
  const mine = ++newest;
  const now = used();
  try {
    const masks = await Promise.all(now.map(({ key }) => maskOf(key)));
    if (mine !== newest) return;
    session.regions = now.flatMap(({ ref }, index) => (ref ? [{ ref, mask: masks[index] }] : []));
    session.keep = masks[now.findIndex(({ key }) => key === KEEP.key)] ?? null;
    tell("regions");
  } catch (error) {
    sayError(error);
  }
}

/** @param {Layer} layer */
const swatchOf = ({ color }) => el("span", { className: "swatch", style: `--swatch: ${color}` });

/** List the layers; the pressed one is on the brush. */
function drawLayers() {
  held.replaceChildren(swatchOf(current), current.title);
  rows.replaceChildren(...layers.map((layer) => el("button", { type: "button", className: "layer", "aria-pressed": layer === current, onclick: () => {
    current = layer;
    drawLayers();
  } }, swatchOf(layer), layer.title)));
}

/** Take a style onto the brush. Returns whether the brush was out. @param {Choice} choice */
export function takeOntoBrush(choice) {
  if (!isOpen() || choice.key === session.style?.key) return false;
  const old = layers.find(({ key }) => key === choice.key);
  if (!old && layers.length > COLORS.length) return false;
  current = old ?? { key: choice.key, title: choice.title, color: COLORS[layers.length - 1], ref: choice.ref };
  if (!old) layers.push(current);
  drawLayers();
  return true;
}

/** Keys of the styles that are in use. */
export const pressedWithRegions = () => [...(session.style ? [session.style.key] : []), ...session.mix.map(({ choice }) => choice.key), ...(isOpen() ? layers.map(({ key }) => key) : [])];

/** Let fingers and mouse paint. */
function listen() {
  /** @type {Map<number, [number, number]>} */
  const fingers = new Map();
  let spread = 0;
  /** @type {Stroke | null} What is being painted; two fingers paint nothing. */
  let stroke = null;
  /** @param {PointerEvent} event @returns {[number, number]} */
  const at = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  const distance = () => {
    const [[left, top], [right, bottom]] = fingers.values();
    return Math.hypot(left - right, top - bottom);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    resting = false;
    if (fingers.size === 1) strokes.push((stroke = { layer: current.key, size: size.valueAsNumber, points: [at(event)] }));
    else if (fingers.size === 2) {
      strokes = strokes.filter((each) => each !== stroke);
      stroke = null;
      spread = distance();
    }
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    over = event.pointerType === "mouse" ? at(event) : null;
    if (!fingers.has(event.pointerId)) return draw();
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) {
      size.valueAsNumber += 100 * (distance() - spread);
      spread = distance();
    } else stroke?.points.push(at(event));
    draw();
  });
  canvas.addEventListener("lostpointercapture", ({ pointerId }) => {
    if (!fingers.delete(pointerId) || fingers.size) return;
    resting = true;
    changed();
  });
  canvas.addEventListener("pointerleave", () => {
    over = null;
    draw();
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    size.valueAsNumber -= Math.sign(event.deltaY) * 2;
    draw();
  }, { passive: false });
}

/** Fill an area that the engine finds. @param {string} name */
async function findArea(name) {
  const { photo, engine } = session;
  if (!photo || !engine.find) return;
  button("close-panel").click(); // on a phone it lies over the picture
  try {
    const image = await createImageBitmap(await engine.find(photo.id, name));
    const found = new OffscreenCanvas(image.width, image.height);
    const pen = penOf(found);
    pen.drawImage(image, 0, 0);
    const area = pen.getImageData(0, 0, found.width, found.height);
    for (let at = 0; at < area.data.length; at += 4) area.data[at + 3] = area.data[at];
    pen.putImageData(area, 0, 0);
    if (session.photo !== photo) return;
    strokes.push({ layer: current.key, size: 0, points: [], found });
    changed();
  } catch (error) {
    sayError(error);
  }
}

/** Fill the panel's part. */
export function startRegions() {
  place("regions-body").append(
    el("p", { className: "small" }, "Tap another style below to take it onto the brush, then paint over the picture. The rest stays in the style that was chosen first."),
    rows, el("div", { className: "row", role: "group", "aria-label": "Areas" }, ...Object.keys(SHAPES).map((shape) => el("button", { type: "button", onclick: () => {
      strokes.push({ layer: current.key, size: 0, points: [], shape });
      changed();
    } }, shape)), ...FOUND.map((name) => el("button", { type: "button", hidden: !session.engine.find, onclick: () => findArea(name.toLowerCase()) }, name)), clear),
    el("label", { className: "line" }, el("span", {}, "Brush"), size));
  place("frame").append(bar);
  const restart = () => {
    strokes = [];
    layers = [KEEP];
    current = KEEP;
    drawLayers();
    draw();
  };
  setPicking(takeOntoBrush, pressedWithRegions);
  const close = () => void (details.open = false);
  details.addEventListener("toggle", () => {
    covers(isOpen(), close);
    draw();
    markTiles();
  });
  on(["photo"], restart);
  on(["mode"], draw);
  restart();
  listen();
}
