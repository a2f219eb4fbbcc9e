/** A picture at a tap: the newest choice wins. */
import { atRest, say } from "./dom.js";
import { on, quickSettings, session, styles } from "./session.js";
import { setBusy, setResult, showPicture } from "./stage.js";
import { tileBusy } from "./strip.js";
import { plainName } from "./words.js";

let newest = new AbortController();
/** What is said after a second of painting. */
let waits = "Getting ready to paint. This takes longer the first time.";
/** Seconds that the last picture took; from so many on, a small one is shown first. */
let took = 0;
const SLOW = 0.8;

/** Paint what is chosen, at once. */
export async function paintQuickly() {
  const { photo, style, engine } = session;
  if (!photo || !style || session.mode !== "picture") return;
  newest.abort();
  const mine = (newest = new AbortController());
  const begun = performance.now();
  tileBusy(style.key);
  setBusy(true);
  const slow = setTimeout(() => say(waits), 1000);
  try {
    const request = { content: photo.id, styles: styles(), keep: session.keep ?? undefined, settings: quickSettings() };
    const { sketch_size: small = 0 } = engine.info;
    if (took > SLOW && small && small < Number(request.settings.size)) {
      const sketch = await engine.paint({ ...request, settings: { ...request.settings, size: small } }, mine.signal);
      if (!mine.signal.aborted) {
        setResult(null); // a sketch is not saved
        await showPicture(URL.createObjectURL(sketch), null);
      }
    }
    const started = performance.now();
    const blob = await engine.paint(request, mine.signal);
    if (mine.signal.aborted) return;
    took = (performance.now() - started) / 1000;
    waits = "Painting";
    const name = `${plainName(photo.name)}_${plainName(style.title)}.${blob.type === "image/png" ? "png" : "jpg"}`;
    await showPicture(URL.createObjectURL(blob), { name, alt: `${photo.name} in the style of ${style.title}` });
    say(`Painted in ${((performance.now() - begun) / 1000).toFixed(1)} s. Paint it for full size.`, { seconds: 6 });
  } catch (error) {
    if (mine.signal.aborted) return;
    say(error instanceof Error ? error.message : String(error), { error: true, action: "Try again", act: paintQuickly });
  } finally {
    clearTimeout(slow);
    if (mine === newest) {
      tileBusy();
      setBusy(false);
    }
  }
}

/** Leave what is being painted. */
export function dropQuick() {
  newest.abort();
  tileBusy();
  setBusy(false);
}

/** Begin to listen. */
export function startQuick() {
  const now = () => JSON.stringify(quickSettings());
  let last = "";
  on(["photo", "style", "regions"], paintQuickly);
  on(["photo"], () => (last = now()));
  on(["settings"], atRest(() => {
    if (now() !== last) paintQuickly();
    last = now();
  }, 120));
  on(["mode"], () => session.mode === "picture" || dropQuick());
}
