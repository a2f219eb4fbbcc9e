"""Choosing styles: from the gallery, or a picture of one's own; one, or a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.gallery.names import style_path
from impasto.studio.atelier import HIDDEN, Atelier, clear
from impasto.studio.pictures import picture_input

#: Styles of a mixture.
MOST = 4

#: What the page remembers of chosen styles: `path`, `name` and `weight` of each.
Chosen = list[dict[str, Any]]


def paths_of(chosen: Chosen) -> list[str]:
    """Return the paths of chosen styles."""
    return [each["path"] for each in chosen]


class StyleChooser:
    """A gallery to choose from, and what is chosen; `mixing`: several have a share each."""

    def __init__(self, atelier: Atelier, *, mixing: bool = True) -> None:
        self.atelier = atelier
        self.mixing = mixing
        self.chosen = gr.State([])
        self.named = [style for style in atelier.styles() if style.here]
        self.gallery = gr.Gallery(
            label="Style",
            columns=4,
            height=300,
            object_fit="cover",
            allow_preview=False,
            interactive=False,
            buttons=[],
            elem_id="gallery",
        )
        with gr.Accordion("A style of your own", open=False):
            self.own = picture_input(
                label="Your style",
                sources=["upload", "clipboard"],
                height=180,
                elem_id="own-style",
            )
        verb = "Mix" if mixing else "Choose"
        self.mix = gr.Checkbox(False, label=f"{verb} up to {MOST} styles", elem_id="mix")
        self.rows = [self._row(number) for number in range(MOST)]
        self._connect()

    def thumbnails(self) -> list[tuple[str, str]]:
        """Return what the gallery shows."""
        return [
            (self.atelier.shelf.thumbnail(style_path(style.name)), style.name.replace("_", " "))
            for style in self.named
        ]

    def _row(self, number: int) -> tuple[gr.Row, gr.Image, gr.Slider, gr.Button]:
        with gr.Row(visible=False, elem_classes="chosen") as row:
            image = gr.Image(
                type="filepath",
                show_label=False,
                interactive=False,
                height=56,
                width=72,
                min_width=72,
                scale=0,
                container=False,
                buttons=[],
            )
            weight = gr.Slider(0, 1, 1, step=0.05, label="Share", scale=4, min_width=120)
            away = gr.Button("✕", size="sm", scale=0, min_width=40)
        return row, image, weight, away

    def _connect(self) -> None:
        self.gallery.select(clear(self._select), [self.chosen, self.mix], self.chosen, **HIDDEN)
        self.own.upload(
            clear(self._upload), [self.own, self.chosen, self.mix], self.chosen, **HIDDEN
        )
        parts = [part for row in self.rows for part in row[:3]]
        self.chosen.change(clear(self._show), self.chosen, parts, **HIDDEN)
        for number, (_, _, weight, away) in enumerate(self.rows):
            weight.release(
                lambda chosen, value, n=number: _weighted(chosen, n, value),
                [self.chosen, weight],
                self.chosen,
                **HIDDEN,
            )
            away.click(
                lambda chosen, n=number: [*chosen[:n], *chosen[n + 1 :]],
                self.chosen,
                self.chosen,
                **HIDDEN,
            )

    def _select(self, chosen: Chosen, mix: bool, event: gr.SelectData) -> Chosen:
        """Choose a style of the gallery; in a mixture, choosing it again takes it out."""
        index = int(event.index)
        name = self.named[index].name
        one = {"path": str(style_path(name)), "name": name, "weight": 1.0}
        left = [each for each in chosen if each["path"] != one["path"]]
        if mix and len(left) < len(chosen):
            return left
        return _with(chosen, one, mix)

    def _upload(self, path: str, chosen: Chosen, mix: bool) -> Chosen:
        checked = self.atelier.uploads.picture(path, "style")
        return _with(chosen, {"path": str(checked), "name": checked.stem, "weight": 1.0}, mix)

    def _show(self, chosen: Chosen) -> list[Any]:
        """Return what the rows of chosen styles show."""
        shown: list[Any] = []
        for number in range(MOST):
            if number < len(chosen):
                each = chosen[number]
                picture = self.atelier.shelf.thumbnail(Path(each["path"]))
                label = f"Share of {each['name'].replace('_', ' ')}"
                several = self.mixing and len(chosen) > 1
                weight = gr.Slider(value=each["weight"], label=label, visible=several)
                shown += [gr.Row(visible=True), picture, weight]
            else:
                shown += [gr.Row(visible=False), None, gr.Slider(value=1.0)]
        return shown


def _with(chosen: Chosen, one: dict[str, Any], mix: bool) -> Chosen:
    return [*chosen, one][-MOST:] if mix else [one]


def _weighted(chosen: Sequence[dict[str, Any]], number: int, weight: float) -> Chosen:
    return [
        {**each, "weight": weight} if index == number else each for index, each in enumerate(chosen)
    ]
