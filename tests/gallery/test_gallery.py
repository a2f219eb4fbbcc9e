import numpy as np
import pytest

from impasto.errors import SettingsError
from impasto.gallery import DRAWINGS, draw


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_follows_its_seed(name: str) -> None:
    first, again, other = (draw(name, 96, seed).pixels for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.02


@pytest.mark.parametrize("name", DRAWINGS)
@pytest.mark.parametrize("size", [32, 201])
def test_a_drawing_has_the_size_asked_for(name: str, size: int) -> None:
    picture = draw(name, size)
    assert picture.size == (size, size)
    assert picture.name == name


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_the_same_at_every_size(name: str) -> None:
    small, large = draw(name, 128), draw(name, 384).resized(128)
    blurred = [p.resized(16).pixels for p in (small, large)]
    assert np.abs(blurred[0] - blurred[1]).mean() < 0.03


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_rich(name: str) -> None:
    pixels = draw(name, 128).to_array().reshape(-1, 3)
    assert pixels.std(0).min() > 25
    assert len(np.unique(pixels // 16, axis=0)) > 100


def test_an_unknown_drawing() -> None:
    with pytest.raises(SettingsError, match="there are: mosaic, strokes"):
        draw("monalisa")
