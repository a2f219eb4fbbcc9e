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
/** @type {Promise<IDBDatabase | null> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase | null>} */
const open = () => (opened ??= new Promise((done) => {
  const asked = indexedDB.open("impasto", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("pictures", { keyPath: "id" });
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => done(null);
}));

/**
 * Ask the database for something; null: it cannot answer.
 * @param {(store: IDBObjectStore) => IDBRequest} question
 * @returns {Promise<any>}
 */
async function ask(question) {
  const database = await open().catch(() => null);
  return database && new Promise((done) => {
    const transaction = database.transaction("pictures", "readwrite");
    const asked = question(transaction.objectStore("pictures"));
    transaction.commit(); // At once: the page may be about to go.
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => done(null);
  });
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
