"""The run of one content through a network: one step."""

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from impasto.fast.network import Network
from impasto.fast.sessions import Array
from impasto.images import (
    Identity,
    Picture,
    Source,
    fitted_size,
    identify_opened,
    open_for_role,
    read_source,
)
from impasto.machine import check_fits, free_memory
from impasto.runs import Memory, Plan, Reference, Run, Stage, State
from impasto.settings import Settings

#: Longest side of the picture that is timed for a plan; seconds a million pixels take to save.
_PROBE, _FINISH = 256, 0.35
_BASE_BYTES = 0.3e9
"""What libraries and weights take."""


class _Painter(Protocol):
    """What a run needs of its stylizer."""

    settings: Settings
    network: Network

    def paint(self, content: Picture) -> Array: ...

    def paint_frame(self, content: Picture, reference: Reference) -> tuple[Array, Memory]: ...

    def recipe(self, content: Identity) -> dict[str, Any]: ...


class OnePassRun(Run):
    """One content on its way through a network.

    Args:
        stylizer: What paints.
        content: Path, bytes, PIL image, array or `Picture`.
        reference: What a frame of a video has to agree with, or None.
        started: `time.monotonic()` at which the work began; None: now.

    Raises:
        ImageError: The content cannot be read, or is too small.
        ImpastoError: It would not fit into memory.
    """

    def __init__(
        self,
        stylizer: _Painter,
        content: Source,
        reference: Reference | None,
        started: float | None,
    ) -> None:
        self._started = time.monotonic() if started is None else started
        self._stylizer, self._reference = stylizer, reference
        settings = stylizer.settings
        source = read_source(content)
        opened = open_for_role(source, "content", settings.size, settings)
        self._identify = partial(identify_opened, opened, source)  # frames are never asked
        size = fitted_size(opened.size, settings.size)
        self._bytes = _BASE_BYTES + stylizer.network.bytes_per_pixel * size[0] * size[1]
        what = f"painting at {size[0]}x{size[1]}"
        check_fits(self._bytes, free_memory(), _BASE_BYTES, max(size), what)
        self._content = opened.resized(size)
        self._pixels: Array | None = None
        self._memory: Memory = {}

    def __iter__(self) -> Iterator[State]:
        """Return the run itself."""
        return self

    def __next__(self) -> State:
        """Paint, and return the one state there is."""
        if self._pixels is not None:
            raise StopIteration
        if self._reference is None:
            self._pixels = self._stylizer.paint(self._content)
        else:
            self._pixels, self._memory = self._stylizer.paint_frame(self._content, self._reference)
        seconds = time.monotonic() - self._started
        size = self._content.size
        return State(octave=1, octaves=1, step=1, steps=(1,), done=1, size=size, seconds=seconds)

    @property
    def plan(self) -> Plan:
        """Size, memory and seconds, told after a small picture was timed."""
        size, network = self._content.size, self._stylizer.network
        small = self._content.resized(fitted_size(size, min(_PROBE, max(size))))
        self._stylizer.paint(small)
        begun = time.monotonic()
        self._stylizer.paint(small)
        rate = (time.monotonic() - begun) / (small.width * small.height)
        pixels = size[0] * size[1]
        seconds = (rate + _FINISH / 1e6) * pixels
        return Plan((Stage(size, 1, network.title),), self._bytes, seconds, network.machine)

    @property
    def pixels(self) -> Array:
        """(H, W, 3) in [0, 1], the stylized pixels."""
        if self._pixels is None:
            next(self)
        assert self._pixels is not None
        return self._pixels

    @property
    def picture(self) -> Picture:
        """The stylized picture, with its recipe."""
        settings = self._stylizer.settings
        return replace(
            self._content,
            pixels=self.pixels,
            bits=settings.bits or self._content.bits,
            exif=self._content.exif if settings.keep_exif else None,
            recipe=self._stylizer.recipe(self._identify()),
        )

    @property
    def memory(self) -> Memory:
        """What the next frame of a video needs."""
        return self._memory
