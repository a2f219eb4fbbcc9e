"""Small data sets of many kinds."""

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from tests.cli.conftest import impasto as impasto_here  # noqa: F401

from impasto.dataset import DatasetOptions
from impasto.dataset.engines import Worker
from impasto.dataset.painting import Job, Row
from impasto.dataset.plan import Task
from impasto.fast.sessions import limit_threads
from impasto.gallery import open_style


@pytest.fixture(scope="session")
def styles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("styles")
    names = ("mosaic", "strokes", "waves", "woodcut", "batik")
    return [open_style(name, 96).save(folder / f"style {n}.png") for n, name in enumerate(names)]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes, labels beside the pictures, masks in a folder of their own."""
    folder = tmp_path / "photos"
    for kind, count in (("cat", 6), ("dog", 2)):
        (folder / kind).mkdir(parents=True)
        (folder / "masks" / kind).mkdir(parents=True)
        for number in range(count):
            crop = skimage.data.coffee()[10 * number : 10 * number + 48, 100:164]
            Image.fromarray(crop).save(folder / kind / f"{number}.jpg")
            (folder / kind / f"{number}.txt").write_text(f"0 {number} 1 2 3")
            mask = Image.fromarray((crop[..., 0] > 128).astype(np.uint8))
            mask.save(folder / "masks" / kind / f"{number}.png")
    (folder / "README.md").write_text("a data set")
    return folder


@pytest.fixture
def options() -> DatasetOptions:
    return DatasetOptions(also=("masks",))


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def at_once(job: Job, groups: Iterable[list[Task]], workers: int | None = None) -> Iterator[Row]:
    """An engine in this process, with one thread as all have: their number shows in last bits."""
    limit_threads(1)
    try:
        worker = Worker(job)
        for group in groups:
            yield from worker(group)
    finally:
        limit_threads(0)


def shard(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    return file.getvalue()
