"""The warping error knows flicker from motion."""

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from impasto.errors import ImageError
from impasto.video.flicker import FlickerMeter, warping_error

SIZE = (120, 160)


def panned(number: int) -> NDArray[np.uint8]:
    photo = skimage.data.astronaut()
    return np.ascontiguousarray(photo[100 : 100 + SIZE[0], 60 + 3 * number :][:, : SIZE[1]])


def noisy(frame: NDArray[np.uint8], seed: int, deviation: float) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, deviation, frame.shape)
    return (frame + noise).clip(0, 255).astype(np.uint8)


def test_what_only_moves_does_not_flicker() -> None:
    meter = FlickerMeter()
    assert meter(panned(0), panned(0)) is None
    moved = meter(panned(1), panned(1))
    assert moved is not None
    assert moved.error == moved.original < 0.03
    still = FlickerMeter()
    still(panned(0), panned(0))
    same = still(panned(0), panned(0))
    assert same is not None
    assert same.error < 1e-3


@pytest.mark.parametrize("deviation", [12.0, 25.0])
def test_noise_is_measured(deviation: float) -> None:
    meter = FlickerMeter()
    meter(panned(0), noisy(panned(0), 1, deviation))
    found = meter(panned(0), noisy(panned(0), 2, deviation))
    assert found is not None
    assert found.error == pytest.approx(deviation * 2**0.5 / 255, rel=0.15)
    assert found.heat.shape == SIZE


def test_over_several_frames() -> None:
    meter = FlickerMeter(lag=3)
    results = [meter(panned(i), panned(i)) for i in range(5)]
    assert [each is None for each in results] == [True, True, True, False, False]


def test_what_is_hidden_does_not_count() -> None:
    now, before = np.ones((8, 8, 3), np.float32), np.zeros((8, 8, 3), np.float32)
    seen = np.zeros((8, 8), bool)
    flow = np.zeros((8, 8, 2), np.float32)
    assert np.isnan(warping_error(now, before, flow, seen)[0])
    before[:4] = 1
    seen[:4] = True
    error, heat = warping_error(now, before, flow, seen)
    assert error == 0
    assert not heat.any()


def test_clips_must_be_alike() -> None:
    with pytest.raises(ImageError, match="160x120 and 80x60"):
        FlickerMeter()(panned(0), np.zeros((60, 80, 3), np.uint8))
