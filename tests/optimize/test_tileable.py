"""Results that repeat without a seam."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from impasto import SettingsError, stylizer
from impasto.images import periodic
from impasto.networks import POCKET_LAYERS, build_encoder
from impasto.optimize.tiles import TiledEncoder

LAYERS = tuple(POCKET_LAYERS)


def seams(pixels: NDArray[np.generic]) -> tuple[float, float]:
    """Return how much larger differences across the left and upper border are than inside."""
    values = pixels.astype(np.float64)
    across = np.abs(values[:, 0] - values[:, -1]).mean() / np.abs(np.diff(values, axis=1)).mean()
    down = np.abs(values[0] - values[-1]).mean() / np.abs(np.diff(values, axis=0)).mean()
    return float(across), float(down)


def slopes(height: int = 48, width: int = 64) -> NDArray[np.float32]:
    """Return a picture that is bright in one corner and dark in the other, with some noise."""
    rows, columns = np.mgrid[:height, :width]
    ramp = 0.2 + 0.6 * (rows / height + columns / width) / 2
    noise = np.random.default_rng(4).normal(0, 0.03, (height, width, 3))
    pixels: NDArray[np.float32] = (ramp[..., None] + noise).clip(0, 1).astype(np.float32)
    return pixels


@pytest.mark.parametrize("side", [None, 64])
@pytest.mark.slow
def test_a_tileable_picture_is_seen_as_if_it_repeated(side: int | None) -> None:
    image = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    image = F.avg_pool2d(F.pad(image, (2, 2, 2, 2), mode="circular"), 5, 1)
    encoder = TiledEncoder(build_encoder("pocket", LAYERS), (128, 96), side, tileable=True)
    found = encoder.features(image, LAYERS)
    moved = encoder.features(image.roll((16, 32), (2, 3)), LAYERS)
    for name in LAYERS:
        stride = 96 // found[name].shape[2]
        expected = found[name].roll((16 // stride, 32 // stride), (2, 3))
        torch.testing.assert_close(moved[name], expected, rtol=1e-3, atol=1e-3)


def test_the_periodic_component_has_no_seam_and_keeps_mean_and_detail() -> None:
    pixels = slopes()
    repeated = periodic(pixels)
    assert min(seams(pixels)) > 5
    assert max(seams(repeated)) < 1.5
    np.testing.assert_allclose(repeated.mean((0, 1)), pixels.mean((0, 1)), atol=1e-3)
    inner = np.s_[12:-12, 16:-16]
    kept = np.corrcoef(
        np.diff(repeated[inner], axis=1).ravel(), np.diff(pixels[inner], axis=1).ravel()
    )
    assert kept[0, 1] > 0.99


def test_a_picture_that_repeats_stays_as_it_is() -> None:
    wave = np.sin(np.linspace(0, 2 * np.pi, 64, endpoint=False))
    pixels = (0.5 + 0.3 * np.repeat(wave[None, :, None], 48, 0) * np.ones(3)).astype(np.float32)
    np.testing.assert_allclose(periodic(pixels), pixels, atol=0.05)


@pytest.mark.slow
def test_results_repeat_without_a_seam(painting: NDArray[np.uint8]) -> None:
    content = (slopes(120, 160) * 255).astype(np.uint8)
    plain = stylizer(painting, size=160, steps=10)(content)
    repeated = stylizer(painting, size=160, steps=10, tileable=True)(content)
    assert max(seams(np.asarray(repeated))) < 1.6 < min(seams(np.asarray(plain)))


def test_one_pass_cannot(painting: NDArray[np.uint8]) -> None:
    with pytest.raises(SettingsError, match="tileable does nothing with method fast"):
        stylizer(painting, method="fast", tileable=True)
