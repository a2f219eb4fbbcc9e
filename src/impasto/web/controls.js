/** The controls that are always seen: strength, colors, size, quality, and the theme. */
import { button, covers, el, find, icon, input, place, remember } from "./dom.js";
import { on, ownSize, session, set, tell } from "./session.js";

const SIZES = [256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384];
/** Switches, and what a setting is when they are on. */
const SWITCHES = [["keep-colors", "color", "content"], ["keep-faces", "keep", "faces"]];
const QUALITIES = [["draft", "Draft", "One pass: in a moment"], ["good", "Good", "Painted in steps"], ["best", "Best", "Painted by a larger network, most like the style"]];

/** Let the theme be switched. */
export function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const theme = button("theme");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    theme.setAttribute("aria-pressed", String(isDark()));
    theme.replaceChildren(icon(isDark() ? "sun" : "moon"));
  };
  show();
  system.addEventListener("change", show);
  theme.addEventListener("click", () => {
    remember("theme", isDark() ? "light" : "dark");
    show();
  });
}

/** Open and close the sheet that the panel is on a phone. */
function startPanel() {
  const panel = place("panel");
  const opener = button("open-panel");
  /** @param {boolean} open */
  const show = (open) => {
    panel.classList.toggle("open", open);
    opener.setAttribute("aria-expanded", String(open));
    (open ? button("close-panel") : opener).focus();
    covers(open, close);
  };
  const close = () => panel.classList.contains("open") && show(false);
  opener.addEventListener("click", () => show(!panel.classList.contains("open")));
  place("app").addEventListener("click", (event) => event.target === place("app") && close());
  for (const id of ["close-panel", "paint-button"]) button(id).addEventListener("click", close);
  on(["mode"], close);
  document.querySelector("#regions summary")?.addEventListener("click", close);
}

/** Offer the sizes that the studio can paint. */
function drawSizes() {
  const select = find("size", HTMLSelectElement);
  const most = session.engine.info.max_size;
  const sizes = [...new Set([...SIZES.filter((each) => each <= most), most, session.size || most])].sort((a, b) => a - b);
  const one = session.mode === "picture" && session.photo;
  const own = el("option", { value: "0" }, one ? `Like the photo (${ownSize()} px)` : `Own (to ${ownSize(null)} px)`);
  select.replaceChildren(own, ...sizes.map((each) => el("option", { value: String(each) }, `${each} px`)));
  select.value = String(session.size);
}

/** Show the settings as they are. */
function showControls() {
  const strength = Math.round(100 * Number(session.settings.strength ?? 1));
  input("strength").value = String(strength);
  place("strength-shown").textContent = `${strength}%`;
  for (const [id, name, value] of SWITCHES) input(id).checked = session.settings[name] === value;
  const video = session.mode === "video"; // which is painted in one pass, or as well as can be
  const own = session.settings.method || session.settings.encoder ? "" : session.quality;
  const chosen = !video ? own : session.quality === "best" ? "best" : "draft";
  for (const radio of qualities) {
    radio.checked = radio.value === chosen;
    radio.disabled = video && radio.value === "good";
  }
  able();
  drawSizes();
}

/** What each mode has no use for is disabled. */
function able() {
  const still = session.mode === "picture" || session.mode === "batch";
  input("keep-colors").disabled = !still;
  input("keep-faces").disabled = !still || (session.quality === "draft" && !session.settings.method);
  find("size", HTMLSelectElement).disabled = find("quality", HTMLFieldSetElement).disabled = session.mode === "camera";
  place("regions").inert = place("mix").inert = session.mode !== "picture";
  place("more").inert = !still;
}

const qualities = QUALITIES.map(([value]) => el("input", { type: "radio", name: "quality", value, onchange: () => {
  session.quality = value;
  delete session.settings.method;
  delete session.settings.encoder;
  tell("settings");
} }));

/** Begin to listen. */
export function startControls() {
  startPanel();
  if (session.engine.info.one_pass) session.quality = "draft";
  const labels = QUALITIES.map(([, name, title], index) => el("label", { title }, qualities[index], name));
  place("quality").append(el("div", { className: "choices" }, ...labels));
  input("strength").addEventListener("input", () => set("strength", input("strength").valueAsNumber / 100));
  for (const [id, name, value] of SWITCHES) input(id).addEventListener("change", () => set(name, input(id).checked ? value : undefined));
  find("size", HTMLSelectElement).addEventListener("change", () => {
    session.size = Number(find("size", HTMLSelectElement).value);
    tell("settings");
  });
  on(["photo"], drawSizes);
  on(["settings", "mode"], showControls);
  showControls();
}
