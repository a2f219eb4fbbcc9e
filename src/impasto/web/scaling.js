/**
 * Pixels of a picture at a size, as Pillow and so the Python package computes them: no two browsers scale alike.
 *
 * @typedef {{pixels: Float32Array, width: number, height: number}} Picture  RGB from 0 to 1
 * @typedef {Uint8ClampedArray | Float32Array} Samples  RGB of a pixel after another; whole ones, of 0 to 255, are rounded
 * @typedef {{first: number, shares: Float64Array}[]} Taps  for each pixel the first that it is made of, and their shares
 */

/** Pixels are first averaged where the size is more than so many times the size wanted; reach of the filter, in pixels. */
const GAP = 3;
const REACH = 3;
/** Shares are multiples of 1 / ONE, and so are sums; what is less rounds half a level up, not to even ones. */
const ONE = 1 << 22;
const UP = 1 / (4 * ONE);
/** Divisions are multiplications by multiples of this. */
const PART = 2 ** -24;
/** About so many pixels are read at once: a whole photo does not fit on the canvas of a phone. */
const BAND = 1 << 20;

/** @param {number} x */
const sinc = (x) => (x ? Math.sin(Math.PI * x) / (Math.PI * x) : 1);

/** Return the taps of Lanczos. @param {number} side  pixels that there are @param {number} extent  the same, where the last is a part of one @param {number} count  pixels wanted */
function tapsOf(side, extent, count) {
  const step = extent / count;
  const scale = Math.max(1, step);
  return Array.from({ length: count }, (_, at) => {
    const middle = (at + 0.5) * step;
    const [first, end] = [middle - REACH * scale, middle + REACH * scale].map((edge) => Math.min(side, Math.trunc(Math.max(0, edge + 0.5))));
    const shares = Float64Array.from({ length: end - first }, (_, each) => {
      const x = (first + each + 0.5 - middle) / scale;
      return Math.abs(x) < REACH ? sinc(x) * sinc(x / REACH) : 0;
    });
    const sum = shares.reduce((total, each) => total + each);
    return { first, shares: shares.map((each) => Math.round((each / sum) * ONE) / ONE) };
  });
}

/** Scale a row, and write it as a column. @param {Float64Array} row @param {Taps} taps @param {Samples} to @param {number} column @param {number} columns */
function scaleRow(row, taps, to, column, columns) {
  for (let x = 0, at = 3 * column; x < taps.length; x += 1, at += 3 * columns) {
    const { first, shares } = taps[x];
    let [red, green, blue] = [UP, UP, UP];
    for (let each = 0, from = 3 * first; each < shares.length; each += 1, from += 3) {
      const share = shares[each];
      red += share * row[from];
      green += share * row[from + 1];
      blue += share * row[from + 2];
    }
    to[at] = red;
    to[at + 1] = green;
    to[at + 2] = blue;
  }
}

/** Scale rows, and write them as columns: what does it twice has scaled both. @template {Samples} T @param {Samples} from @param {T} to @param {number} width  of rows @param {Taps} taps */
function scaleRows(from, to, width, taps) {
  const row = new Float64Array(3 * width);
  const rows = from.length / row.length;
  for (let y = 0; y < rows; y += 1) {
    row.set(from.subarray(y * row.length, (y + 1) * row.length));
    scaleRow(row, taps, to, y, rows);
  }
  return to;
}

/** Make a row of the means of boxes of pixels. @param {Float64Array} row @param {ImageData} picture @param {number} top  of the boxes @param {number} across @param {number} down */
function average(row, { data, width, height }, top, across, down) {
  const bottom = Math.min(height, top + down);
  for (let x = 0, left = 0; x < row.length; x += 3, left += across) {
    const right = Math.min(width, left + across);
    const count = (bottom - top) * (right - left);
    const part = Math.trunc(Math.fround(1 / PART / count)) * PART;
    let [red, green, blue] = [count >> 1, count >> 1, count >> 1];
    for (let y = top; y < bottom; y += 1) {
      for (let at = 4 * (y * width + left); at < 4 * (y * width + right); at += 4) {
        red += data[at];
        green += data[at + 1];
        blue += data[at + 2];
      }
    }
    row[x] = Math.trunc(red * part);
    row[x + 1] = Math.trunc(green * part);
    row[x + 2] = Math.trunc(blue * part);
  }
}

/** Return a picture, on white where it is transparent, no larger than a size. @param {ImageBitmap} image @param {number[]} size @returns {Picture} */
function reduced(image, [width, height]) {
  const [across, down] = [image.width / width, image.height / height].map((times) => Math.max(1, Math.trunc(times / GAP)));
  const [columns, rows] = [Math.ceil(image.width / across), Math.ceil(image.height / down)];
  const taps = tapsOf(columns, image.width / across, width);
  const scaled = new Uint8ClampedArray(3 * width * rows);
  const row = new Float64Array(3 * columns);
  const band = Math.min(image.height, down * Math.ceil(BAND / image.width / down));
  const context = new OffscreenCanvas(image.width, band).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot read pictures in the background.");
  context.fillStyle = "#fff";
  for (let top = 0; top < image.height; top += band) {
    const lines = Math.min(band, image.height - top);
    context.fillRect(0, 0, image.width, lines);
    context.drawImage(image, 0, top, image.width, lines, 0, 0, image.width, lines);
    const part = context.getImageData(0, 0, image.width, lines);
    for (let y = 0; y < lines; y += down) {
      average(row, part, y, across, down);
      scaleRow(row, taps, scaled, (top + y) / down, rows);
    }
  }
  const whole = scaleRows(scaled, new Uint8ClampedArray(3 * width * height), rows, tapsOf(rows, image.height / down, height));
  const pixels = new Float32Array(whole);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] /= 255;
  return { pixels, width, height };
}

/** Return a picture at another size. @param {Picture} picture @param {number[]} size @returns {Picture} */
function resized({ pixels, width, height }, [across, down]) {
  if (width === across && height === down) return { pixels, width, height };
  const scaled = scaleRows(pixels, new Float32Array(3 * across * height), width, tapsOf(width, width, across));
  const whole = scaleRows(scaled, new Float32Array(3 * across * down), height, tapsOf(height, height, down));
  return { pixels: whole.map((each) => Math.min(1, Math.max(0, each))), width: across, height: down };
}

/** Return the width and height of a picture whose longest side is given. @param {{width: number, height: number}} picture @param {number} longest */
export function fitted({ width, height }, longest) {
  const scale = longest / Math.max(width, height);
  return [width, height].map((side) => Math.max(1, Math.trunc(side * scale + 0.5)));
}

/** Return a picture at a size. @param {ImageBitmap} image @param {number[]} size @param {number} [longest]  at which it is opened, if it is larger */
export const scaled = (image, size, longest = Math.max(...size)) => resized(reduced(image, fitted(image, Math.min(longest, Math.max(image.width, image.height)))), size);
