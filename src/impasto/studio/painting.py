"""The first page: a picture, a style, and what becomes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.errors import ImageError
from impasto.images import Picture, open_picture, read_recipe
from impasto.records import Records
from impasto.states import State
from impasto.studio.atelier import Atelier, clear, progress
from impasto.studio.engine import Order
from impasto.studio.form import advanced, filled, given
from impasto.studio.history import Entry
from impasto.studio.pictures import picture_input
from impasto.studio.result import Last, ResultView
from impasto.studio.styles import Chosen, StyleChooser, paths_of

#: Seconds between two previews.
_EVERY = 0.5
#: Pictures that are fetched from the web at once.
_FETCHES = 4


class PaintPage:
    """The page that paints one picture.

    Args:
        atelier: What it works with.
        token: The browser's token.
    """

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

    def _lay_out_result(self) -> None:
        self.view = ResultView(self.atelier)
        with gr.Row():
            self.quick = gr.Button("Quick", elem_id="quick", min_width=90)
            self.paint = gr.Button("Paint", variant="primary", elem_id="paint", min_width=90)
            self.cancel = gr.Button(
                "Stop, keep it", variant="stop", elem_id="cancel", visible=False, min_width=90
            )
        with gr.Row():
            self.strength = gr.Slider(
                0, 1, 1, step=0.05, label="Strength of Quick", elem_id="strength"
            )
            self.size = gr.Slider(
                128, self.atelier.options.max_size, 512, step=32, label="Size, pixels"
            )
        self.color = gr.Radio(
            [("The style's colors", "style"), ("My colors", "content"), ("Matched", "match")],
            value="style",
            label="Colors",
        )
        self.view.lay_out_actions()
        with gr.Accordion("Advanced settings", open=False, elem_id="advanced"):
            self.advanced = advanced()

    def _connect(self) -> None:
        controls = [
            self.content,
            self.styles.chosen,
            *(self.strength, self.size, self.color),
            *self.advanced.values(),
        ]
        view = self.view
        results = [*view.outputs, self.cancel]
        hidden: dict[str, Any] = {"api_visibility": "private"}
        quick: dict[str, Any] = {
            "fn": clear(self._quick),
            "inputs": controls,
            "outputs": results,
            "trigger_mode": "always_last",
            "show_progress": "minimal",
            **hidden,
        }
        self.quick.click(**quick)
        gr.on(
            [
                *(self.content.change, self.styles.chosen.change),
                *(self.strength.change, self.color.change),
            ],
            **{**quick, "fn": clear(self._at_once)},
        )
        painting: dict[str, Any] = {
            "outputs": results,
            "show_progress": "hidden",
            "concurrency_limit": None,
            **hidden,
        }
        works = [
            self.paint.click(clear(self._paint), [self.token, *controls], **painting),
            view.large.click(
                clear(self._make_large), [self.token, view.last, view.large_size], **painting
            ),
        ]
        self.atelier.stoppable(works, "paint", self.cancel, view.status)
        view.keep.click(
            clear(self._keep), [self.token, view.last], [view.keep, view.status], **hidden
        )
        view.again.click(clear(self._as_content), view.last, self.content, **hidden)
        gr.on(
            [self.fetch.click, self.address.submit],
            clear(self._fetch),
            self.address,
            self.content,
            concurrency_limit=_FETCHES,
            **hidden,
        )

    def _quick(
        self,
        request: gr.Request,
        content: str | None,
        chosen: Chosen,
        *said: Any,  # noqa: ANN401
    ) -> dict[Any, Any]:
        """Paint in one pass."""
        strength, size, color = said[:3]
        values = {**_of_page(chosen, size, color), "method": "fast", "strength": strength}
        order = self.atelier.order(content, paths_of(chosen), values)
        picture = self.atelier.engine.quick(self.atelier.who(request), order)
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

    def _paint(
        self,
        request: gr.Request,
        token: str,
        content: str | None,
        chosen: Chosen,
        *said: Any,  # noqa: ANN401
    ) -> Iterator[dict[Any, Any]]:
        """Paint by optimization, or however the advanced settings say."""
        strength, size, color, *advanced_values = said
        values = {
            **given(self.advanced, tuple(advanced_values)),
            **_of_page(chosen, size, color),
        }
        if self.atelier.engine.settings(values).one_pass:
            values["strength"] = strength
        order = self.atelier.order(content, paths_of(chosen), values)
        yield from self._painted(request, token, order)

    def _make_large(
        self, request: gr.Request, token: str, last: Last | None, size: int
    ) -> Iterator[dict[Any, Any]]:
        """Paint the last result again, with all its settings, at another size."""
        if last is None:
            raise ImageError("paint a picture first")
        settings = {k: v for k, v in last["settings"].items() if k not in ("steps", "stop_after")}
        order = self.atelier.order(last["content"], last["styles"], {**settings, "size": int(size)})
        yield from self._painted(request, token, order)

    def _painted(self, request: gr.Request, token: str, order: Order) -> Iterator[dict[Any, Any]]:
        """Work, show previews, and at the end the result, kept in the history."""
        with tempfile.TemporaryDirectory(dir=self.atelier.folder) as place:
            records = Records(Path(place) / "process.webp", Path(place) / "losses.png")
            yield from self._worked(request, token, order, records)

    def _worked(
        self, request: gr.Request, token: str, order: Order, records: Records
    ) -> Iterator[dict[Any, Any]]:
        atelier = self.atelier
        job = atelier.engine.start(atelier.who(request), lambda: _recorded(atelier, order, records))
        before = atelier.shelf.small(order.content)
        yield {self.cancel: gr.Button(visible=True), self.view.status: "Beginning …"}
        seen = 0
        for _ in atelier.watched(request, job, _EVERY, "paint"):
            shown: dict[Any, Any] = {self.view.status: progress(job)}
            if job.latest is not None and job.made > seen:
                seen = job.made
                shown[self.view.slider] = (before, atelier.shelf.preview(job.latest.picture))
            yield shown
        state = job.latest
        if state is None:
            yield {self.cancel: gr.Button(visible=False), self.view.status: "Stopped."}
            return
        entry, kept = self._kept(request, token, order, state.picture)
        ended = "" if state.done == state.planned else f" of {state.planned}"
        text = f"{state.done}{ended} steps in {state.seconds:.0f} s; {kept}."
        shown = self.view.shown(order, state.picture, text, kept=entry is not None)
        yield {**shown, self.cancel: gr.Button(visible=False)}
        if state.planned > 1:
            yield self.view.process(entry, records, state)

    def _kept(
        self, request: gr.Request, token: str, order: Order, picture: Picture
    ) -> tuple[Entry | None, str]:
        """Keep a result, and tell whether that was possible; it is shown in any case."""
        kept = order.content, order.styles, order.settings
        try:
            visitor = self.atelier.visitor(request, token)
            return self.atelier.history.add(visitor, picture, *kept), "kept in the history"
        except ImageError as error:
            return None, str(error)

    def _keep(
        self, request: gr.Request, token: str, last: Last | None
    ) -> tuple[dict[str, Any], str]:
        """Keep a quick result in the history."""
        if last is None:
            raise ImageError("paint a picture first")
        settings = self.atelier.engine.settings(last["settings"])
        styles = [Path(style) for style in last["styles"]]
        visitor = self.atelier.visitor(request, token)
        result = last["result"]
        picture = replace(open_picture(result), recipe=read_recipe(result))
        self.atelier.history.add(visitor, picture, Path(last["content"]), styles, settings)
        return gr.update(interactive=False), "Kept in the history."

    def _as_content(self, last: Last | None) -> str | None:
        return str(last["result"]) if last else None

    def _fetch(self, address: str) -> str:
        """Fetch a picture from the web, if its address is public."""
        return str(self.atelier.uploads.picture(self.atelier.fetched(address)))

    def fill(self, content: Path, styles: list[Path], settings: dict[str, Any]) -> dict[Any, Any]:
        """Return updates that put a kept result's content, styles and settings into the page."""
        shares = settings.get("style_weights") or [1] * len(styles)
        chosen = [
            {"path": str(path), "name": path.stem, "weight": share}
            for path, share in zip(styles, shares, strict=True)
        ]
        values = filled(self.advanced, settings)
        return {
            self.content: str(content),
            self.styles.chosen: chosen,
            self.size: settings["size"],
            self.strength: settings["strength"],
            self.color: settings["color"],
            **dict(zip(self.advanced.values(), values, strict=True)),
        }

    @property
    def controls(self) -> list[Any]:
        """All that `fill` changes."""
        main = [self.content, self.styles.chosen, self.size, self.strength, self.color]
        return [*main, *self.advanced.values()]


def _recorded(atelier: Atelier, order: Order, records: Records) -> Iterator[State]:
    for state in atelier.engine.states(order):
        if state.planned > 1:
            records.add(state)
        yield state


def _of_page(chosen: Chosen, size: float, color: str) -> dict[str, Any]:
    """Return the main settings."""
    values: dict[str, Any] = {"size": int(size), "color": color}
    if len(chosen) > 1:
        values["style_weights"] = [each["weight"] for each in chosen]
    return values
