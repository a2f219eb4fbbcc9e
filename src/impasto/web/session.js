/**
 * What the person has chosen, and who is told when it changes.
 *
 * @import { Engine, Property, Settings, StyleRef, Upload } from "./engine.js"
 * @typedef {{key: string, title: string, description: string, thumbnail: string | null, ref: StyleRef, here: boolean, kind: string, license: string | null}} Choice
 * @typedef {{ref: StyleRef, mask: string}} Region
 * @typedef {"engine" | "photo" | "style" | "settings" | "mode" | "regions" | "result" | "run" | "add"} Topic
 */

/** Longest side of a picture that is painted in its own size, at most. */
const OWN_SIZE = 1024;
/** Longest side of a picture that is painted at a tap, and of a video. */
const QUICK_SIZE = 640;
/** Settings that a picture painted at a tap heeds. */
const QUICK = ["strength", "color", "color_amount", "style_scale", "style_turn", "style_tiles", "seed"];

export const session = {
  /** @type {Engine} */
  engine: /** @type {any} */ (null),
  /** @type {Upload | null} */
  photo: null,
  /** @type {Choice | null} */
  style: null,
  /** Settings that differ from their defaults; size and quality have their own places. @type {Settings} */
  settings: {},
  quality: "good",
  /** Longest side; 0: as the photo. */
  size: 0,
  /** Share of the style in a mix, and what else is in it. */
  share: 1,
  /** @type {{choice: Choice, share: number}[]} */
  mix: [],
  /** @type {Region[]} */
  regions: [],
  /** Masked areas that stay as in the photo: the file of a mask. @type {string | null} */
  keep: null,
  /** All settings that there are. @type {Record<string, Property>} */
  schema: {},
  mode: "picture",
  /** What can be saved and shared. @type {{address: string, name: string} | null} */
  result: null,
};

/** Each part says which files and addresses it needs. @type {(() => (string | null | undefined)[])[]} */
const needs = [() => [session.photo?.id, session.keep, session.result?.address, session.style?.ref.file, ...session.regions.map(({ mask }) => mask)]];

/** @param {() => (string | null | undefined)[]} says */
export const needing = (says) => needs.push(says);

/** Let the engine go on with what is needed only. */
export const release = () => session.engine.release(new Set(needs.flatMap((says) => says()).filter((each) => typeof each === "string")));

const topics = new EventTarget();

/** Call a function whenever something of a list has changed. @param {Topic[]} changed @param {() => unknown} action */
export const on = (changed, action) => changed.forEach((topic) => topics.addEventListener(topic, action));

/** @param {Topic} topic */
export const tell = (topic) => topics.dispatchEvent(new Event(topic));

/** Change a setting; undefined: to its default. @param {string} name @param {unknown} value */
export function set(name, value) {
  if (value === undefined || value === session.schema[name]?.default) delete session.settings[name];
  else session.settings[name] = value;
  tell("settings");
}

/** Return the longest side that a picture gets where none is chosen; null: one that is as large as can be. */
export function ownSize(picture = session.photo) {
  const most = Math.min(session.mode === "video" ? QUICK_SIZE : OWN_SIZE, session.engine?.info.max_size ?? OWN_SIZE);
  return picture ? Math.min(most, Math.max(picture.width, picture.height)) : most;
}

/** Return the styles, those of regions last. */
export function styles() {
  const mixed = session.mix.map(({ choice, share }) => ({ ...choice.ref, weight: share }));
  const everywhere = session.style ? [{ ...session.style.ref, ...(mixed.length ? { weight: session.share } : {}) }, ...mixed] : [];
  return [...everywhere, ...session.regions.map(({ ref, mask }) => ({ ...ref, mask }))];
}

/** What the brush keeps goes before what a setting keeps. */
const drawn = () => (session.keep ? { keep: undefined } : {});

/** Return the settings of a full painting. */
export function fullSettings() {
  const { method, encoder } = session.settings;
  const quality = method || encoder ? {} : { quality: session.quality };
  return { ...quality, size: session.size || ownSize(), ...session.settings, ...drawn() };
}

/** Return the settings of a picture that is painted at a tap. */
export function quickSettings() {
  const heeded = Object.entries(session.settings).filter(([name]) => QUICK.includes(name));
  return { ...Object.fromEntries(heeded), size: Math.min(session.size || ownSize(), QUICK_SIZE), ...drawn() };
}
