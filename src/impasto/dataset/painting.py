"""Painting in each worker: all styles read once, one thread."""

import hashlib
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impasto.batch.pairs import reason_of
from impasto.dataset.labels import is_map
from impasto.dataset.plan import SHARD, DatasetOptions, Planner, Task, split_of
from impasto.dataset.samples import painted_dicom, painted_file, painted_nifti
from impasto.fast.tuned import is_network, kept_network
from impasto.files import disk_is_full
from impasto.images import LEAST_PICTURE, NamedBytes, Picture, Source, fitted_size
from impasto.runs import Stylizer
from impasto.settings import FIELDS
from impasto.stylizers import stylizer

#: Sizes that styles are read at: the nearest above a picture's longest side.
_SIZES = (128, 256, 512, 1024)
#: The least size that a result can be asked for in.
LEAST_SIZE: int = FIELDS["size"].metadata["least"]
#: Stylizers that each worker keeps.
_KEPT = 256


class Job(NamedTuple):
    """All that a worker needs to know."""

    source: str  # where pictures are read
    target: str  # where results are written
    styles: list[NamedBytes]  # pictures or networks, which travel with the job to any machine
    hashes: list[str]  # their fingerprints
    options: DatasetOptions  # what is asked for, the runtime decided


class Row(NamedTuple):
    """The outcome of a task: a line of the manifest."""

    path: str  # of the result
    source: str  # path of the picture
    copy: int = 0  # which of its results
    style: str = ""  # its name, "" where nothing was painted
    style_sha256: str = ""
    strength: float = 0.0
    seed: int = 0  # of everything random
    split: str = ""  # its top folder, or its shard's, where that has styles of its own
    bytes: int = 0  # of the result, as is the next
    sha256: str = ""
    status: str = "failed"  # or `painted` or `copied`
    error: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether there is no result."""
        return self.status == "failed"

    @property
    def shard(self) -> str:
        """The shard that the file is a member of, "" if it is in none."""
        shard, slash, _ = self.source.partition(f"{SHARD}/")
        return f"{shard}{SHARD}" if slash else ""


class DatasetStylizer:
    """Paints the files of a data set."""

    def __init__(self, job: Job) -> None:
        self.styles, self.hashes, self.options = job.styles, job.hashes, job.options
        self.planner = Planner(job.options, job.hashes)
        self._network = lru_cache(len(_SIZES))(self._opened)
        self._one = lru_cache(_KEPT)(self._read)

    def made(self, task: Task, content: bytes, beside: bytes | None) -> tuple[bytes, bool]:
        """Return the file that a task makes of a file, and whether it is painted and not copied.

        `beside` is the photograph whose label map the file may be.
        """
        if task.style is None:
            return content, False
        paint, name, options = partial(self._painted, task), task.source, self.options
        lower, maps = name.lower(), None if options.paint_all else task.may_be_map
        if lower.endswith(".dcm"):
            made = painted_dicom(content, name, paint, maps, options.max_bytes)
        elif lower.endswith((".nii", ".nii.gz")):
            made = painted_nifti(content, name, paint, maps, options.max_bytes)
        elif maps is not None and is_map(content, name, maps, beside):
            return content, False
        else:
            made = painted_file(content, name, paint, options.quality)
        return made, made is not content

    def attempt(
        self, task: Task, make: Callable[[], tuple[bytes, bool]]
    ) -> tuple[Row, bytes | None]:
        """Make the file of a task; return its line of the manifest, and the file if there is one.

        What makes it returns it, and whether it is painted. Whatever goes wrong but a full disk,
        the others go on.
        """
        begun, made, error = time.monotonic(), None, ""
        painted = task.style is not None
        try:
            made, painted = make()
        except MemoryError:
            error = "out of memory"
        except Exception as raised:
            if disk_is_full(raised):
                raise
            error = reason_of(raised)
        style = task.style if painted else None
        row = Row(
            path=task.path,
            source=task.source,
            copy=task.copy,
            style="" if style is None else self.styles[style].name,
            style_sha256="" if style is None else self.hashes[style],
            strength=task.strength if painted else 0.0,
            seed=task.seed,
            split=split_of(task.source, self.options.splits),
            bytes=len(made or b""),
            sha256=hashlib.sha256(made).hexdigest() if made is not None else "",
            status="failed" if made is None else "painted" if painted else "copied",
            error=error,
            seconds=round(time.monotonic() - begun, 4),
        )
        return row, made

    def _painted(self, task: Task, picture: Picture) -> NDArray[np.float32]:
        assert task.style is not None
        size = picture.size
        factor = max(LEAST_PICTURE / min(size), LEAST_SIZE / max(size))
        if factor > 1:  # painted enlarged, and made small again
            picture = picture.resized(fitted_size(size, round(max(size) * factor + 0.5)))
        nearest = next((each for each in _SIZES if each >= max(size)), _SIZES[-1])
        read = self._one(nearest, task.style)
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
        return kept_network(file) if is_network(file.name) else file
