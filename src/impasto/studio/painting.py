"""The first page: a picture, a style, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.errors import ImageError
from impasto.images import open_picture, read_recipe
from impasto.settings.colors import COLOR_MODES
from impasto.studio.atelier import PRIVATE, WORK, Atelier, clear
from impasto.studio.brush import Brush
from impasto.studio.engine import Order
from impasto.studio.form import advanced, filled, given
from impasto.studio.history import Entry
from impasto.studio.painter import Painter
from impasto.studio.pictures import picture_input
from impasto.studio.regions import Regions
from impasto.studio.result import Last, ResultView
from impasto.studio.styles import Chosen, StyleChooser, paths_of

#: Settings that may make a work a long one.
_SLOW = ("method", "quality", "encoder")
#: Pictures that are fetched from the web at once.
_FETCHES = 4


class PaintPage:
    """The page that paints one picture."""

    def __init__(self, atelier: Atelier, token: gr.BrowserState) -> None:
        self.atelier = atelier
        self.token = token
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                self._lay_out_inputs()
            with gr.Column(scale=7, min_width=320):
                self._lay_out_result()
        self._connect()

    def _lay_out_inputs(self) -> None:
        self.content = picture_input(
            label="Your picture",
            sources=["upload", "clipboard", "webcam"],
            height=280,
            elem_id="content",
        )
        gr.Examples(
            self.atelier.shelf.examples(),
            self.content,
            label="Or one of these",
            cache_examples=False,
            api_visibility="private",
        )
        with gr.Row(equal_height=True):
            self.address = gr.Textbox(
                placeholder="… or the address of a picture on the web",
                show_label=False,
                container=False,
                scale=4,
                max_lines=1,
            )
            self.fetch = gr.Button("Fetch", size="sm", min_width=70, scale=1)
        self.styles = StyleChooser(self.atelier)
        self.brush = Brush(self.atelier)

    def _lay_out_result(self) -> None:
        self.view = ResultView(self.atelier)
        with gr.Row():
            self.quick = gr.Button("Quick", elem_id="quick", min_width=90)
            self.paint = gr.Button("Paint", variant="primary", elem_id="paint", min_width=90)
            self.cancel = gr.Button(
                "Stop, keep it", variant="stop", elem_id="cancel", visible=False, min_width=90
            )
        with gr.Row():
            self.strength = gr.Slider(0, 1, 1, step=0.05, label="Strength", elem_id="strength")
            self.size = gr.Slider(
                128,
                self.atelier.options.max_size,
                512,
                step=32,
                label="Size, pixels",
                elem_id="size",
            )
        self.color = gr.Radio(
            [(mode.label, mode.name) for mode in COLOR_MODES.values()],
            value="style",
            label="Colors",
        )
        self.view.lay_out_actions()
        with gr.Accordion("Advanced settings", open=False, elem_id="advanced"):
            self.advanced = advanced()
        self.painter = Painter(self.atelier, self.view, self.cancel)

    def _connect(self) -> None:
        view = self.view
        quick: dict[str, Any] = {
            "inputs": self.inputs[:5],
            "outputs": self.painter.outputs,
            "trigger_mode": "always_last",
            "show_progress": "minimal",
            **PRIVATE,
        }
        at_once = {**quick, "fn": clear(self._at_once)}
        self.quick.click(clear(self._quick), **quick)
        gr.on([self.strength.input, self.color.input], **at_once)
        # A picture that will not do is told once.
        self.brush.connect(self.content, self.styles.chosen).success(**at_once)
        large = clear(self._make_large), [self.token, view.last, view.large_size]
        works = [self.paint.click(**self.painting), view.large.click(*large, **self.painter.work)]
        self.atelier.stoppable(works, "paint", self.cancel, view.status)
        view.keep.click(
            clear(self._keep), [self.token, view.last], [view.keep, view.status], **PRIVATE
        )
        view.again.click(clear(self._as_content), view.last, self.content, **PRIVATE)
        gr.on(
            [self.fetch.click, self.address.submit],
            clear(self._fetch),
            self.address,
            self.content,
            concurrency_limit=_FETCHES,
            **PRIVATE,
        )
        self._connect_plans()

    def _connect_plans(self) -> None:
        planning = {"outputs": self.view.plan, "trigger_mode": "always_last", **WORK}
        slow = [self.advanced[name].input for name in _SLOW]  # type: ignore[attr-defined]
        gr.on([self.size.release, *slow], clear(self._plan), self.inputs, **planning)
        self.view.large_size.release(
            clear(self._plan_large), [self.view.last, self.view.large_size], **planning
        )

    @property
    def inputs(self) -> list[Any]:
        """All controls that say what is to be painted: what `order` takes."""
        main = [self.strength, self.size, self.color, self.brush.canvas]
        return [self.content, self.styles.chosen, *main, *self.advanced.values()]

    @property
    def painting(self) -> dict[str, Any]:
        """The event that paints."""
        inputs = [self.token, *self.inputs]
        return {"fn": clear(self._paint), "inputs": inputs, **self.painter.work}

    def _quick(
        self,
        request: gr.Request,
        content: str | None,
        chosen: Chosen,
        strength: float,
        size: float,
        color: str,
    ) -> dict[Any, Any]:
        """Paint in one pass."""
        values = {**_of_page(chosen, size, color), "method": "fast", "strength": strength}
        order = self.atelier.order(content, paths_of(chosen), values)
        picture = self.atelier.engine.quick(
            self.atelier.who(request), order.content, order.styles, order.whole
        )
        return self.view.shown(
            order, picture, "One quick pass. **Paint** takes longer, and more care."
        )

    def _at_once(
        self,
        request: gr.Request,
        content: str | None,
        chosen: Chosen,
        *said: Any,  # noqa: ANN401
    ) -> dict[Any, Any]:
        """Paint in one pass as soon as there is a picture and a style."""
        if content and chosen:
            return self._quick(request, content, chosen, *said)
        return {self.view.status: "Now choose a style." if content else "Choose a picture."}

    def order(self, content: str | None, chosen: Chosen, said: Sequence[Any]) -> Order:
        """Return what the page says is to be painted.

        Raises:
            ImpastoError: Something is missing or will not do.
        """
        strength, size, color, painted, *others = said
        settings = {
            **given(self.advanced, tuple(others)),
            **_of_page(chosen, size, color),
            "strength": strength,
        }
        regions = self.brush.regions(painted, content, chosen)
        return self.atelier.order(content, paths_of(chosen), settings, regions)

    def _paint(
        self,
        request: gr.Request,
        token: str,
        content: str | None,
        chosen: Chosen,
        *said: Any,  # noqa: ANN401
    ) -> Iterator[dict[Any, Any]]:
        """Paint by optimization, or however the advanced settings say."""
        order = self.order(content, chosen, said)
        yield from self.painter.painted(request, token, order)

    def _make_large(
        self, request: gr.Request, token: str, last: Last | None, size: int
    ) -> Iterator[dict[Any, Any]]:
        """Paint the last result again, with all its settings, at another size."""
        yield from self.painter.painted(request, token, self._enlarged(last, size))

    def _enlarged(self, last: Last | None, size: int) -> Order:
        return self._again(last, size=int(size), steps=None, stop_after=None)

    def _again(self, last: Last | None, **changes: object) -> Order:
        """Return the order that the last result was."""
        if last is None:
            raise ImageError("paint a picture first")
        settings, regions = {**last["settings"], **changes}, Regions.from_dict(last["regions"])
        return self.atelier.order(last["content"], last["styles"], settings, regions)

    def _plan(
        self,
        request: gr.Request,
        content: str | None,
        chosen: Chosen,
        *said: Any,  # noqa: ANN401
    ) -> str:
        """Say what painting would take, if that is much."""
        if not (content and chosen):
            return ""
        return self.painter.plan(request, lambda: self.order(content, chosen, said))

    def _plan_large(self, request: gr.Request, last: Last | None, size: int) -> str:
        """Say what painting the last result at another size would take."""
        return self.painter.plan(request, lambda: self._enlarged(last, size)) if last else ""

    def _keep(
        self, request: gr.Request, token: str, last: Last | None
    ) -> tuple[dict[str, Any], str]:
        """Keep a quick result in the history."""
        order = self._again(last)
        assert last is not None
        picture = replace(open_picture(last["result"]), recipe=read_recipe(last["result"]))
        self.atelier.keep(request, token, picture, order)
        return gr.update(interactive=False), "Kept in the history."

    def _as_content(self, last: Last | None) -> str | None:
        return str(last["result"]) if last else None

    def _fetch(self, address: str) -> str:
        """Fetch a picture from the web, if its address is public."""
        return str(self.atelier.uploads.picture(self.atelier.fetched(address)))

    def fill(self, entry: Entry, copied: Mapping[Path, Path]) -> dict[Any, Any]:
        """Return updates that put all that a kept result was made of into the page."""
        settings, styles = entry.settings, [copied[style] for style in entry.styles]
        shares = settings.get("style_weights") or [1] * len(styles)
        chosen = [
            # The history has put a word before its own name.
            {"path": str(path), "name": path.stem.partition(" ")[2], "weight": share}
            for path, share in zip(styles, shares, strict=True)
        ]
        content = copied[entry.content]
        values = filled(self.advanced, settings)
        return {
            self.content: str(content),
            self.styles.chosen: chosen,
            self.brush.canvas: self.brush.filled(content, chosen, entry.regions),
            self.size: settings["size"],
            self.strength: settings["strength"],
            self.color: settings["color"],
            **dict(zip(self.advanced.values(), values, strict=True)),
        }

    def changed(self, changes: Mapping[str, Any]) -> dict[Any, Any]:
        """Return updates that put a few settings into the page, by name."""
        main = {"strength": self.strength, "color": self.color, "size": self.size}
        others = {name: value for name, value in changes.items() if name not in main}
        shown = dict(zip(others, filled(others, others), strict=True))
        return {(main | self.advanced)[n]: shown.get(n, value) for n, value in changes.items()}


def _of_page(chosen: Chosen, size: float, color: str) -> dict[str, Any]:
    """Return the main settings."""
    values: dict[str, Any] = {"size": int(size), "color": color}
    if len(chosen) > 1:
        values["style_weights"] = [each["weight"] for each in chosen]
    return values
