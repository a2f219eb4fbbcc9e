"""The page that paints one picture in many ways, small, to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.batch.looks import (
    SMALL,
    USUAL,
    Cell,
    paint_looks,
    save_looks,
    sketched,
    usual_axes,
    vary,
)
from impasto.errors import ImageError, SettingsError
from impasto.images import Picture
from impasto.settings import FIELDS, Settings
from impasto.studio.atelier import HIDDEN, WORK, Atelier, clear, waiting
from impasto.studio.engine import Order
from impasto.studio.painting import PaintPage
from impasto.studio.pictures import zipped
from impasto.studio.styles import Chosen, paths_of

#: Steps of a look.
_MOST_STEPS = 100
#: Longest side of "paint it large" to begin with.
_LARGE = 1024
#: How values are called on a cell: a setting's name would be too long there.
_WORDS = {"color": "color {}", "style_scale": "scale {}", "strength": "strength {}"}
#: What the page knows of a cell: `name`, and `changes` of settings.
Shown = dict[str, Any]


class ExplorePage:
    """The page of small looks."""

    def __init__(self, atelier: Atelier, painting: PaintPage, tabs: gr.Tabs) -> None:
        self.atelier, self.painting, self.tabs = atelier, painting, tabs
        self.cells, self.chosen = gr.State([]), gr.State(None)
        with gr.Row():
            with gr.Column(scale=3, min_width=280):
                self._lay_out_inputs()
            with gr.Column(scale=9, min_width=320):
                self._lay_out_looks()

    def _lay_out_inputs(self) -> None:
        gr.Markdown("Picture, style and all else are those of the tab **Picture**.")
        self.given = gr.Gallery(
            label="Picture and style",
            columns=3,
            height="auto",
            object_fit="cover",
            allow_preview=False,
            interactive=False,
            buttons=[],
            elem_id="given",
        )
        axes = [(f"{name.replace('_', ' ')} ({len(USUAL[name])})", name) for name in USUAL]
        self.axes = gr.CheckboxGroup(axes, value=list(USUAL), label="What to vary", elem_id="axes")
        self.explore = gr.Button("Show the looks", variant="primary", elem_id="explore")
        self.cancel = gr.Button("Stop, keep them", variant="stop", visible=False, elem_id="end")
        self.save = gr.DownloadButton("Save the sheet", interactive=False)

    def _lay_out_looks(self) -> None:
        self.status = gr.Markdown("Each look is a small picture: choose one.", elem_id="looked")
        self.looks = gr.Gallery(
            label="Looks",
            columns=4,
            height="auto",
            object_fit="contain",
            allow_preview=False,
            interactive=False,
            buttons=[],
            elem_id="looks",
        )
        with gr.Row(equal_height=True):
            largest = self.atelier.options.max_size
            self.size = gr.Slider(
                256, largest, min(_LARGE, largest), step=64, label="Large: pixels", scale=3
            )
            self.large = gr.Button("Paint it large", interactive=False, scale=1, min_width=120)
            self.use = gr.Button("Go on with it", interactive=False, scale=1, min_width=120)

    def connect(self, shown: gr.Tab) -> None:
        """Connect the controls."""
        painting = self.painting
        about = [painting.content, painting.styles.chosen]
        shown.select(clear(self._given), about, self.given, **HIDDEN)
        exploring = self.explore.click(
            clear(self._explore),
            [self.axes, *painting.inputs],
            [self.looks, self.cells, self.status, self.cancel, self.save],
            **WORK,
        )
        self.atelier.stoppable([exploring], "explore", self.cancel, self.status)
        chosen = [self.chosen, self.status, self.large, self.use, *painting.inputs]
        self.looks.select(clear(self._choose), self.cells, chosen, **HIDDEN)
        self.use.click(lambda: gr.Tabs(selected="paint"), None, self.tabs, **HIDDEN)
        large = [self.tabs, *painting.inputs]
        work = self.large.click(clear(self._large), [self.chosen, self.size], large, **HIDDEN)
        begun = work.success(**painting.painting)
        self.atelier.stoppable([begun], "paint", painting.cancel, painting.view.status)

    def _given(self, content: str | None, chosen: Chosen) -> list[str]:
        checked = [self.atelier.uploads.picture(content)] if content else []
        styles = [Path(path) for path in paths_of(chosen)]
        return [self.atelier.shelf.thumbnail(path) for path in [*checked, *styles]]

    def _explore(
        self,
        request: gr.Request,
        axes: list[str],
        content: str | None,
        chosen: Chosen,
        *said: Any,  # noqa: ANN401
    ) -> Iterator[dict[Any, Any]]:
        atelier = self.atelier
        order = self.painting.order(content, chosen, said)
        looks = Looks(atelier, order, *worth(order.settings, axes))
        job = atelier.engine.start(atelier.who(request), looks.painted)
        yield {self.cancel: gr.Button(visible=True), self.status: "Beginning …", **self._of(looks)}
        seen = 0
        for _ in atelier.watched(request, job, "explore"):
            if len(looks.made) == seen:
                yield {self.status: gr.skip() if seen else waiting(job)}
                continue
            seen = len(looks.made)
            count = f"{seen} of {len(looks.cells)} looks. Choose one, also meanwhile."
            yield {self.status: count, **self._of(looks)}
        done = {self.cancel: gr.Button(visible=False)}
        if not looks.made:
            yield {**done, self.status: "Stopped."}
            return
        yield {
            **done,
            **self._of(looks),
            self.status: f"{len(looks.made)} of {len(looks.cells)} looks: choose one.",
            self.save: gr.DownloadButton(value=str(looks.sheet()), interactive=True),
        }

    def _of(self, looks: Looks) -> dict[Any, Any]:
        return {self.looks: looks.shown(), self.cells: looks.listed()}

    def _choose(self, cells: list[Shown], event: gr.SelectData) -> dict[Any, Any]:
        """Put the settings of a cell into the page that paints."""
        if not 0 <= int(event.index) < len(cells):
            raise ImageError("this look is not there any more: show them again")
        cell = cells[int(event.index)]
        words = in_words(cell["changes"])
        return {
            **self.painting.changed(cell["changes"]),
            self.chosen: cell,
            self.status: f"**{cell['name']}: {words}.** The tab Picture has these settings now.",
            self.large: gr.Button(interactive=True),
            self.use: gr.Button(interactive=True),
        }

    def _large(self, request: gr.Request, cell: Shown | None, size: float) -> dict[Any, Any]:
        """Go to the page that paints, with the settings of the chosen cell."""
        if cell is None:
            raise ImageError("choose a look first")
        self.atelier.stop(request, "explore")  # its other looks would have their turn before
        changes = {**cell["changes"], "size": int(size)}
        return {self.tabs: gr.Tabs(selected="paint"), **self.painting.changed(changes)}


class Looks:
    """One picture, painted small in many ways; SettingsError: it cannot be varied so."""

    def __init__(
        self, atelier: Atelier, order: Order, settings: Settings, axes: Mapping[str, Sequence[Any]]
    ) -> None:
        self.order, self.folder = order, atelier.shelf.place()
        self.cells = [
            replace(cell, settings=order.regions.put_into(atelier.engine.checked(cell.settings)))
            for cell in vary(sketched(settings.updated(steps=None, time=None)), axes)
        ]
        if any(_is_long(cell.settings) for cell in self.cells):
            raise SettingsError("a look is a sketch: do not vary size, steps or time")
        self.made: list[tuple[Cell, Picture]] = []

    def painted(self) -> Iterator[Cell]:
        """Paint cell after cell."""
        styles = [str(style) for style in self.order.styles]
        for cell, picture in paint_looks(self.order.content, styles, self.cells, self.folder):
            self.made.append((cell, picture))
            yield cell

    def shown(self) -> list[tuple[str, str]]:
        """Return the pictures that are there, and what they are called."""
        return [
            (str(self.folder / f"{cell.name}.png"), f"{cell.name} {in_words(cell.changes)}")
            for cell, _ in list(self.made)
        ]

    def listed(self) -> list[Shown]:
        """Return what the page is to know of them."""
        return [{"name": cell.name, "changes": dict(cell.changes)} for cell, _ in list(self.made)]

    def sheet(self) -> Path:
        """Put all that are there onto one sheet, and return it."""
        return save_looks(self.made, self.folder / "looks.png")

    def zipped(self) -> Path:
        """Put sheet, pictures and recipes into one file, and return it."""
        self.sheet()
        return zipped(sorted(self.folder.iterdir()), self.folder / "looks.zip")


def _is_long(settings: Settings) -> bool:
    """Tell whether a look would be no sketch any more: it cannot be stopped on its way."""
    steps = sum(settings.steps or ())
    return settings.size > SMALL or settings.time is not None or steps > _MOST_STEPS


def worth(settings: Settings, names: Sequence[str]) -> tuple[Settings, dict[str, Sequence[Any]]]:
    """Return settings and what is worth varying of them, whatever they say of it now."""
    defaults: dict[str, Any] = {name: FIELDS[name].default for name in USUAL if name in names}
    plain = settings.updated(**defaults)
    return plain, {name: each for name, each in usual_axes(plain).items() if name in names}


def in_words(changes: Mapping[str, Any]) -> str:
    """Return what a cell is called: `gram, color match, scale 1.6, strength 0.6`."""
    words = [_WORDS.get(name, "{}").format(value) for name, value in changes.items()]
    return ", ".join(words)
