from __future__ import annotations

import io
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.images.image_samples import astronaut, photograph

from impasto.errors import ImageError, MissingExtraError, RecipeError
from impasto.images import (
    Picture,
    match_colors,
    open_picture,
    read_recipe,
    save_animation,
)
from impasto.images.animation import schedule
from impasto.images.color import keep_colors

FloatArray = NDArray[np.float32]


def floats(photo: NDArray[np.uint8]) -> FloatArray:
    return photo.astype(np.float32) / np.float32(255)


def test_a_picture_checks_itself() -> None:
    good = np.zeros((4, 5, 3), np.float32)
    picture = Picture(good)
    assert (picture.width, picture.height, picture.size) == (5, 4, (5, 4))
    for bad in (good[..., :2], good[0], good + 2, good * np.float32(np.nan)):
        with pytest.raises(ImageError):
            Picture(bad)
    with pytest.raises(ImageError):
        Picture(good, np.zeros((5, 4), np.float32))
    with pytest.raises(ImageError):
        Picture(good, bits=12)
    with pytest.raises(ImageError):
        picture.to_array(np.int32)


def test_conversions_of_a_picture() -> None:
    picture = open_picture(astronaut())
    np.testing.assert_array_equal(np.asarray(picture.to_pil()), astronaut())
    np.testing.assert_array_equal(picture.to_array(np.uint16), astronaut().astype(np.uint16) * 257)
    copy = picture.to_array(np.float32)
    copy[:] = 0
    np.testing.assert_array_equal(picture.to_array(np.uint8), astronaut())
    with Image.open(io.BytesIO(picture._repr_png_())) as image:
        np.testing.assert_array_equal(np.asarray(image), astronaut())
    assert repr(replace(picture, name="x")) == "<Picture 'x' 96x64, 8 bit>"
    rgba = open_picture(np.dstack([astronaut(), astronaut()[..., 0]]))
    assert rgba.to_pil().mode == "RGBA"


def test_resizing() -> None:
    picture = open_picture(photograph("astronaut") // 2 + 64)
    small = picture.resized(100)
    assert small.size == (100, 100)
    assert picture.resized((40, 30)).size == (40, 30)
    expected = picture.to_pil().resize((100, 100), Image.Resampling.LANCZOS)
    assert np.abs(small.to_array(np.uint8).astype(int) - np.asarray(expected)).max() <= 1
    assert open_picture(astronaut()).resized(48).size == (48, 32)
    assert open_picture(np.zeros((1, 1000), np.uint8)).resized(10).size == (10, 1)
    for bad in (0, (0, 5)):
        with pytest.raises(ImageError):
            picture.resized(bad)


def test_resizing_weighs_colors_by_alpha() -> None:
    rgba = np.zeros((64, 64, 4), np.float32)
    rgba[..., 1] = 1
    rgba[:, 32:] = (1, 0, 0, 1)
    for size in (23, 150):
        small = open_picture(rgba).resized(size)
        assert small.alpha is not None
        assert small.pixels[small.alpha > 0.02][:, 1].max() < 0.02


def test_hidden_colors_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    photo, alpha = floats(astronaut()), np.zeros((64, 96), np.float32)
    alpha[20:50, 30:71] = 1
    alpha[25, 40] = 0.5
    hidden = np.where(alpha[..., None] > 0, photo, rng.random(photo.shape, np.float32))
    first, second = Picture(photo, alpha).filled(), Picture(hidden, alpha).filled()
    np.testing.assert_array_equal(first.pixels, second.pixels)
    assert first.alpha is None
    np.testing.assert_allclose(first.pixels[alpha == 1], photo[alpha == 1], atol=1e-6)
    # A smooth continuation: near the edge close to the edge's color.
    assert np.abs(first.pixels[30:40, 71] - photo[30:40, 70]).mean() < 0.15
    assert np.abs(np.diff(first.pixels[:, :20], axis=1)).max() < 0.1


def test_filling_extremes() -> None:
    photo = floats(astronaut())
    empty = Picture(photo, np.zeros((64, 96), np.float32)).filled()
    assert (empty.pixels == 0.5).all()
    full = Picture(photo, np.ones((64, 96), np.float32)).filled()
    np.testing.assert_allclose(full.pixels, photo, atol=1e-6)
    one = np.zeros((64, 96), np.float32)
    one[63, 95] = 0.01
    spread = Picture(photo, one).filled().pixels
    np.testing.assert_allclose(spread, np.broadcast_to(photo[63, 95], spread.shape), atol=1e-5)


def test_keep_colors_takes_luminance_and_chroma_apart() -> None:
    stylized = floats(photograph("coffee")[:200, :200]) * 0.4 + 0.3
    content = floats(astronaut(200, 200)) * 0.2 + 0.4
    kept = keep_colors(stylized, content)
    weights = np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(kept @ weights, stylized @ weights, atol=1e-5)
    chroma = kept - (kept @ weights)[..., None]
    np.testing.assert_allclose(chroma, content - (content @ weights)[..., None], atol=1e-5)
    assert kept.dtype == np.float32
    assert keep_colors(stylized * 0 + 1, content).max() <= 1
    with pytest.raises(ValueError, match="shapes"):
        keep_colors(stylized, content[:5])


def _moments(pixels: FloatArray) -> tuple[Any, Any]:
    flat = pixels.reshape(-1, 3).astype(np.float64)
    return flat.mean(axis=0), np.cov(flat.T, bias=True)


def test_match_colors_matches_mean_and_covariance() -> None:
    pixels = floats(photograph("coffee")[:200, :200])
    reference = floats(photograph("chelsea")) * 0.3 + 0.35
    mean, covariance = _moments(match_colors(pixels, reference))
    wanted_mean, wanted_covariance = _moments(reference)
    np.testing.assert_allclose(mean, wanted_mean, atol=2e-3)
    scale = np.abs(wanted_covariance).max()
    np.testing.assert_allclose(covariance, wanted_covariance, atol=0.05 * scale)
    np.testing.assert_allclose(match_colors(pixels, pixels), pixels, atol=1e-4)


def test_match_colors_of_gray_constant_and_masked_pictures() -> None:
    reference = floats(photograph("chelsea"))
    gray = np.repeat(floats(astronaut())[..., :1], 3, axis=2)
    constant = np.full((8, 8, 3), 0.2, np.float32)
    for pixels in (gray, constant):
        matched = match_colors(pixels, reference)
        assert np.isfinite(matched).all()
        assert np.abs(matched.mean(axis=(0, 1)) - reference.mean(axis=(0, 1))).max() < 0.05
        assert np.isfinite(match_colors(reference, pixels)).all()
    alpha = np.zeros(reference.shape[:2], np.float32)
    alpha[:50] = 1
    hidden = reference.copy()
    hidden[50:] = 0
    pixels = floats(astronaut())
    masked = match_colors(pixels, reference, reference_alpha=alpha)
    np.testing.assert_allclose(
        masked, match_colors(pixels, hidden, reference_alpha=alpha), atol=1e-6
    )
    np.testing.assert_allclose(masked, match_colors(pixels, reference[:50]), atol=1e-4)
    assert np.isfinite(match_colors(pixels, reference, alpha=np.zeros((64, 96), np.float32))).all()


def _frames() -> list[NDArray[np.uint8]]:
    full = open_picture(astronaut(95, 63))
    return [full.resized(size).resized(full.size).to_array() for size in (24, 48, 95)]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animations_repeat_and_hold_the_last_frame(suffix: str, tmp_path: Path) -> None:
    path = save_animation(_frames(), tmp_path / f"a.{suffix}", fps=12)
    durations = []
    with Image.open(path) as image:
        assert image.size == (95, 63)
        assert image.info["loop"] == 0
        for index in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(index)
            image.load()
            durations.append(image.info["duration"])
        last = np.asarray(image.convert("RGB")).astype(int)
    assert durations[-1] == 1500
    assert sum(durations[:2]) == pytest.approx(2000 / 12, abs=10)
    assert np.abs(last - astronaut(95, 63)).mean() < 8
    again = save_animation(_frames(), path)
    assert again.name == f"a-2.{suffix}"
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animations_keep_their_recipe(suffix: str, tmp_path: Path) -> None:
    recipe = {"impasto": "0", "settings": {"steps": [3, 2], "words": "naïve <&>"}}
    path = save_animation(_frames(), tmp_path / f"a.{suffix}", recipe=recipe)
    assert read_recipe(path) == recipe
    with pytest.raises(RecipeError, match="has no recipe"):
        read_recipe(save_animation(_frames(), tmp_path / f"b.{suffix}"))


def test_video_animation(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = save_animation(_frames(), tmp_path / "a.mp4", fps=10)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 2 + 15
    assert frames[0].shape == (64, 96, 3)
    assert np.abs(frames[-1][:63, :95].astype(int) - astronaut(95, 63)).mean() < 8


def test_video_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r'-m pip install "av>='):
        save_animation(_frames(), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["gif", "webp", "apng"])
def test_animations_keep_transparency(tmp_path: Path, suffix: str) -> None:
    alpha = np.ones((63, 95), np.float32)
    alpha[:, :20] = 0
    pixels = open_picture(astronaut(95, 63)).pixels
    frames = [Picture(pixels * np.float32(part), alpha) for part in (0.2, 0.6, 1)]
    path = save_animation(frames, tmp_path / f"a.{suffix}")
    with Image.open(path) as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
        for number in range(3):
            image.seek(number)
            found = np.asarray(image.convert("RGBA"))[..., 3]
            np.testing.assert_array_equal(found, alpha * 255)


def test_fast_animations_have_the_right_length(tmp_path: Path) -> None:
    pixels = [np.full((16, 16, 3), 4 * number, np.uint8) for number in range(60)]
    for suffix, shortest in (("gif", 20), ("webp", 11), ("apng", 11)):
        path = save_animation(pixels, tmp_path / f"a.{suffix}", fps=100)
        durations = []
        with Image.open(path) as image:
            for number in range(image.n_frames):  # type: ignore[attr-defined]
                image.seek(number)
                image.load()
                durations.append(image.info["duration"])
        assert min(durations) >= shortest
        assert sum(durations) == pytest.approx(590 + 1500, abs=1)


def test_which_frames_are_shown() -> None:
    sixty = schedule([Fraction(1000 * (n + 1), 60) for n in range(30)], "gif")
    assert sum(duration for _, duration in sixty) == 500
    assert [duration for _, duration in sixty] == [20] * 25
    assert schedule([40, 80, 120], "gif") == [(0, 40), (1, 40), (2, 40)]
    assert schedule([1], "gif") == [(0, 20)]
    assert schedule([5, 10, 400], "gif") == [(0, 20), (2, 380)]


def test_bad_animations(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"\.gif, \.webp, \.mp4"):
        save_animation(_frames(), tmp_path / "a.avi")
    source = save_animation(_frames(), tmp_path / "a.gif")
    with pytest.raises(ImageError, match="another name"):
        save_animation(_frames(), source, overwrite=True, protect=[source])
    single = save_animation([astronaut()], tmp_path / "b.gif")
    assert open_picture(single).size == (96, 64)
