from functools import cache

import numpy as np
import pytest

from impasto.errors import SettingsError
from impasto.gallery import DRAWINGS, draw
from impasto.images import Picture

drawn = cache(draw)


def test_there_is_something_for_every_taste() -> None:
    assert len(DRAWINGS) >= 16
    assert list(DRAWINGS) == sorted(DRAWINGS)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_follows_its_seed(name: str) -> None:
    first, again, other = drawn(name, 32, 1), draw(name, 32, 1), draw(name, 32, 2)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert np.abs(first.pixels - other.pixels).mean() > 0.02


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("size", [32, 49])
def test_a_drawing_has_the_size_asked_for(name: str, size: int) -> None:
    picture = drawn(name, size, 1)
    assert picture.size == (size, size)
    assert picture.name == name


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_at_every_size(name: str) -> None:
    small, large = drawn(name, 128), drawn(name, 384).resized(128)
    assert np.abs(_blurred(small) - _blurred(large)).mean() < 0.03


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_rich(name: str) -> None:
    pixels = drawn(name, 128).to_array().reshape(-1, 3)
    assert pixels.std(0).min() > 25
    assert len(np.unique(pixels // 16, axis=0)) > 100


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_texture_all_over(name: str) -> None:
    gray = drawn(name, 384).to_array().mean(-1)
    change = np.abs(np.diff(gray, axis=0))[:, :-1] + np.abs(np.diff(gray, axis=1))[:-1]
    parts = [part.mean() for row in np.array_split(change, 3) for part in np.array_split(row, 3, 1)]
    assert min(parts) > 8


def test_no_two_drawings_are_alike() -> None:
    colors = {name: np.sort(_blurred(drawn(name, 128)), axis=0) for name in DRAWINGS}
    for name, values in colors.items():
        for other in list(DRAWINGS)[list(DRAWINGS).index(name) + 1 :]:
            assert np.abs(values - colors[other]).mean() > 0.02, (name, other)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_description_is_one_short_line(name: str) -> None:
    description = DRAWINGS[name].description
    assert description.isprintable()
    assert 20 < len(description) < 70
    assert not description.endswith(".")


def test_an_unknown_drawing() -> None:
    with pytest.raises(SettingsError, match="there are: batik, circuit"):
        draw("monalisa")


def _blurred(picture: Picture) -> np.ndarray:
    return picture.resized(16).pixels
