"""A brush that paints on the content: what stays the photograph, and where a style applies."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.events import Dependency
from PIL import Image

from impasto.errors import ImageError
from impasto.images import Picture, face_mask, find_faces, identify, open_picture
from impasto.images.masks import Mask
from impasto.studio.atelier import HIDDEN, Atelier, clear
from impasto.studio.pictures import inline_jpeg
from impasto.studio.regions import Regions
from impasto.studio.styles import Chosen
from impasto.studio.uploads import extent_of

#: Longest side of what is painted on, in pixels, and characters of a mask.
_SIDE, _MOST = 1024, 2_000_000
_KEEP = "keep"
#: What the brush paints with no style chosen.
_STAYS = {"role": _KEEP, "label": "Stays the photograph"}
#: What has been painted, as the page knows it: of which picture, a PNG for each role; the brushes
#: that there are, and the picture to paint on.
Painting = dict[str, Any]

_HTML = """
<p class="nothing">Choose a picture first.</p>
<div class="easel" hidden>
  <fieldset class="brushes"><legend>What is painted …</legend></fieldset>
  <canvas tabindex="0" aria-label="The picture: drag to paint; or arrow keys move the brush, Space
 paints, Shift and arrow keys paint along"></canvas>
  <div class="tools">
    <label>Brush <input type="range" min="2" max="60" value="16" aria-label="Size of the brush">
    </label>
    <button type="button" class="undo">Undo</button>
    <button type="button" class="clear">Clear</button>
  </div>
</div>
"""
_CSS = """
p.nothing { opacity: .7; margin: 0; }
.brushes { border: 0; padding: 0; margin: 0 0 .5rem; display: flex; flex-wrap: wrap; gap: .4rem; }
.brushes legend { padding: 0; margin-bottom: .25rem; }
.brushes label { position: relative; display: inline-flex; align-items: center; gap: .45rem;
  cursor: pointer; padding: .25rem .7rem .25rem .5rem; border-radius: 1rem;
  border: 2px solid var(--border-color-primary); }
.brushes label:has(:checked) { border-color: var(--color-accent); font-weight: 600; }
.brushes label:focus-within { outline: 2px solid var(--color-accent); outline-offset: 1px; }
.brushes input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
.brushes i { width: .9rem; height: .9rem; border-radius: 50%;
  border: 1px solid var(--border-color-primary); }
canvas { display: block; max-width: 100%; max-height: 26rem; margin: 0 auto; cursor: none;
  touch-action: none; border-radius: .4rem; }
canvas:focus-visible { outline: 2px solid var(--color-accent); outline-offset: 2px; }
.tools { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin-top: .5rem; }
.tools label { display: flex; align-items: center; gap: .5rem; flex: 1 1 9rem; }
.tools input { flex: 1; min-width: 0; accent-color: var(--color-accent); }
.tools button { padding: .3rem .8rem; border-radius: .4rem; cursor: pointer;
  background: var(--button-secondary-background-fill);
  color: var(--button-secondary-text-color); }
"""


class Brush:
    """The controls that paint regions."""

    def __init__(self, atelier: Atelier) -> None:
        self.atelier = atelier
        self._one = threading.Lock()
        with gr.Accordion("Keep parts, or give each style its part", open=False, elem_id="regions"):
            self.canvas = gr.HTML(
                None,
                html_template=_HTML,
                css_template=_CSS,
                js_on_load=Path(__file__).with_name("brush.js").read_text("utf-8"),
                apply_default_css=False,
                elem_id="brush",
            )
            self.faces = gr.Button("Find faces: they stay", size="sm", elem_id="faces")
            gr.Markdown(
                "**Paint** minds it, Quick paints everywhere. What is not painted takes the styles "
                "that have no part of their own."
            )

    def connect(self, content: gr.Image, chosen: gr.State) -> Dependency:
        """Connect the controls; return the event that shows what is painted on."""
        quiet: dict[str, Any] = {
            "inputs": [content, chosen, self.canvas],
            "outputs": self.canvas,
            **HIDDEN,
        }
        self.faces.click(clear(self._faces), **quiet)
        changes = [content.change, chosen.change]
        shows: Dependency = gr.on(changes, clear(self.shown), trigger_mode="always_last", **quiet)
        return shows

    def shown(
        self, content: str | None, chosen: Chosen, painted: Painting | None
    ) -> Painting | None:
        """Return what the canvas shows; what was painted on another content goes."""
        if not content:
            return None
        path = self.atelier.uploads.picture(content)
        picture = inline_jpeg(self._small(path).to_array())
        return {**_painting(path, _layers(painted, path), chosen), "picture": picture}

    def regions(self, painted: Painting | None, content: str | None, chosen: Chosen) -> Regions:
        """Return what has been painted as masks in files; nothing painted is no mask."""
        layers = _layers(painted, Path(content)) if content else {}
        if not layers:
            return Regions()
        place = self.atelier.shelf.place()
        roles = {_KEEP: _KEEP}
        roles |= {f"mask-{n}": _role(each["path"]) for n, each in enumerate(chosen, 1)}
        files: list[Path | None] = []
        for name, role in roles.items():
            mask = self._read(layers.get(role), place)
            files.append(None)
            if mask is not None:  # white on black, as on the command line
                white = Picture(np.repeat(mask[..., None], 3, axis=2))
                files[-1] = white.save(place / f"{name}.png")
        return Regions(files[0], tuple(files[1:]))

    def filled(self, content: Path, chosen: Chosen, regions: Regions) -> Painting:
        """Return what the page shows of regions: what `regions` made of it, and back."""
        roles = [_KEEP, *(_role(each["path"]) for each in chosen)]
        masks = dict(zip(roles, [regions.keep, *regions.styles], strict=False))
        layers = {
            role: _inline(open_picture(path).pixels[..., 0]) for role, path in masks.items() if path
        }
        return _painting(content, layers, chosen)

    def _read(self, said: object, place: Path) -> Mask | None:
        """Return what a layer holds; None if that is nothing."""
        if not said:
            return None
        if not isinstance(said, str) or len(said) > _MOST:
            raise ImageError("what is painted is too large: clear the brush")
        path = place / "layer.png"
        try:
            path.write_bytes(base64.b64decode(said.partition(";base64,")[2], validate=True))
            largest = max(extent_of(path)[:2])
            picture = open_picture(path, max_size=_SIDE) if largest <= _SIDE else None
        except (ValueError, ImageError) as error:
            raise ImageError("what is painted cannot be read: clear the brush") from error
        finally:
            path.unlink(missing_ok=True)
        if picture is None:  # the brush never makes larger ones
            raise ImageError("what is painted is too large: clear the brush")
        return picture.alpha if picture.alpha is not None and picture.alpha.any() else None

    def _small(self, content: Path) -> Picture:
        picture = self.atelier.shelf.opened(content, _SIDE)
        return picture.resized(min(_SIDE, max(picture.size)))

    def _faces(
        self, content: str | None, chosen: Chosen, painted: Painting | None
    ) -> Painting | None:
        """Paint the faces of a picture: they stay, besides what stays already."""
        path = self.atelier.uploads.picture(content)
        with self._one:
            small = self._small(path)
            found = find_faces(small)
        if not found:
            raise ImageError("no face was found: paint it")
        faces = face_mask(found, small.size)
        layers = _layers(painted, path)
        before = self._read(layers.get(_KEEP), self.atelier.shelf.place())
        if before is not None and before.shape == faces.shape:
            faces = np.maximum(faces, before)
        added = _painting(path, {**layers, _KEEP: _inline(faces)}, chosen)
        return self.shown(content, chosen, added)


def _painting(content: Path, layers: dict[str, Any], chosen: Chosen) -> Painting:
    """Return what the page is to know: a brush for what stays, and one for each style."""
    styles = [
        {"role": _role(each["path"]), "label": f"Takes {each['name'].replace('_', ' ')} only"}
        for each in chosen
    ]
    return {"of": _mark(content), "layers": layers, "brushes": [_STAYS, *styles], "picture": ""}


def _layers(painted: object, content: Path) -> dict[str, Any]:
    """Return what is painted on a content, by role; on another one, nothing is."""
    if not isinstance(painted, dict) or painted.get("of") != _mark(content):
        return {}
    layers = painted.get("layers")
    return layers if isinstance(layers, dict) else {}


def _mark(content: Path) -> str:
    """Return what tells a content from others, wherever it lies."""
    return identify(content).sha256[:16]


def _role(style: str) -> str:
    """Return what tells a style from others, without its path."""
    return hashlib.sha256(style.encode()).hexdigest()[:16]


def _inline(mask: Mask) -> str:
    """Return a mask as the page has it: white, as opaque as it counts."""
    levels = Image.fromarray((mask * 255).round().astype(np.uint8))
    data = io.BytesIO()
    Image.merge("LA", (Image.new("L", levels.size, 255), levels)).save(data, "png")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"
