/** Pictures of several styles, laid over each other by masks. */

/** @param {string} address */
async function opened(address) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  return picture;
}

/**
 * Return a context as large as a picture, with the picture on it.
 * @param {CanvasImageSource} picture
 * @param {number} width
 * @param {number} height
 */
function drawn(picture, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (!context) throw new Error("This browser cannot lay pictures over each other.");
  context.drawImage(picture, 0, 0, width, height);
  return context;
}

/**
 * Lay pictures over the first one where their masks are white.
 * @param {Blob} first
 * @param {{picture: Blob | string, mask: string}[]} layers  a mask's address; a picture, or its address
 */
export async function blended(first, layers) {
  const below = await createImageBitmap(first);
  const { width, height } = below;
  const whole = drawn(below, width, height);
  for (const { picture, mask } of layers) {
    const layer = drawn(typeof picture === "string" ? await opened(picture) : await createImageBitmap(picture), width, height);
    const share = drawn(await opened(mask), width, height).getImageData(0, 0, width, height);
    const pixels = layer.getImageData(0, 0, width, height);
    for (let at = 0; at < pixels.data.length; at += 4) pixels.data[at + 3] = share.data[at];
    layer.putImageData(pixels, 0, 0);
    whole.drawImage(layer.canvas, 0, 0);
  }
  return whole.canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
}
