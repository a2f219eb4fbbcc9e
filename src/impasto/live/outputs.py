"""Where live pictures go: a window, a camera that calls can use, a file; keys that control them."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto.errors import ImageError, ImpastoError, SettingsError, importing
from impasto.files import check_writable
from impasto.video.clip import Clip, Pixels8
from impasto.video.encoding import Encoding, PartWriter

_UNSEEN = ("dummy", "offscreen")  # SDL's drivers that show nothing
#: What says that there is a screen on Linux.
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
#: Kinds of files that recordings are, and FFmpeg's names of them. All that was recorded plays even
#: if the program is killed: an MP4 is in fragments until it is closed.
RECORDED = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
_FRAGMENTS = {"movflags": "hybrid_fragmented", "frag_duration": "1000000", "flush_packets": "1"}
#: Each frame is written when it comes, instead of looking at 40 later ones first.
_AT_ONCE = {"tune": "zerolatency"}
_CLUSTERS = {"cluster_time_limit": "1000", "flush_packets": "1"}
_STEP = 0.1  # a step of strength
#: Keys and what they do, for people.
KEYS: Mapping[str, str] = {
    "right": "next style",
    "left": "previous style",
    "up": "stronger",
    "down": "weaker",
    "space": "freeze",
    "b": "before and after",
    "s": "save a picture",
    "r": "record",
    "o": "overlay",
    "q": "quit",
}
#: What keys turn on and off.
_SWITCHES = {"space": "frozen", "b": "split", "r": "recording", "o": "overlay"}


@dataclass
class Controls:
    """What is shown now."""

    styles: int = 1  # how many there are
    style: int = 0  # number of the one
    strength: float = 1.0  # from 0 to 1
    frozen: bool = False  # whether the picture stands still
    split: bool = False  # whether the left half is shown as it was
    overlay: bool = True  # whether frames a second and latency are written on the picture
    recording: bool = False
    snapshots: int = 0  # pictures to be saved with the next frame
    over: bool = False  # whether to stop

    def press(self, key: str) -> None:
        """Do what a key of `KEYS` does; other keys do nothing."""
        if key in ("right", "left"):
            self.style = (self.style + (1 if key == "right" else -1)) % self.styles
        elif key in ("up", "down"):
            strength = self.strength + (_STEP if key == "up" else -_STEP)
            self.strength = round(min(1.0, max(0.0, strength)), 3)
        elif key == "s":
            self.snapshots += 1
        elif key == "q":
            self.over = True
        elif key in _SWITCHES:
            setattr(self, _SWITCHES[key], not getattr(self, _SWITCHES[key]))


class Output(Protocol):
    """Something that shows frames."""

    def show(self, pixels: Pixels8) -> None:
        """Show a frame (H, W, 3) uint8."""

    def keys(self) -> Sequence[str]:
        """Return the keys that were pressed there since the last call."""
        return ()

    def close(self) -> None:
        """End."""


class Window:
    """Shows frames in a window and takes keys."""

    def __init__(self) -> None:
        if sys.platform == "linux" and not any(map(os.environ.get, _SCREENS)):
            raise _no_screen("DISPLAY is not set")
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        with importing("a window", "video"):
            import pygame
        self._pygame: Any = pygame
        self._size = (640, 480)
        try:
            pygame.display.init()
            pygame.display.set_caption("impasto live")
            driver = pygame.display.get_driver()
            if driver in _UNSEEN and "SDL_VIDEODRIVER" not in os.environ:
                raise pygame.error(f"only {driver!r} was found")
            pygame.display.set_mode(self._size, pygame.RESIZABLE)
        except pygame.error as error:
            raise _no_screen(str(error)) from error

    def show(self, pixels: Pixels8) -> None:
        """Show a frame, as large as the window lets it be."""
        pygame = self._pygame
        size = pixels.shape[1::-1]
        if size != self._size:
            self._size = size
            pygame.display.set_mode(size, pygame.RESIZABLE)
        window = pygame.display.get_surface()
        frame = pygame.image.frombuffer(np.ascontiguousarray(pixels), size, "RGB")
        scale = min(window.get_width() / size[0], window.get_height() / size[1])
        if scale != 1:
            frame = pygame.transform.smoothscale(frame, [round(side * scale) for side in size])
            window.fill((0, 0, 0))
        window.blit(frame, frame.get_rect(center=window.get_rect().center))
        pygame.display.flip()

    def keys(self) -> Sequence[str]:
        """Return the keys that were pressed; closing the window quits."""
        pygame, found = self._pygame, []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                found.append("q")
            elif event.type == pygame.KEYDOWN:
                name = pygame.key.name(event.key)
                found.append("q" if name == "escape" else name)
        return [key for key in found if key in KEYS]

    def close(self) -> None:
        """Close the window."""
        self._pygame.display.quit()


def _no_screen(reason: str) -> ImpastoError:
    return ImpastoError(f"there is no screen ({reason}): use --serve, --record or --virtual")


class VirtualCamera(Output):
    """A camera that other programs see; `rate` is that which it says to have."""

    def __init__(self, rate: float = 25.0) -> None:
        with importing("a virtual camera", "video"):
            import pyvirtualcam
        self._module: Any = pyvirtualcam
        self._rate = rate
        self._camera: Any = None
        self._open(640, 480)  # now, not after the first frame, if there is no device

    def _open(self, width: int, height: int) -> None:
        self.close()
        try:
            self._camera = self._module.Camera(width, height, self._rate)
        except RuntimeError as error:
            raise ImpastoError(
                "there is no virtual camera: load v4l2loopback (Linux) or install OBS "
                "(Windows, macOS), then try again"
            ) from error

    def show(self, pixels: Pixels8) -> None:
        """Show a frame."""
        height, width = pixels.shape[:2]
        if (self._camera.width, self._camera.height) != (width, height):
            self._open(width, height)
        self._camera.send(pixels)

    def close(self) -> None:
        """Let go of the device."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None


class Recorder:
    """Records what it is given, as long as it is given something; each time into a new file.

    The first is `path`; later ones get numbers, also where the size changes. Times are those at
    which frames came, `rate` a second about.
    """

    def __init__(self, path: Path, rate: float = 25.0) -> None:
        if path.suffix.lower() not in RECORDED:
            raise SettingsError(f"a recording is one of {', '.join(RECORDED)}; not {path.name}")
        self.saved: list[Path] = []
        self._path, self._rate = path, Fraction(round(rate * 100), 100)
        self._writer: PartWriter | None = None
        self._size = (0, 0)
        self._begun, self._last = 0.0, -1

    def __call__(self, pixels: Pixels8 | None) -> None:
        """Record a frame; None: end the recording, if there is one."""
        if self._writer is not None and (pixels is None or pixels.shape[1::-1] != self._size):
            self.close()
        if pixels is None:
            return
        with self._writing():
            writer = self._writer = self._writer or self._begin(pixels)
            moment = round((time.monotonic() - self._begun) * 1000)
            if moment > self._last:
                self._last = moment
                writer.add(pixels, moment, 40)

    def _begin(self, pixels: Pixels8) -> PartWriter:
        check_writable(self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        path, number = self._path, 2
        while path.exists():
            path = self._path.with_stem(f"{self._path.stem}-{number}")
            number += 1
        self._size = (pixels.shape[1], pixels.shape[0])
        clip = Clip(path, self._size, Fraction(1, 1000), self._rate, None)
        kind = RECORDED[path.suffix.lower()]
        encoding = Encoding(clip, self._size, "h264", options=_AT_ONCE)
        options = _CLUSTERS if kind == "matroska" else {**encoding.timescale, **_FRAGMENTS}
        writer = PartWriter(path, encoding, kind, options)
        self._begun, self._last = time.monotonic(), -1
        self.saved.append(path)
        return writer

    def close(self) -> None:
        """End the recording, if there is one."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with self._writing():
                writer.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._writer = None
            raise ImageError(
                f"the recording ended ({error.strerror or error}): what is in "
                f"{self.saved[-1] if self.saved else self._path} until then plays"
            ) from error
