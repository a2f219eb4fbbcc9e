"""Where live pictures go: into a window, a camera that calls can use, a file."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto.errors import ImpastoError, MissingExtraError
from impasto.live.controls import KEYS
from impasto.video.clip import Clip, Pixels8
from impasto.video.encoding import Encoding, PartWriter


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


class Window:
    """Shows frames in a window and takes keys.

    Raises:
        ImpastoError: There is no screen.
        MissingExtraError: pygame-ce is not installed.
    """

    def __init__(self, title: str = "impasto live") -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import pygame
        except ImportError as error:
            raise MissingExtraError("a window", "video") from error
        self._pygame: Any = pygame
        try:
            self._pygame.display.init()
            self._pygame.display.set_caption(title)
        except self._pygame.error as error:
            raise ImpastoError(
                f"there is no screen for a window ({error}): use --serve, --record or --virtual"
            ) from error
        self._size = (0, 0)

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
        middle = [(window.get_size()[i] - frame.get_size()[i]) // 2 for i in (0, 1)]
        window.blit(frame, middle)
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


class VirtualCamera:
    """A camera that other programs see; `rate` is that which it says to have.

    Raises:
        ImpastoError: There is no device for it.
        MissingExtraError: pyvirtualcam is not installed.
    """

    def __init__(self, rate: float = 25.0) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise MissingExtraError("a virtual camera", "video") from error
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

    def keys(self) -> Sequence[str]:
        """Return nothing: it has no keys."""
        return ()

    def close(self) -> None:
        """Let go of the device."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None


class Recorder:
    """Records what it is given, as long as it is given something; each time into a new file.

    The first is `path`, an .mp4; later ones get numbers. Times are those at which frames came,
    `rate` a second about.

    Raises:
        ImpastoError: There is no such folder.
    """

    def __init__(self, path: Path, rate: float = 25.0) -> None:
        if not path.parent.is_dir():
            raise ImpastoError(f"there is no folder {path.parent}: make it, or name another")
        self.saved: list[Path] = []
        self._path, self._rate = path, Fraction(round(rate * 100), 100)
        self._writer: PartWriter | None = None
        self._size = (0, 0)
        self._begun, self._last = 0.0, -1

    def __call__(self, pixels: Pixels8 | None) -> None:
        """Record a frame; None: end the recording, if there is one."""
        if pixels is None:
            self.close()
            return
        if self._writer is None:
            self._begin(pixels)
        assert self._writer is not None
        moment = round((time.monotonic() - self._begun) * 1000)
        if pixels.shape[1::-1] == self._size and moment > self._last:
            self._last = moment
            self._writer.add(pixels, moment, 40)

    def _begin(self, pixels: Pixels8) -> None:
        path, number = self._path, 2
        while path.exists():
            path = self._path.with_stem(f"{self._path.stem}-{number}")
            number += 1
        self._size = (pixels.shape[1], pixels.shape[0])
        clip = Clip(path, self._size, Fraction(1, 1000), self._rate, None)
        self._writer = PartWriter(path, Encoding(clip, self._size, "h264"))
        self._begun, self._last = time.monotonic(), -1
        self.saved.append(path)

    def close(self) -> None:
        """End the recording, if there is one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
