/**
 * What this browser has painted, in its database; where it has none, for as long as the page is open.
 *
 * @typedef {object} Kept
 * @property {string} id
 * @property {string} title
 * @property {number} when                     Milliseconds since 1970.
 * @property {import("./engine.js").RunRequest} request
 * @property {Record<string, File>} files      By the ids that the request names.
 * @property {Blob} picture
 * @property {Blob} thumbnail
 */

/** Pictures that are kept; the oldest go first. */
const MOST = 60;
/** @type {Map<string, Kept>} */
const all = new Map();
/** @template T @param {IDBRequest<T>} asked @returns {Promise<T>} */
const answer = (asked) => new Promise((done, fail) => Object.assign(asked, { onsuccess: () => done(asked.result), onerror: fail }));

const opened = (async () => {
  const asked = indexedDB.open("impasto", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("pictures", { keyPath: "id" });
  return answer(asked);
})().catch(() => null);

/** Ask the database for something; null: it cannot answer. @param {(store: IDBObjectStore) => IDBRequest} question */
async function ask(question) {
  const transaction = (await opened)?.transaction("pictures", "readwrite");
  const asked = transaction && answer(question(transaction.objectStore("pictures"))).catch(() => null);
  transaction?.commit(); // At once: the page may be about to go.
  return asked;
}

/** Return what is kept, the newest first. */
export async function keptPictures() {
  for (const each of (await ask((store) => store.getAll())) ?? []) if (!all.has(each.id)) all.set(each.id, each);
  return [...all.values()].sort((a, b) => b.when - a.when);
}

/** @param {Kept} picture */
export async function keepPicture(picture) {
  all.set(picture.id, picture);
  await ask((store) => store.put(picture));
  for (const { id } of (await keptPictures()).slice(MOST)) await dropPicture(id);
}

/** @param {string} id */
export async function dropPicture(id) {
  all.delete(id);
  await ask((store) => store.delete(id));
}
