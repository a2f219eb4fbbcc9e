"""The page that paints many pictures in many styles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.batch import Batch, Outcome
from impasto.batch.pairs import Pair
from impasto.errors import ImageError
from impasto.studio.atelier import WORK, Atelier, clear, waiting
from impasto.studio.engine import Order, Step
from impasto.studio.pictures import file_input, zipped
from impasto.studio.styles import Chosen, StyleChooser, paths_of

#: Pictures of one work.
MOST = 400
_METHODS = [("Quick", "fast"), ("Paint", "optimize")]


class BatchPage:
    """The page that paints every picture in every chosen style."""

    def __init__(self, atelier: Atelier) -> None:
        self.atelier = atelier
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                self.contents = file_input(
                    label="Your pictures",
                    file_count="multiple",
                    file_types=["image"],
                    height=200,
                    elem_id="contents",
                )
                self.styles = StyleChooser(atelier, mixing=False)
            with gr.Column(scale=7, min_width=320):
                self.results = gr.Gallery(
                    label="Painted", columns=4, height=480, object_fit="contain", interactive=False
                )
                self.status = gr.Markdown("Choose pictures, and one style or several.")
                with gr.Row():
                    self.paint = gr.Button("Paint them all", variant="primary", min_width=90)
                    self.cancel = gr.Button(
                        "Stop, keep them", variant="stop", visible=False, min_width=90
                    )
                self.save = gr.DownloadButton("Save all (.zip)", interactive=False)
                self.method = gr.Radio(_METHODS, value="fast", label="How")
                self.size = gr.Slider(
                    128, atelier.options.max_size, 512, step=32, label="Size, pixels"
                )
        painting = self.paint.click(
            clear(self._paint),
            [self.contents, self.styles.chosen, self.method, self.size],
            [self.results, self.status, self.cancel, self.save],
            **WORK,
        )
        atelier.stoppable([painting], "many", self.cancel, self.status)

    def _paint(
        self,
        request: gr.Request,
        contents: list[str] | None,
        chosen: Chosen,
        method: str,
        size: float,
    ) -> Iterator[dict[Any, Any]]:
        atelier = self.atelier
        values = {"method": method, "size": int(size)}
        work = Pairs(atelier, contents or [], paths_of(chosen), values)
        job = atelier.engine.start(atelier.who(request), work.outcomes)
        yield {self.cancel: gr.Button(visible=True), self.status: "Beginning …"}
        seen = 0
        for _ in atelier.watched(request, job, "many"):
            if work.done == seen:
                yield {self.status: waiting(job) if not job.made else gr.skip()}
                continue
            seen = work.done
            yield {
                self.results: work.shown(),
                self.status: f"{seen} of {len(work.pairs)} pictures.",
            }
        done = {self.cancel: gr.Button(visible=False)}
        if not work.done:
            yield {**done, self.status: "Stopped."}
            return
        yield {
            **done,
            self.results: work.shown(),
            self.status: work.report(),
            self.save: gr.DownloadButton(value=str(work.zipped()), interactive=True),
        }


class Pairs:
    """Pictures that are painted, each in each style, `MOST` at most; else ImageError."""

    def __init__(
        self,
        atelier: Atelier,
        contents: Sequence[str],
        styles: Sequence[str],
        values: dict[str, Any],
    ) -> None:
        if not contents or not styles:
            raise ImageError(f"choose {'a style' if contents else 'pictures'} first")
        if len(contents) * len(styles) > MOST:
            raise ImageError(f"that makes too many pictures: at most {MOST} at once")
        self.atelier = atelier
        self.settings = atelier.engine.settings(values)
        checked = [atelier.uploads.picture(path) for path in contents]
        self.styles = [atelier.uploads.picture(path, "style") for path in styles]
        self.folder = atelier.shelf.place()
        self.batch = Batch(checked, self.styles, self.folder, self.settings)
        self.pairs = self.batch.pairs
        self.made: list[Path] = []
        self.failed: list[str] = []

    @property
    def done(self) -> int:
        """How many pairs were painted, or failed."""
        return len(self.made) + len(self.failed)

    def outcomes(self) -> Iterator[Outcome | Step]:
        """Paint pair after pair; what takes many steps can be ended after each of them."""
        if self.settings.row.steps:
            for pair in self.pairs:
                yield from self._steps(pair)
            return
        for outcome in self.batch.paint(workers=1):
            if outcome.path is not None:
                self.made.append(outcome.path)
            else:
                self.failed.append(f"{outcome.pair.name}: {outcome.error}")
            yield outcome

    def _steps(self, pair: Pair) -> Iterator[Step]:
        order = Order(pair.content, (self.styles[pair.style or 0],), self.settings)
        step = None
        try:
            for step in self.atelier.engine.steps(order):
                yield step
            assert step is not None
            self.made.append(step.picture.save(self.folder / pair.name))
        except Exception as error:  # whatever it is, the others go on
            reason = str(error).strip().partition("\n")[0] or type(error).__name__
            self.failed.append(f"{pair.name}: {reason}")

    def shown(self) -> list[tuple[str, str]]:
        """Return thumbnails of what is made, and their names."""
        return [(self.atelier.shelf.thumbnail(path), path.stem) for path in self.made]

    def report(self) -> str:
        """Return what became of them, in words."""
        failures = "".join(f"\n- {each}" for each in self.failed)
        failed = f", {len(self.failed)} failed:{failures}" if self.failed else ""
        return f"{len(self.made)} of {len(self.pairs)} pictures painted{failed}"

    def zipped(self) -> Path:
        """Put the results into one file, and return it."""
        return zipped(self.made, self.folder / "painted.zip")
