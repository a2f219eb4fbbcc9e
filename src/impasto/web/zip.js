/** Several files as one: a ZIP file that packs nothing, since pictures are packed already. */

/** Remainders of all bytes. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});
/** The first of January 1980: files have no other date. */
const DATE = 33;
/** Names are UTF-8. */
const FLAGS = 0x0800;

/** @param {Uint8Array} data */
function checksum(data) {
  let rest = ~0;
  for (const byte of data) rest = TABLE[(rest ^ byte) & 255] ^ (rest >>> 8);
  return ~rest;
}

/** Return numbers as bytes, least first. @param {[number, number][]} fields  of 2 or 4 bytes, and their numbers */
function packed(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return view.buffer;
}

/** Return a ZIP file. @param {{name: string, file: Blob}[]} files */
export async function zipped(files) {
  const parts = /** @type {BlobPart[]} */ ([]);
  const index = /** @type {BlobPart[]} */ ([]);
  let offset = 0;
  for (const { name, file } of files) {
    const title = new TextEncoder().encode(name);
    const sum = checksum(new Uint8Array(await file.arrayBuffer()));
    const facts = /** @type {[number, number][]} */ ([[2, 20], [2, FLAGS], [2, 0], [2, 0], [2, DATE], [4, sum], [4, file.size], [4, file.size], [2, title.length], [2, 0]]);
    parts.push(packed([[4, 0x04034b50], ...facts]), title, file);
    index.push(packed([[4, 0x02014b50], [2, 20], ...facts, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), title);
    offset += 30 + title.length + file.size;
  }
  const size = new Blob(index).size;
  const end = packed([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]]);
  return new Blob([...parts, ...index, end], { type: "application/zip" });
}
