"""The drawn styles: their files, and the programs that draw them."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tools.gallery import __main__ as tool
from tools.gallery.__main__ import PROGRAMS

from impasto.errors import ImageError
from impasto.gallery import DRAWINGS, open_style
from impasto.gallery.catalogue import drawing_path
from impasto.images import Picture

opened = cache(open_style)


@cache
def drawn(name: str, size: int, seed: int) -> Picture:
    return PROGRAMS[name](size, seed)


def test_there_is_something_for_every_taste() -> None:
    assert len(DRAWINGS) >= 16
    assert list(DRAWINGS) == sorted(DRAWINGS) == list(PROGRAMS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_follows_its_seed(name: str) -> None:
    first, again, other = drawn(name, 32, 1), PROGRAMS[name](32, 1), drawn(name, 32, 2)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert np.abs(first.pixels - other.pixels).mean() > 0.02


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("size", [32, 49])
def test_a_drawing_has_the_size_asked_for(name: str, size: int) -> None:
    for picture in (drawn(name, size, 1), opened(name, size)):
        assert picture.size == (size, size)
        assert picture.name == name


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_file_is_what_its_program_draws_at_every_size(name: str) -> None:
    file, small = opened(name), drawn(name, 128, 0)
    assert file.size == (1024, 1024)
    assert np.abs(_blurred(small) - _blurred(file)).mean() < 0.02


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_rich(name: str) -> None:
    pixels = opened(name, 128).to_array().reshape(-1, 3)
    assert pixels.std(0).min() > 25
    assert len(np.unique(pixels // 16, axis=0)) > 100


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_texture_all_over(name: str) -> None:
    gray = opened(name, 384).to_array().mean(-1)
    change = np.abs(np.diff(gray, axis=0))[:, :-1] + np.abs(np.diff(gray, axis=1))[:-1]
    parts = [part.mean() for row in np.array_split(change, 3) for part in np.array_split(row, 3, 1)]
    assert min(parts) > 8


def test_no_two_drawings_are_alike() -> None:
    colors = {name: np.sort(_blurred(opened(name, 128)), axis=0) for name in DRAWINGS}
    for name, values in colors.items():
        for other in list(DRAWINGS)[list(DRAWINGS).index(name) + 1 :]:
            assert np.abs(values - colors[other]).mean() > 0.02, (name, other)


@pytest.mark.parametrize("description", DRAWINGS.values())
def test_a_description_is_one_short_line(description: str) -> None:
    assert description.isprintable()
    assert 20 < len(description) < 70
    assert not description.endswith(".")


def test_the_files_are_small() -> None:
    assert sum(drawing_path(name).stat().st_size for name in DRAWINGS) < 5e6
    assert {path.stem for path in drawing_path("mosaic").parent.iterdir()} == set(DRAWINGS)


def test_an_unknown_drawing() -> None:
    with pytest.raises(ImageError, match="no style 'monalisa'"):
        open_style("monalisa")


def test_the_tool_says_which_file_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "SIZE", 64)
    monkeypatch.setattr(tool, "drawing_path", lambda name: tmp_path / f"{name}.avif")
    assert tool.main(["waves"]) == 1
    assert tool.main(["waves", "--write"]) == tool.main(["waves"]) == 0
    assert tool.main(["waves", "-o", str(tmp_path / "w.png"), "--size", "40", "--seed", "1"]) == 0
    (tmp_path / "waves.avif").replace(tmp_path / "tiles.avif")
    assert tool.main(["tiles"]) == 1
    said = capsys.readouterr().out
    assert [line.split(",")[0].rpartition("/")[2] for line in said.splitlines()] == [
        *("waves: differs", "waves: written", "waves: as drawn", "w.png", "tiles: differs")
    ]
    with pytest.raises(SystemExit):
        tool.main(["monalisa"])


def _blurred(picture: Picture) -> NDArray[np.float32]:
    return picture.resized(16).pixels
