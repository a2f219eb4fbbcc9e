"""The waist: what composes two engines, and what video asks of all of them."""

import io
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from impasto import Settings, stylize, stylizer
from impasto.fast import FastStylizer
from impasto.fast_then_optimize import FastThenOptimize
from impasto.files import sha256_of
from impasto.images import is_gray
from impasto.images.decoding import decode
from impasto.images.pixels import to_floats
from impasto.optimize import IterativeStylizer
from impasto.runs import EarlierFrame, Reference
from impasto.stylizers import files_of

Array = NDArray[np.uint8]
WARM: dict[str, Any] = {"method": "fast+optimize", "size": 64, "steps": 2, "precision": "float32"}


@pytest.mark.slow
def test_both_halves_change_together(painting: Array) -> None:
    made = FastThenOptimize([painting], Settings(**WARM))
    matched = made.changed(color="match", color_amount=0.5, strength=0.5)
    for half in (matched.fast, matched):
        settings = half.settings
        assert (settings.color, settings.color_amount, settings.strength) == ("match", 0.5, 0.5)
    assert made.at_size(96).fast.settings.size == made.at_size(96).settings.size == 96


@pytest.mark.slow
def test_the_network_paints_when_the_first_step_is_asked_for(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    real = FastStylizer.paint

    def counted(self: FastStylizer, content: Any, *more: Any) -> Any:  # noqa: ANN401
        painted.append(max(content.size))
        return real(self, content, *more)

    monkeypatch.setattr(FastStylizer, "paint", counted)
    run = stylizer(painting, **WARM).run(photo)
    assert painted == []
    first = next(run)
    assert painted == [64]
    saved = run.state_dict()
    whole = run.finish()
    resumed = stylizer(painting, **WARM).run(photo)
    assert first.done == 1
    resumed.load_state_dict(saved)
    assert resumed.finish().size == whole.size
    assert painted == [64]


@pytest.mark.parametrize("init", ["style", "noise", "content", "file"])
def test_frames_follow_those_before_whatever_the_first_started_from(
    init: str, photo: Array, painting: Array, files: tuple[Path, Path]
) -> None:
    chosen = str(files[1]) if init == "file" else init
    options: dict[str, Any] = {"size": 64, "steps": 1, "precision": "float32", "init": chosen}
    made = stylizer(painting, **options)
    first = made.run(photo, reference=Reference())
    pixels = first.pixels
    still = EarlierFrame(
        pixels, np.zeros((*pixels.shape[:2], 2), np.float32), np.ones(pixels.shape[:2], np.float32)
    )
    second = made.run(photo, reference=Reference({1: still}, first.carried))
    assert np.abs(second.pixels - pixels).mean() < 0.05


GRAY: dict[str, dict[str, Any]] = {
    "optimize": {"steps": 3},
    "fast": {},
    "fast+optimize": {"steps": 2},
    "matched": {"steps": 2, "color": "match"},
    "some colors": {"method": "fast", "color": "content", "color_amount": 0.5},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", GRAY)
def test_gray_pictures_give_a_gray_one(case: str, photo: Array, painting: Array) -> None:
    options = {"method": case if "color" not in GRAY[case] else "optimize", **GRAY[case]}
    content, style = _gray(photo), _gray(painting)
    made = stylizer(style, size=64, **options).run(content).finish().to_array()
    assert np.ptp(made, axis=2).max() == 0
    assert made.std() > 10


@pytest.mark.parametrize("method", ["fast", "optimize"])
@pytest.mark.slow
def test_one_picture_with_colors_is_enough(method: str, photo: Array, painting: Array) -> None:
    gray: Array = _gray(photo)
    options: dict[str, Any] = {"method": method, "size": 64}
    options |= {"steps": 2} if method == "optimize" else {}
    both = stylizer([_gray(painting), painting], **options)
    assert np.ptp(both(gray).to_array(), axis=2).max() > 20
    assert np.ptp(stylizer(_gray(painting), **options)(photo).to_array(), axis=2).max() > 5
    of_one = both.changed(style_weights=(1, 0))
    assert np.ptp(of_one(gray).to_array(), axis=2).max() == 0


def test_frames_of_gray_videos_are_gray(photo: Array, painting: Array) -> None:
    made = stylizer(_gray(painting), method="fast", size=64)
    first = made.run(_gray(photo), reference=Reference())
    still, sure = np.zeros((*first.pixels.shape[:2], 2), np.float32), np.ones((43, 64), np.float32)
    earlier = {1: EarlierFrame(first.pixels, still, sure)}
    second = made.run(_gray(photo), reference=Reference(earlier, first.carried))
    for pixels in (first.pixels, second.pixels):
        assert np.ptp(pixels, axis=2).max() < 1e-6


def test_gray_is_gray_within_the_noise_of_jpeg(photo: Array) -> None:
    noise = np.random.default_rng(0).integers(-3, 4, photo.shape)
    noisy = np.clip(_gray(photo).astype(int) + noise, 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(file := io.BytesIO(), "jpeg", quality=75)
    spot, tinted = _gray(photo).copy(), _gray(photo).copy()
    spot[40:43, 50:53] = (200, 30, 30)
    tinted[..., 2] = tinted[..., 2] * 0.9
    for gray in (noisy, np.asarray(Image.open(file)), _gray(photo), _gray(photo)[:5, -5:]):
        assert is_gray(to_floats(gray))
    for colored in (photo, spot, tinted, tinted[:5, -5:]):
        assert not is_gray(to_floats(colored))


def _gray(pixels: Array) -> Array:
    return np.repeat(pixels.mean(2, keepdims=True).astype(np.uint8), 3, axis=2)


@pytest.mark.parametrize("method", ["fast", "optimize", "fast+optimize"])
@pytest.mark.slow
def test_without_a_size_each_content_is_painted_at_its_own(method: str, painting: Array) -> None:
    options: dict[str, Any] = {} if method == "fast" else {"steps": 2, "min_size": 32}
    if method != "optimize":
        options["runtime"] = "onnxruntime"  # it opens networks sooner
    made = stylizer(painting, method=method, **options)
    for shape in ((48, 64, 3), (40, 96, 3), (48, 64, 3)):
        content = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        picture = made(content)
        longest = max(shape)
        assert picture.size == shape[1::-1]
        recipe: dict[str, Any] = dict(picture.recipe or {})
        assert recipe["settings"]["size"] == longest
        assert np.array_equal(picture.pixels, made.changed(size=longest)(content).pixels)


@pytest.mark.slow
def test_the_size_of_a_large_content_has_a_limit_unless_all_is_asked_for(painting: Array) -> None:
    content = np.zeros((32, 1100, 3), np.uint8)
    fast: dict[str, Any] = {"method": "fast", "runtime": "onnxruntime"}
    made = stylizer(painting[:8], **fast)
    assert made(content).size == (1024, 30)
    assert made.changed(size="original")(content).size == (1100, 32)


@pytest.mark.parametrize("size", ["original", None])
@pytest.mark.slow
def test_a_content_of_its_own_size_is_decoded_once(
    size: Literal["original"] | None, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded, real = list[str](), decode

    def counted(data: bytes, max_size: int | None, label: str) -> Any:  # noqa: ANN401
        decoded.append(label)
        return real(data, max_size, label)

    monkeypatch.setattr("impasto.images.opening.decode", counted)
    made = stylize(files[0], files[1], method="fast", size=size)
    assert made.size == (96, 64)
    assert decoded.count(str(files[0])) == 1


def test_another_method_is_another_stylizer(painting: Array) -> None:
    quick = stylizer(painting, method="fast", size=32)
    slow = quick.changed(method="optimize")
    assert isinstance(slow, IterativeStylizer)
    assert isinstance(slow.changed(method="fast"), FastStylizer)
    assert isinstance(slow.changed(quality="draft"), FastStylizer)


def test_what_painting_takes_is_downloaded_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that what was painted after the download is not painted again."""
    file = tmp_path / "vgg19.safetensors"
    file.write_bytes(b"weights")
    monkeypatch.setattr("impasto.stylizers.find", lambda _: None)
    monkeypatch.setattr("impasto.stylizers.fetch", lambda _: file)
    assert files_of(Settings(encoder="vgg19")) == [sha256_of(file)]
