/**
 * The any-style network, in a worker of its own: reads styles once, and paints picture after picture.
 *
 * @typedef {{file: Blob | string, key: string, name?: string, weight: number, mask: Blob | null}} GivenStyle
 * @typedef {{content: Blob, photo?: string, styles: GivenStyle[], keep: Blob | null, size: number, read: number, strength: number, keeps: number, type: string}} Order
 */
/** Sides of styles are multiples of this many pixels; a value of the grain covers fewer. */
const CELL = 16;
const GRAIN_CELL = 4;
const PLANES = 8;
/** Rows and columns of the grain that there is; longest and shortest side of a style. */
const GRAIN_SIDE = 256;
const MOST_STYLE = 1024;
const LEAST_STYLE = 32;
/** Size at which the drawn styles come as codes. */
const READ_SIZE = 640;
const LUMINANCE = [0.299, 0.587, 0.114];

/** @type {Promise<{ort: any, painter: any, grain: Float32Array}> | null} */
let opened = null;
/** @type {any} What reads styles, once one must be read. */
let reader = null;
/** @type {Map<string, Float32Array>} */
const codes = new Map();

async function open() {
  const address = new URL("engine/ort.js", import.meta.url).href;
  const ort = await import(address);
  ort.env.wasm.wasmPaths = { mjs: new URL("engine/ort-wasm.js", import.meta.url).href };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency) : 1;
  const [painter, halves, runtime] = await Promise.all(["engine/any_style.onnx", "engine/grain.f16", "engine/runtime.gz"].map(file));
  ort.env.wasm.wasmBinary = await unpacked(runtime);
  return { ort, painter: await ort.InferenceSession.create(painter), grain: Float32Array.from(new Uint16Array(halves), single) };
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
const opening = () => (opened ??= open().catch((error) => {
  opened = null;
  throw error;
}));

/** Return the number that 16 bits stand for. @param {number} half */
function single(half) {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return half & 32768 ? -size : size;
}

/** Return the width and height of a picture whose longest side is given. @param {ImageBitmap} picture @param {number} longest */
function fitted({ width, height }, longest) {
  const scale = longest / Math.max(width, height);
  return [width, height].map((side) => Math.max(1, Math.trunc(side * scale + 0.5)));
}

/** Return a picture's pixels at a size, RGB from 0 to 1, on white where it is transparent. @param {ImageBitmap} picture @param {number} width @param {number} height */
function pixelsOf(picture, width, height) {
  /** @param {CanvasImageSource} from @param {number[]} size */
  const drawn = (from, [across, down]) => {
    const context = new OffscreenCanvas(across, down).getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser cannot read pictures in the background.");
    Object.assign(context, { fillStyle: "#fff", imageSmoothingQuality: "high" }).fillRect(0, 0, across, down);
    context.drawImage(from, 0, 0, across, down);
    return context;
  };
  // By halves, so that every pixel counts: not all browsers see to that.
  /** @type {ImageBitmap | OffscreenCanvas} */
  let from = picture;
  while (from.width >= 2 * width && from.height >= 2 * height) from = drawn(from, [from.width >> 1, from.height >> 1]).canvas;
  const { data } = drawn(from, [width, height]).getImageData(0, 0, width, height);
  return Float32Array.from({ length: 3 * width * height }, (_, at) => data[4 * Math.trunc(at / 3) + (at % 3)] / 255);
}

/** Return the grain of a picture of a size. @param {Float32Array} whole @param {number} width @param {number} height */
function grainOf(whole, width, height) {
  const [columns, rows] = [width, height].map((side) => Math.max(Math.ceil(side / CELL), 2) * (CELL / GRAIN_CELL));
  const grain = new Float32Array(PLANES * rows * columns);
  for (let at = 0; at < grain.length; at += 1) {
    const [plane, y, x] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
    grain[at] = whole[(plane * GRAIN_SIDE + (y % GRAIN_SIDE)) * GRAIN_SIDE + (x % GRAIN_SIDE)];
  }
  return { grain, shape: [1, PLANES, rows, columns] };
}

/** Return the code of a style. @param {GivenStyle} style @param {number} size */
async function codeOf(style, size) {
  const { key, name } = style;
  const known = codes.get(`${key} ${size}`);
  if (known) return known;
  const code = name && size === READ_SIZE ? new Float32Array(await file(`engine/${name}.code`)) : await read(style.file, size);
  codes.set(`${key} ${size}`, code);
  return code;
}

/** Read a style. @param {Blob | string} picture  or its address @param {number} size @returns {Promise<Float32Array>} */
async function read(picture, size) {
  const { ort } = await opening();
  reader ??= await ort.InferenceSession.create(await file("engine/style_reader.onnx"));
  const image = await createImageBitmap(typeof picture === "string" ? new Blob([await file(picture)], { type: "image/avif" }) : picture);
  const longest = Math.max(Math.min(size, MOST_STYLE), Math.floor((LEAST_STYLE * Math.max(image.width, image.height)) / Math.min(image.width, image.height)));
  const [width, height] = fitted(image, longest).map((side) => Math.max(LEAST_STYLE, Math.round(side / CELL) * CELL));
  const { code } = await reader.run({ picture: new ort.Tensor("float32", pixelsOf(image, width, height), [1, height, width, 3]) });
  return code.data;
}

/**
 * Lay pixels over others where a mask is white.
 * @param {Float32Array} below
 * @param {Float32Array} above
 * @param {Blob} mask
 * @param {number} width
 * @param {number} height
 */
async function lay(below, above, mask, width, height) {
  const share = pixelsOf(await createImageBitmap(mask), width, height);
  for (let at = 0; at < below.length; at += 1) below[at] += share[at] * (above[at] - below[at]);
}

/** The photo that was painted last, by size. @type {Map<number, {photo?: string, pixels: Float32Array, width: number, height: number}>} */
const photos = new Map();

/** Return a picture's pixels at a size. @param {Blob} file @param {number} size */
async function scaled(file, size) {
  const image = await createImageBitmap(file);
  const [width, height] = fitted(image, size);
  return { pixels: pixelsOf(image, width, height), width, height };
}

/** Paint, and return a file. @param {Order} order */
async function paint({ content, photo, styles, keep, size, read, strength, keeps, type }) {
  const known = photos.get(size);
  const { pixels, width, height } = photo && known?.photo === photo ? known : await scaled(content, size);
  if (photo && known?.photo !== photo) {
    for (const [other, each] of photos) if (each.photo !== photo) photos.delete(other);
    photos.set(size, { photo, pixels, width, height });
  }
  /** @type {Float32Array | null} */
  let painted = null;
  const everywhere = styles.filter(({ mask }) => !mask);
  for (const group of [everywhere, ...styles.filter(({ mask }) => mask).map((each) => [each])]) {
    if (!group.length) continue;
    const next = await stylized(pixels, width, height, await mixed(group, read), strength);
    const { mask } = group[0];
    if (!painted || !mask) painted = painted ?? next;
    else await lay(painted, next, mask, width, height);
  }
  const result = painted ?? pixels.slice();
  if (keeps) keepColors(result, pixels, keeps);
  if (keep) await lay(result, pixels, keep, width, height);
  return encoded(result, width, height, type);
}

/** Return the mean of the styles' codes. @param {GivenStyle[]} styles @param {number} size */
async function mixed(styles, size) {
  const total = styles.reduce((sum, { weight }) => sum + weight, 0);
  const found = await Promise.all(styles.map((each) => codeOf(each, size)));
  return found.length === 1 ? found[0] : found[0].map((_, at) => found.reduce((sum, code, index) => sum + (styles[index].weight / total) * code[at], 0));
}

/**
 * Return stylized pixels.
 * @param {Float32Array} pixels
 * @param {number} width
 * @param {number} height
 * @param {Float32Array} code
 * @param {number} strength
 * @returns {Promise<Float32Array>}
 */
async function stylized(pixels, width, height, code, strength) {
  if (strength === 0) return pixels.slice();
  const { ort, painter, grain: whole } = await opening();
  const { grain, shape } = grainOf(whole, width, height);
  /** @param {ArrayLike<number>} data @param {number[]} size */
  const tensor = (data, size) => new ort.Tensor("float32", data, size);
  const { stylized: result } = await painter.run({
    picture: tensor(pixels, [1, height, width, 3]), code: tensor(code, [code.length]), strength: tensor(Float32Array.of(strength), []),
    grain: tensor(grain, shape), held: tensor(new Float32Array(code.length), [code.length]), pace: tensor(Float32Array.of(1), []),
  });
  return result.data;
}

/** Give painted pixels the photo's colors: only their luminance stays. @param {Float32Array} painted @param {Float32Array} photo @param {number} amount */
function keepColors(painted, photo, amount) {
  for (let at = 0; at < painted.length; at += 3) {
    const step = LUMINANCE.reduce((sum, part, c) => sum + part * (painted[at + c] - photo[at + c]), 0);
    for (let c = 0; c < 3; c += 1) painted[at + c] += amount * (Math.min(1, Math.max(0, photo[at + c] + step)) - painted[at + c]);
  }
}

/** @param {Float32Array} pixels @param {number} width @param {number} height @param {string} type */
async function encoded(pixels, width, height, type) {
  const image = new ImageData(width, height);
  for (let at = 0; at < width * height; at += 1) {
    for (let c = 0; c < 3; c += 1) image.data[at * 4 + c] = Math.round(255 * pixels[at * 3 + c]);
    image.data[at * 4 + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type, quality: 0.95 });
}

/** Orders wait in turn; those that were dropped are left out. @type {{id: number, order: Order}[]} */
const queue = [];
let working = false;

async function work() {
  if (working) return;
  working = true;
  for (let next = queue.shift(); next; next = queue.shift()) {
    try {
      self.postMessage({ id: next.id, blob: await paint(next.order) });
    } catch (error) {
      self.postMessage({ id: next.id, error: error instanceof Error ? error.message : String(error) });
    }
  }
  working = false;
}

self.onmessage = ({ data }) => {
  const at = queue.findIndex(({ id }) => id === data.drop);
  if (data.drop !== undefined) {
    if (at >= 0) queue.splice(at, 1);
    return;
  }
  queue.push(data);
  work();
};
