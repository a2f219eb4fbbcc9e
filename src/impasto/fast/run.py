"""The run of one content through a network: one step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Protocol

from impasto.fast.memory import BASE_BYTES, check_memory
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
from impasto.recipes import make_recipe
from impasto.runs import Memory, Plan, Reference, Run, Stage, State
from impasto.settings import Settings

#: Longest side of the picture that is timed for a plan; seconds a million pixels take to save.
_PROBE, _FINISH = 256, 0.35


class Painter(Protocol):
    """What a run needs of its stylizer."""

    settings: Settings
    network: Network
    identities: list[Identity]

    @property
    def weights(self) -> list[dict[str, str]]:
        """Name and SHA-256 of each file it paints with."""
        ...

    def paint(self, content: Picture) -> Array:
        """Return the stylized pixels of a picture."""
        ...

    def paint_frame(self, content: Picture, reference: Reference) -> tuple[Array, Memory]:
        """Return the stylized pixels of a frame, and what the next one needs."""
        ...

    def remade(self) -> Settings:
        """Return the settings that make the same picture again."""
        ...


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
        stylizer: Painter,
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
        check_memory(size, stylizer.network.bytes_per_pixel)
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
        return State(
            octave=1,
            octaves=1,
            step=1,
            steps=(1,),
            done=1,
            size=self._content.size,
            seconds=time.monotonic() - self._started,
        )

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
        return Plan(
            (Stage(size, 1, network.title),),
            BASE_BYTES + network.bytes_per_pixel * pixels,
            (rate + _FINISH / 1e6) * pixels,
            network.machine,
        )

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
        settings, stylizer = self._stylizer.settings, self._stylizer
        recipe = make_recipe(
            stylizer.remade(),
            {"content": self._identify(), "styles": stylizer.identities},
            weights=stylizer.weights,
            runtime=stylizer.network.machine,
        )
        return replace(
            self._content,
            pixels=self.pixels,
            bits=settings.bits or self._content.bits,
            exif=self._content.exif if settings.keep_exif else None,
            recipe=recipe,
        )

    @property
    def memory(self) -> Memory:
        """What the next frame of a video needs."""
        return self._memory
