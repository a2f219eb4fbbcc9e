/** The controls that are always seen: strength, colors, size, quality, and the theme. */
import { button, covers, el, find, input, place, uncovers } from "./dom.js";
import { on, ownSize, session, set, tell } from "./session.js";

const SIZES = [256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384];
const QUALITIES = [["draft", "Draft", "One pass: in a moment"], ["good", "Good", "Painted in steps"], ["best", "Best", "Painted by a larger network, most like the style"]];

/** @param {boolean} dark */
function showTheme(dark) {
  const theme = button("theme");
  theme.setAttribute("aria-pressed", String(dark));
  theme.querySelector("use")?.setAttribute("href", `icons.svg#${dark ? "sun" : "moon"}`);
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  showTheme(isDark());
  system.addEventListener("change", () => showTheme(isDark()));
  button("theme").addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme(isDark());
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Storage is blocked: the choice lasts as long as the page.
    }
  });
}

/** Open and close the sheet that the panel is on a phone. */
function startPanel() {
  const panel = place("panel");
  const opener = button("open-panel");
  /** @param {boolean} open */
  const show = (open) => {
    panel.classList.toggle("open", open);
    place("app").classList.toggle("panel-open", open);
    opener.setAttribute("aria-expanded", String(open));
    (open ? button("close-panel") : opener).focus();
    (open ? covers : uncovers)(close);
  };
  const close = () => panel.classList.contains("open") && show(false);
  opener.addEventListener("click", () => show(!panel.classList.contains("open")));
  place("app").addEventListener("click", (event) => event.target === place("app") && close());
  for (const id of ["close-panel", "paint-button"]) button(id).addEventListener("click", close);
  on("mode", close);
  document.querySelector("#regions summary")?.addEventListener("click", close);
}

/** Offer the sizes that the studio can paint. */
function drawSizes() {
  const select = find("size", HTMLSelectElement);
  const most = session.engine.info.max_size;
  const sizes = [...new Set([...SIZES.filter((each) => each <= most), most, session.size || most])].sort((a, b) => a - b);
  const own = el("option", { value: "0" }, `${session.photo ? "Like the photo" : "Own"} (${ownSize()} px)`);
  select.replaceChildren(own, ...sizes.map((each) => el("option", { value: String(each) }, `${each} px`)));
  select.value = String(session.size);
}

/** Show the settings as they are. */
export function showControls() {
  const strength = Math.round(100 * Number(session.settings.strength ?? 1));
  input("strength").value = String(strength);
  place("strength-shown").textContent = `${strength}%`;
  input("keep-colors").checked = session.settings.color === "content";
  const chosen = session.settings.method || session.settings.encoder ? "" : session.quality;
  for (const radio of document.querySelectorAll("#quality input")) {
    if (radio instanceof HTMLInputElement) radio.checked = radio.value === chosen;
  }
  input("keep-faces").checked = session.settings.keep === "faces";
  able();
  drawSizes();
}

/** What each mode has no use for is disabled. */
function able() {
  const still = session.mode === "picture" || session.mode === "batch";
  input("keep-colors").disabled = !still;
  input("keep-faces").disabled = !still || (session.quality === "draft" && !session.settings.method);
  find("size", HTMLSelectElement).disabled = session.mode === "camera";
  find("quality", HTMLFieldSetElement).disabled = !still;
  place("regions").inert = place("mix").inert = session.mode !== "picture";
  place("more").inert = !still;
}

function drawQualities() {
  const radios = QUALITIES.map(([value, title, sentence]) => el("label", { title: sentence }, el("input", {
    type: "radio", name: "quality", value, onchange: () => {
      session.quality = value;
      delete session.settings.method;
      delete session.settings.encoder;
      tell("settings");
    },
  }), title));
  place("quality").append(el("div", { className: "choices" }, ...radios));
}

/** Begin to listen. */
export function startControls() {
  startTheme();
  startPanel();
  if (session.engine.info.one_pass) session.quality = "draft";
  drawQualities();
  drawSizes();
  input("strength").addEventListener("input", () => {
    const strength = input("strength").valueAsNumber / 100;
    set("strength", strength === 1 ? undefined : strength);
  });
  input("keep-colors").addEventListener("change", () => set("color", input("keep-colors").checked ? "content" : undefined));
  input("keep-faces").addEventListener("change", () => set("keep", input("keep-faces").checked ? "faces" : undefined));
  find("size", HTMLSelectElement).addEventListener("change", () => {
    session.size = Number(find("size", HTMLSelectElement).value);
    tell("settings");
  });
  on("photo", drawSizes);
  on("settings", showControls);
  on("mode", able);
  showControls();
  able();
}
