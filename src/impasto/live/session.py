"""The loop of a live session: the newest frame, painted, shown everywhere at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.images import fitted_size
from impasto.live.controls import Controls
from impasto.live.pace import Pace
from impasto.live.show import Meter, halves, written
from impasto.live.sources import Captured, Newest
from impasto.runs import Stylizer
from impasto.video.motion import MotionFinder
from impasto.video.painting import FramePainter, picture_of, resized

Pixels8 = NDArray[np.uint8]
_GRAY = 40
"""Brightness of the picture that says what is wrong."""


class Output(Protocol):
    """Something that shows frames."""

    def show(self, pixels: Pixels8) -> None:
        """Show a frame (H, W, 3) uint8."""
        ...

    def keys(self) -> Sequence[str]:
        """Return the keys that were pressed there since the last call."""
        ...

    def close(self) -> None:
        """End."""
        ...


class Report(NamedTuple):
    """How a session went.

    Attributes:
        frames: Painted and shown.
        fps: Frames a second, in the end.
        latency: Seconds from taken to shown, the median in the end.
        saved: Pictures that were saved.
    """

    frames: int
    fps: float
    latency: float
    saved: Sequence[Path]


class Session:
    """Paints what a source gives.

    Args:
        source: Gives frames.
        stylizers: One for each style.
        names: Of the styles.
        outputs: Where frames are shown.
        controls: What is shown now.
        size: Longest side of what is shown, in pixels.
        fps: Frames a second to hold by painting smaller; 0: always the full size.
        stability: From 0 to 1.
        folder: For saved pictures.
        recorder: Called with the recording's wish each frame: `None` ends it.
        complain: Told once what is wrong with the source.
    """

    def __init__(
        self,
        source: Newest,
        stylizers: Sequence[Stylizer],
        names: Sequence[str],
        outputs: Sequence[Output],
        controls: Controls,
        *,
        size: int,
        fps: float,
        stability: float,
        folder: Path,
        recorder: Callable[[Pixels8 | None], None],
        complain: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._complain, self._complained = complain, ""
        self.source, self.outputs, self.controls = source, outputs, controls
        self._stylizers, self._names = stylizers, names
        self._size, self._stability = size, stability
        self._pace, self._meter = Pace(fps), Meter()
        self._folder, self._recorder = folder, recorder
        self._finder, self._painter = MotionFinder(()), FramePainter(stylizers[0], 0)
        self._painting: tuple[int, tuple[int, int]] | None = None
        self._strength = 1.0
        self._last: tuple[Pixels8, Pixels8] | None = None
        self._frames = 0
        self._saved: list[Path] = []

    @property
    def scale(self) -> float:
        """The part of the full size that is painted now."""
        return self._pace.scale

    def run(self, most: int | None = None) -> Report:
        """Go on until it is told to stop, or the source has ended.

        Args:
            most: Frames after which to stop; None: no end.
        """
        while not self.controls.over and (most is None or self._frames < most):
            captured = self.source.take()
            if captured is not None and not self.controls.frozen:
                self._paint(captured)
            elif captured is None and self.source.ended:
                break
            elif captured is None and self.source.trouble:
                self._tell(self.source.trouble)
            elif self._last is not None:
                self._present()
            self._listen()
        return Report(self._frames, self._meter.fps, self._meter.latency, self._saved)

    def _paint(self, captured: Captured) -> None:
        begun = time.monotonic()
        height, width = captured.pixels.shape[:2]
        full = _even(fitted_size((width, height), self._size))
        small = _even((round(full[0] * self._pace.scale), round(full[1] * self._pace.scale)))
        self._prepare(small)
        frame = resized(captured.pixels, small)
        painted = self._painter(frame, self._finder(frame), captured.moment)
        pixels = (painted * np.float32(255)).round().astype(np.uint8)
        self._last = resized(captured.pixels, full), resized(pixels, full)
        self._present()
        self._frames += 1
        now = time.monotonic()
        self._meter.shown(now, captured.moment)
        self._pace.took(now - begun)

    def _prepare(self, size: tuple[int, int]) -> None:
        """Begin a new shot where the style or the size has changed."""
        controls = self.controls
        wanted = (controls.style, size)
        if wanted != self._painting:
            self._painting = wanted
            stylizer = self._stylizers[controls.style].at_size(max(size))
            self._painter = FramePainter(stylizer, self._stability)
            self._finder = MotionFinder(self._painter.lags, patient=False)
            self._strength = 1.0
        if controls.strength != self._strength:
            self._strength = controls.strength
            self._painter.use(self._painter.stylizer.changed(strength=controls.strength))

    def _present(self) -> None:
        """Show the last frame, as the controls have it now."""
        assert self._last is not None
        original, painted = self._last
        pixels = halves(original, painted) if self.controls.split else painted
        self._recorder(pixels if self.controls.recording else None)
        while self.controls.snapshots:
            self.controls.snapshots -= 1
            path = self._folder / "impasto-live.png"
            self._saved.append(picture_of(pixels).save(path))
        self._send(written(pixels, self._lines()) if self.controls.overlay else pixels)

    def _lines(self) -> list[str]:
        c, meter = self.controls, self._meter
        said = f"{meter.fps:.0f} fps, {1000 * meter.latency:.0f} ms"
        marks = [name for name in ("frozen", "recording") if getattr(c, name)]
        return [said, f"{self._names[c.style]}, {round(100 * c.strength)} %", *marks]

    def _tell(self, trouble: str) -> None:
        """Show what is wrong with the source."""
        if trouble != self._complained:
            self._complained = trouble
            self._complain(trouble)
        width, height = (self._size, self._size * 3 // 4)
        blank = np.full((height, width, 3), _GRAY, np.uint8)
        self._send(written(blank, [trouble[:60], trouble[60:], "trying again"]))

    def _send(self, pixels: Pixels8) -> None:
        for output in self.outputs:
            output.show(pixels)

    def _listen(self) -> None:
        for output in self.outputs:
            for key in output.keys():  # noqa: SIM118
                self.controls.press(key)


def _even(size: tuple[int, int]) -> tuple[int, int]:
    return max(16, size[0] // 2 * 2), max(16, size[1] // 2 * 2)
