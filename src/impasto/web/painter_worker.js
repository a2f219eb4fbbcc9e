/**
 * The any-style network, in a worker of its own: reads styles once, and paints picture after picture.
 *
 * @import { Picture } from "./scaling.js"
 * @typedef {{file: Blob | string, key: string, name?: string, weight: number, mask: Blob | null}} GivenStyle
 * @typedef {{content: Blob, photo?: string, styles: GivenStyle[], keep: Blob | null, size: number, read: number, strength: number, keeps: number, type: string}} Order
 */
import { fitted, scaled } from "./scaling.js";

/** Sides of styles are multiples of this many pixels; a value of the grain covers fewer. */
const CELL = 16;
const GRAIN_CELL = 4;
const PLANES = 8;
/** What stands for 1 in the file of the grain. */
const GRAIN_ONE = 4096;
/** Rows and columns of the grain that there is; longest and shortest side of a style. */
const GRAIN_SIDE = 256;
const MOST_STYLE = 1024;
const LEAST_STYLE = 32;
/** Size at which the drawn styles come as codes. */
const READ_SIZE = 640;
const LUMINANCE = [0.299, 0.587, 0.114];

/** @type {Promise<{ort: any, painter: any, grain: Float32Array}> | null} */
let network = null;
/** @type {any} What reads styles, once one must be read. */
let reader = null;
/** @type {Map<string, Float32Array>} */
const codes = new Map();

async function open() {
  const address = new URL("engine/ort.js", import.meta.url).href;
  const ort = await import(address);
  ort.env.wasm.wasmPaths = { mjs: new URL("engine/ort-wasm.js", import.meta.url).href };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency) : 1;
  const [painter, grain, runtime] = await Promise.all(["engine/any_style.onnx", "engine/grain.i16", "engine/runtime.gz"].map(file));
  ort.env.wasm.wasmBinary = await unpacked(runtime);
  return { ort, painter: await ort.InferenceSession.create(painter), grain: Float32Array.from(new Int16Array(grain), (each) => each / GRAIN_ONE) };
}

/** Return what a file of the engine holds. @param {string} name */
async function file(name) {
  const answer = await fetch(new URL(name, import.meta.url)).catch(() => null);
  if (!answer?.ok) throw new Error("The painter cannot be loaded. Check your connection, and try again.");
  return answer.arrayBuffer();
}

/** Return what is in a packed file; some servers have unpacked it already. @param {ArrayBuffer} data */
async function unpacked(data) {
  if (new Uint8Array(data)[0] !== 0x1f) return data;
  return new Response(new Blob([data]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** Open the network once; where that fails, it is tried again. */
const opening = () => (network ??= open().catch((error) => {
  network = null;
  throw error;
}));

/** Return a picture as a file. @param {Picture} picture @param {string} type */
async function encoded({ pixels, width, height }, type) {
  const image = new ImageData(width, height);
  image.data.fill(255);
  for (let at = 0; at < pixels.length; at += 1) image.data[at + Math.trunc(at / 3)] = 255 * pixels[at];
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type, quality: 0.95 });
}

/** Return the grain of a picture of a size. @param {Float32Array} whole @param {Picture} picture */
function grainOf(whole, { width, height }) {
  const [columns, rows] = [width, height].map((side) => Math.max(Math.ceil(side / CELL), 2) * (CELL / GRAIN_CELL));
  const grain = new Float32Array(PLANES * rows * columns);
  for (let at = 0; at < grain.length; at += 1) {
    const [plane, y, x] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
    grain[at] = whole[(plane * GRAIN_SIDE + (y % GRAIN_SIDE)) * GRAIN_SIDE + (x % GRAIN_SIDE)];
  }
  return { grain, shape: [1, PLANES, rows, columns] };
}

/** Return the code of a style. @param {GivenStyle} style @param {number} size @returns {Promise<Float32Array>} */
async function codeOf({ key, name, file: picture }, size) {
  const known = codes.get(`${key} ${size}`);
  if (known) return known;
  const code = name && size === READ_SIZE ? new Float32Array(await file(`engine/${name}.code`)) : await read(picture, size);
  codes.set(`${key} ${size}`, code);
  return code;
}

/** Round as Python does, halves to even numbers. @param {number} value */
const evenly = (value) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

/** Read a style. @param {Blob | string} picture  or its address @param {number} size */
async function read(picture, size) {
  const { ort } = await opening();
  reader ??= await ort.InferenceSession.create(await file("engine/style_reader.onnx"));
  const image = await createImageBitmap(typeof picture === "string" ? new Blob([await file(picture)], { type: "image/avif" }) : picture);
  const longest = Math.max(Math.min(size, MOST_STYLE), Math.floor((LEAST_STYLE * Math.max(image.width, image.height)) / Math.min(image.width, image.height)));
  const [width, height] = fitted(image, longest).map((side) => Math.max(LEAST_STYLE, evenly(side / CELL) * CELL));
  const { pixels } = scaled(image, [width, height], longest);
  const { code } = await reader.run({ picture: new ort.Tensor("float32", pixels, [1, height, width, 3]) });
  return code.data;
}

/** Return the mean of the styles' codes. @param {GivenStyle[]} styles @param {number} size */
async function mixed(styles, size) {
  const total = styles.reduce((sum, { weight }) => sum + weight, 0);
  const found = await Promise.all(styles.map((each) => codeOf(each, size)));
  return found.length === 1 ? found[0] : found[0].map((_, at) => found.reduce((sum, code, index) => sum + (styles[index].weight / total) * code[at], 0));
}

/** Lay a picture over another where a mask is white. @param {Picture} below @param {Picture} above @param {Blob} mask */
async function lay({ pixels, width, height }, above, mask) {
  const share = scaled(await createImageBitmap(mask), [width, height]).pixels;
  for (let at = 0; at < pixels.length; at += 1) pixels[at] += share[at] * (above.pixels[at] - pixels[at]);
}

/** Give painted pixels the photo's colors: only their luminance stays. @param {Picture} painted @param {Picture} photo @param {number} amount */
function keepColors({ pixels }, { pixels: photo }, amount) {
  for (let at = 0; at < pixels.length; at += 3) {
    const step = LUMINANCE.reduce((sum, part, c) => sum + part * (pixels[at + c] - photo[at + c]), 0);
    for (let c = at; c < at + 3; c += 1) pixels[c] += amount * (Math.min(1, Math.max(0, photo[c] + step)) - pixels[c]);
  }
}

/** Return a photo, stylized. @param {Picture} photo @param {Float32Array} code @param {number} strength @returns {Promise<Picture>} */
async function stylized({ pixels, width, height }, code, strength) {
  if (strength === 0) return { pixels: pixels.slice(), width, height };
  const { ort, painter, grain: whole } = await opening();
  const { grain, shape } = grainOf(whole, { pixels, width, height });
  /** @param {ArrayLike<number>} data @param {number[]} size */
  const tensor = (data, size) => new ort.Tensor("float32", data, size);
  const result = await painter.run({
    picture: tensor(pixels, [1, height, width, 3]), code: tensor(code, [code.length]), strength: tensor(Float32Array.of(strength), []),
    grain: tensor(grain, shape), held: tensor(new Float32Array(code.length), [code.length]), pace: tensor(Float32Array.of(1), []),
  });
  return { pixels: result.stylized.data, width, height };
}

/** The photo that was painted last, at each size. @type {{id?: string, sizes: Map<number, Picture>}} */
let last = { sizes: new Map() };

/** Return a photo at a size; with an id it is kept. @param {Blob} file @param {number} size @param {string} [id] */
async function photoOf(file, size, id) {
  if (id !== last.id) last = { id, sizes: new Map() };
  const known = last.sizes.get(size);
  if (known) return known;
  const image = await createImageBitmap(file);
  const photo = scaled(image, fitted(image, size));
  if (id) last.sizes.set(size, photo);
  return photo;
}

/** Paint, and return a file. @param {Order} order */
async function paint({ content, photo: id, styles, keep, size, read, strength, keeps, type }) {
  const photo = await photoOf(content, size, id);
  const masked = styles.filter(({ mask }) => mask);
  const [first, ...others] = [styles.filter(({ mask }) => !mask), ...masked.map((each) => [each])].filter(({ length }) => length);
  const painted = await stylized(photo, await mixed(first, read), strength);
  for (const [style] of others) if (style.mask) await lay(painted, await stylized(photo, await mixed([style], read), strength), style.mask);
  if (keeps) keepColors(painted, photo, keeps);
  if (keep) await lay(painted, photo, keep);
  return encoded(painted, type);
}

/** Orders wait in turn; those that are dropped meanwhile are left out. @type {Promise<unknown>} */
let line = Promise.resolve();

self.onmessage = ({ data, ports: [port] }) => {
  let wanted = true;
  port.onmessage = () => (wanted = false);
  line = line.then(async () => {
    // A look at the port first: what was dropped while another was painted is known only then.
    await new Promise((done) => setTimeout(done));
    // The runtime throws numbers, too.
    if (wanted) port.postMessage(await paint(data).then((blob) => ({ blob }), (error) => ({ error: error.message ?? String(error) })));
  });
};
