/** All settings, from the studio's schema, with a search over them. */
import { el, icon, place } from "./dom.js";
import { on, session, set } from "./session.js";

/** @import { Property } from "./engine.js" */

/** Settings that have places of their own. */
const ELSEWHERE = ["size", "quality", "strength", "masks", "keep", "style_weights"];
/** What each quality paints with. */
const METHODS = /** @type {Record<string, string>} */ ({ draft: "fast", good: "optimize", best: "optimize" });

/** Return a property's own form, without the choice of leaving it out. @param {Property} property */
const plain = (property) => property.anyOf?.find(({ type }) => type !== "null") ?? property;
/** @param {Property} property */
const typeOf = (property) => [plain(property).type].flat()[0];
/** @param {unknown} type */
const isNumber = (type) => type === "number" || type === "integer";

/** Return a setting's name for people. @param {string} name @param {Property} property */
function titleOf(name, { title = name }) {
  const words = title.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** @param {unknown} value */
function inWords(value) {
  if (value === null || value === undefined) return "automatic";
  if (typeof value === "boolean") return value ? "on" : "off";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** Read what was typed; undefined: nothing. @param {string} text @param {Property} property */
function parsed(text, property) {
  if (text.trim() === "") return undefined;
  const type = typeOf(property);
  if (isNumber(type)) return Number(text);
  if (type !== "array") return text;
  const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
  return isNumber(plain(property).items?.type) ? parts.map(Number) : parts;
}

/**
 * Return the field of a setting and what shows its value in it.
 * @param {string} name
 * @param {Property} property
 * @returns {{field: HTMLInputElement | HTMLSelectElement, show: () => void}}
 */
function fieldOf(name, property) {
  const { enum: choices, minimum: min = "", maximum: max = "" } = plain(property);
  const type = typeOf(property);
  const id = `more-${name}`;
  const initial = property.default ?? "";
  const value = () => session.settings[name];
  if (type === "boolean") {
    const field = el("input", { id, type: "checkbox", role: "switch", onchange: () => set(name, field.checked) });
    return { field, show: () => (field.checked = Boolean(value() ?? initial)) };
  }
  if (choices) {
    const options = [...(initial === "" ? [""] : []), ...choices.filter((each) => each !== null).map(String)];
    const field = el("select", { id, onchange: () => set(name, parsed(field.value, property)) }, ...options.map((each) => el("option", { value: each }, each || "automatic")));
    return { field, show: () => (field.value = String(value() ?? initial)) };
  }
  const field = el("input", {
    id, min, max, type: isNumber(type) ? "number" : "text", step: type === "integer" ? "1" : "any", placeholder: inWords(property.default),
    onchange: () => field.reportValidity() && set(name, parsed(field.value, property)),
  });
  return { field, show: () => document.activeElement !== field && (field.value = value() === undefined ? "" : inWords(value())) };
}

/** Return a setting's row and what brings it up to date. @param {string} name @param {Property} property */
function rowOf(name, property) {
  const { field, show } = fieldOf(name, property);
  const hint = el("span", { className: "small hint", id: `hint-${name}` });
  field.setAttribute("aria-describedby", hint.id);
  const reset = el("button", { type: "button", className: "icon", "aria-label": `Reset ${titleOf(name, property)}`, title: "Reset", onclick: () => {
    field.value = "";
    set(name, undefined);
  } }, icon("undo"));
  const row = el("div", { className: "setting" },
    el("div", { className: "top" }, el("label", { htmlFor: field.id }, titleOf(name, property)), el("code", {}, name)),
    el("div", { className: "value" }, field, reset), hint);
  const update = () => {
    const method = String(session.settings.method ?? METHODS[session.quality]);
    const used = !property["x-methods"] || property["x-methods"].includes(method);
    row.classList.toggle("ignored", !used);
    field.disabled = !used;
    reset.disabled = !(name in session.settings);
    show();
    const what = session.settings.method ? `The method ${method}` : `The quality ${session.quality}`;
    hint.textContent = used ? `${property.description ?? ""} Default: ${inWords(property.default)}.` : `${what} does not use this.`;
  };
  return { row, update, text: `${name} ${titleOf(name, property)} ${property.description}`.toLowerCase() };
}

/** Fill the panel. */
export async function startMore() {
  const { properties } = await session.engine.settings();
  session.schema = properties;
  const rows = Object.entries(properties).filter(([name]) => !ELSEWHERE.includes(name)).map(([name, property]) => ({ group: property["x-group"] ?? "Other", ...rowOf(name, property) }));
  const groups = [...new Set(rows.map(({ group }) => group))].map((group) => {
    const own = rows.filter((each) => each.group === group);
    return { own, element: el("section", {}, el("h2", {}, group), ...own.map(({ row }) => row)) };
  });
  const nothing = el("p", { className: "small", hidden: true }, "No setting has this name.");
  const search = el("input", { type: "search", placeholder: "Find a setting", "aria-label": "Find a setting", oninput: () => {
    const wanted = search.value.trim().toLowerCase();
    for (const { own, element } of groups) {
      for (const { row, text } of own) row.hidden = !text.includes(wanted);
      element.hidden = own.every(({ row }) => row.hidden);
    }
    nothing.hidden = groups.some(({ element }) => !element.hidden);
  } });
  place("more-body").append(search, nothing, ...groups.map(({ element }) => element));
  const update = () => rows.forEach((each) => each.update());
  on(["settings"], update);
  update();
}
