"""The page that paints videos."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.errors import ImageError
from impasto.images import open_picture
from impasto.studio.atelier import WORK, Atelier, clear, waiting
from impasto.studio.styles import Chosen, StyleChooser, paths_of
from impasto.video.options import VideoSettings
from impasto.video.pipeline import Progress
from impasto.video.setup import prepare

#: Longest side to begin with: a laptop's speed.
_SIZE = 640


class VideoPage:
    """The page that paints a video, frame by frame, without flicker."""

    def __init__(self, atelier: Atelier) -> None:
        self.atelier = atelier
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                self.clip = gr.Video(
                    label="Your video", sources=["upload"], height=280, elem_id="clip"
                )
                self.styles = StyleChooser(atelier)
            with gr.Column(scale=7, min_width=320):
                self.result = gr.Video(
                    label="Painted", interactive=False, autoplay=True, loop=True, height=420
                )
                self.frame = gr.Image(
                    label="The last frame",
                    type="filepath",
                    interactive=False,
                    visible=False,
                    buttons=[],
                )
                self.status = gr.Markdown("Choose a video and a style.")
                with gr.Row():
                    self.paint = gr.Button("Paint the video", variant="primary", min_width=90)
                    self.cancel = gr.Button(
                        "Stop, keep it", variant="stop", visible=False, min_width=90
                    )
                self.save = gr.DownloadButton("Save", interactive=False)
                self.strength = gr.Slider(0, 1, 1, step=0.05, label="Strength")
                self.stability = gr.Slider(
                    0, 1, 0.9, step=0.05, label="Stability: from frame by frame to steady"
                )
                self.size = gr.Slider(
                    128, atelier.options.max_size, _SIZE, step=32, label="Size, pixels"
                )
        self._connect()

    def _connect(self) -> None:
        painting = self.paint.click(
            clear(self._paint),
            [self.clip, self.styles.chosen, self.strength, self.stability, self.size],
            [self.result, self.frame, self.status, self.cancel, self.save],
            **WORK,
        )
        self.atelier.stoppable([painting], "video", self.cancel, self.status)

    def _paint(
        self,
        request: gr.Request,
        clip: str | None,
        chosen: Chosen,
        strength: float,
        stability: float,
        size: float,
    ) -> Iterator[dict[Any, Any]]:
        atelier = self.atelier
        source = atelier.uploads.clip(clip)
        target = atelier.shelf.place() / f"{source.stem}-painted.mp4"
        progress = Painted(atelier, source, chosen, strength, stability, int(size), target)
        job = atelier.engine.start(atelier.who(request), progress.frames)
        yield {self.cancel: gr.Button(visible=True), self.status: "Beginning …"}
        for _ in atelier.watched(request, job, "video"):
            if job.latest is None:
                yield {self.status: waiting(job)}
                continue
            shown = atelier.shelf.preview(open_picture(job.latest.painted))
            yield {
                self.frame: gr.Image(value=shown, visible=True),
                self.status: f"Frame {job.latest.done} of {job.latest.whole or '?'}.",
            }
        done = {self.cancel: gr.Button(visible=False), self.frame: gr.Image(visible=False)}
        if not target.is_file():
            yield {**done, self.status: "Stopped."}
            return
        path = str(target)
        yield {
            **done,
            self.result: path,
            self.save: gr.DownloadButton(value=path, interactive=True),
            self.status: f"{job.made} frames.",
        }


class Painted:
    """A video that is painted and put together."""

    def __init__(
        self,
        atelier: Atelier,
        source: Path,
        chosen: Chosen,
        strength: float,
        stability: float,
        size: int,
        target: Path,
    ) -> None:
        values: dict[str, Any] = {"method": "fast", "strength": strength, "size": size}
        if len(chosen) > 1:
            values["style_weights"] = [each["weight"] for each in chosen]
        if not chosen:
            raise gr.Error("Choose a style first", print_exception=False)
        self._settings = atelier.engine.settings(values)
        self._styles = [atelier.uploads.picture(path, "style") for path in paths_of(chosen)]
        self._options = VideoSettings(stability=stability, size=size)
        self._source, self._target = source, target

    def frames(self) -> Iterator[Progress]:
        """Paint frame after frame; when it is ended, what there is becomes the video."""
        work = prepare(str(self._source), self._styles, self._target, self._settings, self._options)
        try:
            yield from work.run(work.begin(False))
        except GeneratorExit:
            with suppress(ImageError):  # nothing is finished yet
                work.finish()
            raise
        work.finish()
