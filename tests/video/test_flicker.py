"""The warping error knows flicker from motion."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image
from tests.video.conftest import write_clip

from impasto.errors import ImageError
from impasto.images.animation import write_frames
from impasto.video import flicker
from impasto.video.flicker import FlickerMeter, measured, warping_error
from impasto.video.options import VideoSettings
from impasto.video.pictures import open_reader

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


@pytest.mark.parametrize(
    ("kind", "rate", "alike"),
    [("gif", 60, False), ("gif", 25, True), ("gif", 30, False), ("webp", 100, True)],
)
@pytest.mark.slow
def test_an_animation_is_compared_by_time(
    kind: str, rate: int, alike: bool, tmp_path: Path
) -> None:
    """It lacks frames of a faster clip, and those that are as the one before."""
    steps = [n // 3 if alike else n for n in range(12)]
    times = [600 * n // rate for n in range(12)]
    clip = write_clip(tmp_path / "clip.mp4", [panned(n) for n in steps], times=times)

    def frame(number: int) -> Image.Image:
        return Image.fromarray(panned(steps[number])).quantize(256).convert("RGB")

    ends = [1000 * (n + 1) / rate for n in range(12)]
    animation = tmp_path / f"out.{kind}"
    write_frames(animation, kind, frame, ends, {}, **({"lossless": True} if kind == "webp" else {}))
    with Image.open(animation) as image:
        assert getattr(image, "n_frames", 1) < 12 or not (alike or rate > 50)
    before, after = open_reader(str(clip), 25), open_reader(str(animation), 25)
    for plain, painted in flicker._pairs(before, after, VideoSettings()):
        assert plain is not None
        assert painted is not None
        # Frames that are one step apart differ by more.
        assert np.abs(plain.pixels.astype(float) - painted.pixels).mean() < 6
    assert list(measured(str(clip), str(animation), [1]))
    short = VideoSettings(end=6 / rate)
    with pytest.raises(ImageError, match="not as many frames"):
        list(measured(str(clip), str(animation), [1], video=short))
