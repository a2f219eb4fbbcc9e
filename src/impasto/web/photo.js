/** The photo: chosen, dropped, pasted, taken, or one of the examples. */
import { button, el, input, place, say, sayError } from "./dom.js";
import { paintQuickly } from "./quick.js";
import { on, session, tell } from "./session.js";
import { clearStage, setBusy, showPhoto } from "./stage.js";
import { bringStyle } from "./strip.js";

let newest = 0;

// A tap counts, and so does a choice, before the page has found its engine.
button("choose").addEventListener("click", () => input("file").click());

/** Show a photo and hand it to the engine. @param {Blob} file @param {string} name */
export async function usePhoto(file, name) {
  const mine = ++newest;
  const shown = session.photo;
  say("");
  setBusy(true);
  const local = await localPicture(file);
  if (mine !== newest) return;
  if (local) showPhoto(local.src, local.naturalWidth, local.naturalHeight);
  try {
    const photo = await session.engine.upload(file, name);
    if (mine !== newest) return;
    if (photo.kind !== "picture") throw new Error("This file is a video. Open it under Video.");
    if (!local) showPhoto(session.engine.picture(photo.id), photo.width, photo.height);
    setPhoto(photo);
  } catch (error) {
    if (mine !== newest) return;
    setBusy(false);
    if (!shown) clearStage();
    else if (local) {
      showPhoto(session.engine.picture(shown.id), shown.width, shown.height);
      await paintQuickly();
    }
    sayError(error, () => usePhoto(file, name));
  }
}

/** @param {import("./engine.js").Upload} photo */
export function setPhoto(photo) {
  session.photo = photo;
  session.regions = [];
  session.keep = null;
  setBusy(false);
  tell("photo");
}

/** Return a picture that the browser can show itself. @param {Blob} file */
async function localPicture(file) {
  const picture = el("img", { src: URL.createObjectURL(file) });
  return picture.decode().then(() => picture, () => URL.revokeObjectURL(picture.src));
}

/** @param {import("./engine.js").Example} example */
async function useExample(example) {
  try {
    const answer = await fetch(example.picture);
    if (!answer.ok) throw new Error("This example is gone. Choose a photo of your own.");
    await usePhoto(await answer.blob(), `${example.name}.jpg`);
  } catch (error) {
    sayError(error);
  }
}

/** Fill the examples. */
async function showExamples() {
  const examples = await session.engine.examples();
  place("examples").replaceChildren(...examples.slice(0, 3).map((each) => el("button", {
    type: "button", title: each.title, "aria-label": `Try ${each.title}`, onclick: () => useExample(each),
  }, el("img", { src: each.thumbnail ?? each.picture, alt: "" }))));
}

/**
 * Take files that are dropped or pasted: on the strip they are styles, elsewhere the first is the photo.
 * @param {DataTransfer | null} given
 * @param {EventTarget | null} target
 */
async function take(given, target) {
  const files = [...(given?.files ?? [])];
  if (!files.length || session.mode !== "picture") return;
  const style = target instanceof Element && target.closest("#strip");
  for (const file of style ? files : files.slice(0, 1)) {
    await (style ? bringStyle(file, file.name) : usePhoto(file, file.name || "pasted.png"));
  }
}

/** Begin to listen. @param {() => void} openCamera  where a photo is taken without a file chooser */
export function startPhoto(openCamera) {
  const file = input("file");
  const camera = input("file-camera");
  on(["add"], () => (session.mode === "picture" || session.mode === "camera") && file.click());
  button("add").addEventListener("click", () => tell("add"));
  const touched = matchMedia("(pointer: coarse)").matches;
  if (touched) place("invitation").textContent = "Choose a photo, or take one";
  button("take").addEventListener("click", () => (touched ? camera.click() : openCamera()));
  for (const field of [file, camera]) {
    const use = () => {
      const chosen = field.files?.[0];
      if (chosen) usePhoto(chosen, chosen.name);
      field.value = "";
    };
    field.addEventListener("change", use);
    use();
  }
  const app = place("app");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    app.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && app.classList.remove("dragging"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    app.classList.remove("dragging");
    take(event.dataTransfer, event.target);
  });
  document.addEventListener("paste", (event) => take(event.clipboardData, null));
  return showExamples();
}
