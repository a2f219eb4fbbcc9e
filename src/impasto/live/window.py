"""A window of one's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError, MissingExtraError
from impasto.live.controls import KEYS


class Window:
    """Shows frames in a window and takes keys.

    Raises:
        ImpastoError: There is no screen.
        MissingExtraError: pygame-ce is not installed.
    """

    def __init__(self, title: str = "impasto live") -> None:
        self._pygame = _pygame()
        try:
            self._pygame.display.init()
            self._pygame.display.set_caption(title)
        except self._pygame.error as error:
            raise ImpastoError(
                f"there is no screen for a window ({error}): use --serve, --record or --virtual"
            ) from error
        self._size = (0, 0)

    def show(self, pixels: NDArray[np.uint8]) -> None:
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


def _pygame() -> Any:  # noqa: ANN401
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        import pygame
    except ImportError as error:
        raise MissingExtraError("a window", "video") from error
    return pygame
