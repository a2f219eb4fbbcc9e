"""A result on the page: before and after, what can be done with it, how it came to be."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from typing import Any

import gradio as gr

from impasto.images import Picture
from impasto.records import Records
from impasto.studio.atelier import Atelier
from impasto.studio.engine import Order, Step
from impasto.studio.history import Entry

#: What the page remembers of the result that it shows: paths and settings.
Last = dict[str, Any]
#: Longest side of "make it large" to begin with.
_LARGE = 2048
#: What can be done with a result, once there is one: small beside Quick and Paint.
_ACTION: dict[str, Any] = {"interactive": False, "size": "md", "min_width": 130}


class ResultView:
    """The controls that show a result."""

    def __init__(self, atelier: Atelier) -> None:
        self.atelier = atelier
        self.last = gr.State(None)
        self.slider = gr.ImageSlider(
            label="Before and after",
            type="filepath",
            interactive=False,
            max_height=560,
            elem_id="result",
            format="jpeg",
        )
        self.status = gr.Markdown("Choose a picture and a style.", elem_id="status")
        self.plan = gr.Markdown(elem_id="plan")

    def lay_out_actions(self) -> None:
        """Lay out what can be done with a result."""
        with gr.Row():
            self.png = gr.DownloadButton("Save PNG", **_ACTION)
            self.jpeg = gr.DownloadButton("Save JPEG", **_ACTION)
            self.again = gr.Button("Use as content", **_ACTION)
            self.keep = gr.Button("Keep in history", **_ACTION)
        with gr.Row(equal_height=True):
            self.large_size = gr.Slider(
                256,
                self.atelier.options.max_size,
                min(_LARGE, self.atelier.options.max_size),
                step=64,
                label="Large, pixels",
                scale=3,
                min_width=200,
            )
            self.large = gr.Button("Make it large", interactive=False, scale=1, min_width=90)
        with gr.Accordion("How it came to be", open=False):
            self.animation = gr.Image(
                label="Animation", type="filepath", format="webp", buttons=["download"]
            )
            self.plot = gr.Image(label="Losses", type="filepath", buttons=["download"])
            self.recipe = gr.JSON(label="Recipe", open=False)
            self.masks = gr.Files(label="Masks of this picture", visible=False, interactive=False)

    @property
    def outputs(self) -> list[Any]:
        """All controls that a result changes."""
        return [
            *(self.slider, self.status, self.last, self.png, self.jpeg, self.again, self.keep),
            *(self.large, self.animation, self.plot, self.recipe, self.masks, self.plan),
        ]

    def process(self, entry: Entry | None, records: Records, last: Step) -> dict[Any, Any]:
        """Show how a result came to be, and keep that with it, if it was kept."""
        made = [self.atelier.shelf.copied(path) for path in records.save(*last, ())]
        if entry is not None:
            with suppress(OSError):  # it was deleted meanwhile
                for source, kept in zip(made, (entry.animation, entry.plot), strict=True):
                    shutil.copyfile(source, kept)
        return {self.animation: made[0], self.plot: made[1]}

    def shown(
        self, order: Order, picture: Picture, text: str, *, kept: bool = False
    ) -> dict[Any, Any]:
        """Return what the page shows of a result."""
        shelf = self.atelier.shelf
        name = f"{order.content.stem}-{'-'.join(style.stem for style in order.styles)}"[:50]
        shown = (shelf.small(order.content), shelf.preview(picture))
        png = shelf.saved(picture, f"{name}.png")
        last = {
            "content": str(order.content),
            "styles": [str(style) for style in order.styles],
            "settings": order.settings.to_dict(),
            "regions": order.regions.to_dict(),
            "result": png,
        }
        masks = [str(path) for path in order.regions.files.values()]
        ready: dict[str, Any] = {"interactive": True}
        return {
            self.slider: shown,
            self.status: f"{picture.width} × {picture.height} pixels. {text}",
            self.last: last,
            self.png: gr.DownloadButton(value=png, **ready),
            self.jpeg: gr.DownloadButton(value=shelf.saved(picture, f"{name}.jpg"), **ready),
            self.again: gr.Button(**ready),
            self.keep: gr.Button(interactive=not kept),
            self.large: gr.Button(**ready),
            self.animation: None,
            self.plot: None,
            self.recipe: json.loads(json.dumps(picture.recipe)),
            self.masks: gr.Files(value=masks or None, visible=bool(masks)),
            self.plan: "",
        }
