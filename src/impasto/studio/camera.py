"""The page that paints what a camera sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from impasto.gallery.names import PREFIX, find_style
from impasto.images import open_picture
from impasto.studio.atelier import WORK, Atelier, clear
from impasto.studio.pictures import camera_input, camera_output
from impasto.studio.styles import Chosen, StyleChooser, paths_of

#: Longest side that frames are painted at.
_SIZE = 384
#: Seconds between two frames that are asked for, and seconds that a visitor has the camera on.
_EVERY, _LASTING = 0.1, 300.0


class CameraPage:
    """The page that paints a camera's frames, one by one."""

    def __init__(self, atelier: Atelier) -> None:
        self.atelier = atelier
        with gr.Row():
            with gr.Column(scale=5, min_width=320):
                self.camera = camera_input(label="Your camera", height=280, elem_id="camera")
                self.styles = StyleChooser(atelier)
            with gr.Column(scale=7, min_width=320):
                self.painted = camera_output(
                    label="Painted",
                    height=480,
                    buttons=["download", "fullscreen"],
                    elem_id="painted",
                )
                self.strength = gr.Slider(0, 1, 1, step=0.05, label="Strength")
                gr.Markdown(
                    "Press the camera's record button to begin. Pictures are painted on this "
                    "machine and not kept."
                )
        self.camera.stream(
            clear(self._paint),
            [self.camera, self.styles.chosen, self.strength],
            self.painted,
            stream_every=_EVERY,
            time_limit=_LASTING,
            **WORK,
        )

    def _paint(
        self,
        request: gr.Request,
        frame: NDArray[np.uint8] | None,
        chosen: Chosen,
        strength: float,
    ) -> Any:  # noqa: ANN401
        if frame is None:
            return gr.skip()
        paths = paths_of(chosen) or [str(find_style(f"{PREFIX}strokes"))]
        values: dict[str, Any] = {"method": "fast", "size": _SIZE, "strength": strength}
        if len(chosen) > 1:
            values["style_weights"] = [each["weight"] for each in chosen]
        styles = tuple(Path(path) for path in paths)
        settings = self.atelier.engine.settings(values)
        picture = self.atelier.engine.quick(
            self.atelier.who(request),
            open_picture(frame),
            styles,
            settings,
        )
        return picture.to_array()
