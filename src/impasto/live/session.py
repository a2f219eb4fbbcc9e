"""The loop of a live session: the newest frame, painted, shown everywhere, at a steady pace."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, InitVar, dataclass
from pathlib import Path
from statistics import median

import numpy as np

from impasto.errors import ImageError
from impasto.flow import MotionFinder, opencv
from impasto.images import fitted_size
from impasto.live.outputs import Controls, Output
from impasto.live.sources import Captured, Newest
from impasto.runs import Stylizer
from impasto.video.clip import Pixels8
from impasto.video.painting import FrameStylizer, even, picture_of, resized, split
from impasto.video.prefetch import in_thread

_GRAY = 40  # brightness of the picture that says what is wrong
SIZES = (1.0, 0.875, 0.75, 0.625, 0.5, 0.4, 0.3)  # parts of the full size that are painted
#: Frames after which the size may change, and how much of the time may be used.
_PATIENCE, _ROOM = 12, 0.92
_SETTLING = 3  # first frames at a size, which do not count: a network may be compiled for it


class Pace:
    """Chooses the size that is painted, to hold `fps` frames a second; 0: the full size always."""

    def __init__(self, fps: float) -> None:
        self._budget = 1 / fps if fps > 0 else float("inf")
        self._level = 0
        self._times: deque[float] = deque(maxlen=_PATIENCE)
        self._waits = self._waited = 1  # frames that must be fast before a larger size is tried
        self._settling = _SETTLING

    @property
    def scale(self) -> float:
        """The part of the full size to paint."""
        return SIZES[self._level]

    def took(self, seconds: float) -> None:
        """Learn how long a frame took at this size."""
        if self._settling:
            self._settling -= 1
            return
        self._times.append(seconds)
        if len(self._times) < _PATIENCE:
            return
        usual = median(self._times)
        if usual > _ROOM * self._budget and self._level < len(SIZES) - 1:
            self._change(1)
            # What was too much once is not tried again soon.
            self._waits = self._waited = min(2 * self._waited, 64)
        elif self._level:
            larger = usual * (SIZES[self._level - 1] / SIZES[self._level]) ** 2
            if larger < _ROOM * self._budget * 0.9:
                self._waits -= 1
            if self._waits <= 0:
                self._change(-1)
                self._waits = self._waited

    def _change(self, by: int) -> None:
        self._level += by
        self._settling = _SETTLING
        self._times.clear()


class Meter:
    """Frames a second, and seconds from taken to shown (the median), of the last second or so."""

    def __init__(self) -> None:
        self.fps = self.latency = 0.0
        self._shown: deque[tuple[float, float]] = deque(maxlen=30)

    def shown(self, now: float, taken: float) -> None:
        """Learn when a frame was shown, and when it was taken, by `time.monotonic()`."""
        self._shown.append((now, taken))
        self.fps = (len(self._shown) - 1) / max(1e-6, now - self._shown[0][0])
        self.latency = median(end - start for end, start in self._shown)


@dataclass
class Session:
    """Paints what a source gives."""

    source: Newest
    stylizers: Sequence[Stylizer]  # one for each style
    names: Sequence[str]  # of the styles
    outputs: Sequence[Output]  # where frames are shown
    controls: Controls
    _: KW_ONLY
    size: int  # longest side of what is shown, in pixels
    fps: InitVar[float]  # frames a second to hold by painting smaller; 0: always the full size
    stability: float  # from 0 to 1
    folder: Path  # for saved pictures
    recorder: Callable[[Pixels8 | None], None]  # told each frame; None ends the recording
    complain: Callable[[str], None] = lambda _: None  # told what is wrong, once

    def __post_init__(self, fps: float) -> None:
        self.pace, self.meter = Pace(fps), Meter()
        self.frames = 0  # that were painted and shown
        self.saved: list[Path] = []  # pictures
        self._finder, self._painter = MotionFinder(()), FrameStylizer(self.stylizers[0], 0)
        self._painting: tuple[int, tuple[int, int]] | None = None
        self._strength = 1.0
        self._last: tuple[Pixels8, Pixels8] | None = None
        self._complained = ""

    def run(self) -> None:
        """Go on until it is told to stop, or the source has ended."""
        while not self.controls.over:
            captured = self.source.take()
            if captured is not None and not self.controls.frozen:
                self._paint(captured)
            elif captured is None and self.source.ended:
                break
            elif captured is None and self.source.trouble:
                self._tell(self.source.trouble)
            elif self._last is not None:
                self._present()
            for output in self.outputs:
                for key in output.keys():  # noqa: SIM118
                    self.controls.press(key)

    def _paint(self, captured: Captured) -> None:
        self._complained, begun = "", time.monotonic()
        self._last = in_thread(lambda: self._painted(captured))
        self._present()
        self.frames += 1
        now = time.monotonic()
        self.meter.shown(now, captured.moment)
        self.pace.took(now - begun)

    def _painted(self, captured: Captured) -> tuple[Pixels8, Pixels8]:
        """Return a frame as it was, and as it became, at full size."""
        height, width = captured.pixels.shape[:2]
        full = even(fitted_size((width, height), self.size))
        small = even((round(full[0] * self.pace.scale), round(full[1] * self.pace.scale)))
        self._prepare(small)
        frame = resized(captured.pixels, small)
        painted = self._painter(frame, self._finder(frame), captured.moment)
        pixels = (painted * np.float32(255)).round().astype(np.uint8)
        return resized(captured.pixels, full), resized(pixels, full)

    def _prepare(self, size: tuple[int, int]) -> None:
        """Begin a new shot where the style or the size has changed."""
        controls = self.controls
        wanted = (controls.style, size)
        if wanted != self._painting:
            self._painting = wanted
            stylizer = self.stylizers[controls.style].at_size(max(size))
            self._painter = FrameStylizer(stylizer, self.stability)
            self._finder = MotionFinder(self._painter.lags, patient=False)
            self._strength = 1.0
        if controls.strength != self._strength:
            self._strength = controls.strength
            self._painter.use(self._painter.stylizer.changed(strength=controls.strength))

    def _present(self) -> None:
        assert self._last is not None
        original, painted = self._last
        middle = painted.shape[1] // 2
        pixels = split(original, painted, middle, 1) if self.controls.split else painted
        try:
            self.recorder(pixels if self.controls.recording else None)
            while self.controls.snapshots:
                self.controls.snapshots -= 1
                self.saved.append(picture_of(pixels).save(self.folder / "impasto-live.png"))
        except ImageError as error:
            self.controls.recording, self.controls.snapshots = False, 0
            if not self.outputs:
                raise
            self.complain(str(error))
        self._send(written(pixels, self._lines()) if self.controls.overlay else pixels)

    def _lines(self) -> list[str]:
        controls, meter = self.controls, self.meter
        said = f"{meter.fps:.0f} fps, {1000 * meter.latency:.0f} ms"
        look = f"{self.names[controls.style]}, {round(100 * controls.strength)} %"
        return [said, look, *(n for n in ("frozen", "recording") if getattr(controls, n))]

    def _tell(self, trouble: str) -> None:
        if trouble != self._complained:
            self._complained = trouble
            self.complain(f"{trouble}; trying again")
        blank = np.full((self.size * 3 // 4, self.size, 3), _GRAY, np.uint8)
        self._send(written(blank, [trouble[:60], trouble[60:], "trying again"]))

    def _send(self, pixels: Pixels8) -> None:
        for output in self.outputs:
            output.show(pixels)


def written(pixels: Pixels8, lines: list[str]) -> Pixels8:
    """Return a picture with lines of text in its upper left corner."""
    cv2, shown = opencv(), pixels.copy()
    font, smooth = cv2.FONT_HERSHEY_SIMPLEX, cv2.LINE_AA
    scale = max(0.4, pixels.shape[0] / 900)
    for number, line in enumerate(lines):
        place = (round(16 * scale), round((34 + 34 * number) * scale))
        for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(shown, line, place, font, scale, color, width, smooth)
    return shown
