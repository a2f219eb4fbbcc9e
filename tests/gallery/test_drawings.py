"""The drawn styles: their files, and the programs that draw them."""

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


def test_there_is_something_for_every_taste() -> None:
    assert len(DRAWINGS) >= 16
    assert list(DRAWINGS) == sorted(DRAWINGS) == list(PROGRAMS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing(name: str) -> None:
    """All that needs one, as to draw and to open it take long."""
    program, file, sized = PROGRAMS[name], open_style(name), open_style(name, 49)
    small, first, again, other = (
        program(*given) for given in ((128, 0), (49, 1), (49, 1), (49, 2))
    )
    # It follows its seed, and has the size asked for.
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert np.abs(first.pixels - other.pixels).mean() > 0.02
    for picture, size in ((small, 128), (first, 49), (sized, 49), (file, 1024)):
        assert picture.size == (size, size)
        assert picture.name == name
    # The file is what the program draws at every size.
    for picture in (small, sized):
        assert np.abs(_blurred(picture) - _blurred(file)).mean() < 0.02
    # It is rich, and has texture all over.
    colors = file.resized(128).to_array().reshape(-1, 3)
    assert colors.std(0).min() > 25
    assert len(np.unique(colors // 16, axis=0)) > 100
    gray = file.resized(384).to_array().mean(-1)
    change = np.abs(np.diff(gray, axis=0))[:, :-1] + np.abs(np.diff(gray, axis=1))[:-1]
    parts = [part.mean() for row in np.array_split(change, 3) for part in np.array_split(row, 3, 1)]
    assert min(parts) > 8


def test_no_two_drawings_are_alike() -> None:
    colors = {name: np.sort(_blurred(open_style(name, 128)), axis=0) for name in DRAWINGS}
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
