"""What paints in each worker: all styles read once, one thread."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.dataset.medical import painted_dicom, painted_nifti
from impasto.dataset.options import DatasetOptions
from impasto.dataset.plan import Task, split_of
from impasto.dataset.samples import painted_file
from impasto.fast.tuned import is_network, kept_network
from impasto.images import LEAST_PICTURE, NamedBytes, Picture, Source, fitted_size
from impasto.runs import Stylizer
from impasto.settings import FIELDS
from impasto.stylizers import stylizer

#: Sizes that styles are read at: the nearest above a picture's longest side.
_SIZES = (128, 256, 512, 1024)
#: The least size that a result can be asked for in.
LEAST_SIZE: int = FIELDS["size"].metadata["least"]
#: Stylizers kept of each worker.
_KEPT = 256


class StyleFile(NamedTuple):
    """A style picture that travels with the work, to whatever machine.

    Attributes:
        name: Of its file.
        content: The file.
    """

    name: str
    content: bytes


def source_of(style: Path | StyleFile) -> Source:
    """Return a style as pictures are given, with its name."""
    if isinstance(style, Path):
        return style
    named = NamedBytes(style.content)
    named.name = style.name
    return named


class Row(NamedTuple):
    """What became of a task: a line of the manifest.

    Attributes:
        path: Of the result.
        source: Of the picture.
        copy: Which of its results.
        style: Name of the style, "" where nothing was painted.
        style_sha256: Of the style's file.
        strength: How strongly.
        seed: Of everything random.
        split: Its top folder or shard's, where that has styles of its own.
        bytes: Size of the result.
        sha256: Of the result.
        status: `painted`, `copied` or `failed`.
        error: Why it failed.
        seconds: That it took.
    """

    path: str
    source: str
    copy: int
    style: str
    style_sha256: str
    strength: float
    seed: int
    split: str
    bytes: int
    sha256: str
    status: str
    error: str
    seconds: float


class DatasetPainter:
    """Paints the files of a data set.

    Args:
        styles: Style pictures.
        hashes: Their fingerprints.
        options: What is asked for.
    """

    def __init__(
        self, styles: Sequence[StyleFile], hashes: Sequence[str], options: DatasetOptions
    ) -> None:
        self.styles, self.hashes, self.options = list(styles), list(hashes), options
        self._network = lru_cache(len(_SIZES))(self._opened)
        self._one = lru_cache(_KEPT)(self._read)

    def result(self, task: Task, content: bytes) -> bytes:
        """Return the file that a task makes of a file.

        Raises:
            ImpastoError: It cannot be made.
        """
        if task.style is None:
            return content
        paint, name = partial(self._painted, task), task.source
        lower = name.lower()
        if lower.endswith(".dcm"):
            return painted_dicom(content, name, paint)
        if lower.endswith((".nii", ".nii.gz")):
            return painted_nifti(content, name, paint)
        return painted_file(content, name, paint, self.options.quality)

    def row(self, task: Task, made: bytes | None, error: str, begun: float) -> Row:
        """Return the line of the manifest about a task.

        Args:
            task: The task.
            made: The result; None: it failed.
            error: Why.
            begun: `time.monotonic()` at which it was begun.
        """
        style = "" if task.style is None else self.styles[task.style].name
        done = "copied" if task.style is None else "painted"
        return Row(
            path=task.path,
            source=task.source,
            copy=task.copy,
            style=style,
            style_sha256="" if task.style is None else self.hashes[task.style],
            strength=task.strength if style else 0.0,
            seed=task.seed,
            split=split_of(task.source, self.options.splits),
            bytes=len(made or b""),
            sha256=hashlib.sha256(made).hexdigest() if made is not None else "",
            status="failed" if made is None else done,
            error=error,
            seconds=round(time.monotonic() - begun, 4),
        )

    def _painted(self, task: Task, picture: Picture) -> NDArray[np.float32]:
        """Paint a picture, as large as it is."""
        assert task.style is not None
        size = picture.size
        factor = max(LEAST_PICTURE / min(size), LEAST_SIZE / max(size))
        if factor > 1:  # painted enlarged, and made small again
            picture = picture.resized(fitted_size(size, round(max(size) * factor + 0.5)))
        read = self._one(_size_of(max(size)), task.style)
        one = read.changed(strength=task.strength, seed=task.seed).at_size(max(picture.size))
        painted = one.run(picture).pixels
        return Picture(painted).resized(size).pixels if factor > 1 else painted

    def _opened(self, size: int) -> Stylizer:
        settings = self.options.settings.updated(size=size, strength=1.0, style_weights=None)
        return stylizer(self._source(0), settings)

    def _read(self, size: int, style: int) -> Stylizer:
        return self._network(size).with_styles(self._source(style))

    def _source(self, style: int) -> Source:
        file = self.styles[style]
        return kept_network(file.content) if is_network(file.name) else file.content


def _size_of(longest: int) -> int:
    return next((size for size in _SIZES if size >= longest), _SIZES[-1])
