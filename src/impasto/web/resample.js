/** Scaling pictures as the Python package does: Lanczos with antialiasing. */

/** Half the width of the filter, in pixels of the smaller picture. */
const LOBES = 3;

/** @param {number} x */
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Return, for each pixel of a scaled row, where its filter begins and the filter's weights. @param {number} from @param {number} to */
function filters(from, to) {
  const scale = from / to;
  const wide = Math.max(1, scale);
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(center - LOBES * wide + 0.5));
    const end = Math.min(from, Math.trunc(center + LOBES * wide + 0.5));
    const weights = new Float64Array(end - begin);
    let sum = 0;
    for (let at = begin; at < end; at += 1) {
      const x = (at - center + 0.5) / wide;
      sum += weights[at - begin] = Math.abs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
    }
    return { begin, weights: weights.map((each) => each / sum) };
  });
}

/**
 * Return the width and height of a picture whose longest side is given.
 * @param {number} width
 * @param {number} height
 * @param {number} longest
 */
export function fitted(width, height, longest) {
  const scale = longest / Math.max(width, height);
  return [width, height].map((side) => Math.max(1, Math.trunc(side * scale + 0.5)));
}

/** Scale RGBA pixels; return RGB from 0 to 1. @param {ImageData} image @param {number} width @param {number} height */
export function resampled(image, width, height) {
  const rows = image.height;
  const across = new Float32Array(rows * width * 3);
  // Pictures are scaled down as bytes, and up as floats.
  const bytes = width <= image.width && height <= rows;
  /** @param {number} value */
  const rounded = (value) => Math.min(255, Math.max(0, bytes ? Math.round(value) : value));
  if (width === image.width) {
    for (let at = 0; at < rows * width; at += 1) for (let c = 0; c < 3; c += 1) across[at * 3 + c] = image.data[at * 4 + c];
  } else {
    const columns = filters(image.width, width);
    for (let y = 0; y < rows; y += 1) for (let x = 0; x < width; x += 1) {
      const { begin, weights } = columns[x];
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0, at = (y * image.width + begin) * 4; k < weights.length; k += 1, at += 4) {
        red += weights[k] * image.data[at];
        green += weights[k] * image.data[at + 1];
        blue += weights[k] * image.data[at + 2];
      }
      const to = (y * width + x) * 3;
      across[to] = rounded(red);
      across[to + 1] = rounded(green);
      across[to + 2] = rounded(blue);
    }
  }
  const pixels = new Float32Array(width * height * 3);
  if (height === rows) return pixels.map((_, at) => across[at] / 255);
  const row = width * 3;
  filters(rows, height).forEach(({ begin, weights }, y) => {
    const sums = new Float64Array(row);
    weights.forEach((weight, k) => {
      for (let at = 0, from = (begin + k) * row; at < row; at += 1, from += 1) sums[at] += weight * across[from];
    });
    for (let at = 0; at < row; at += 1) pixels[y * row + at] = rounded(sums[at]) / 255;
  });
  return pixels;
}
