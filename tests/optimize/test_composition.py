"""Regions, what is kept, strength, and styles that are turned and repeated."""

import os
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
import torch
from numpy.typing import NDArray
from PIL import Image
from tests.optimize.test_stylizer import SMALL

import impasto
from impasto import composition
from impasto.composition import compose
from impasto.errors import ImageError, SettingsError
from impasto.fast import stylizer as one_pass
from impasto.images import Picture, face_mask, find_faces, open_mask, open_picture, sized
from impasto.images.rotate_tile import rotated, tiled
from impasto.optimize import IterativeStylizer
from impasto.optimize.schedule import Octave
from impasto.optimize.style_targets import style_amount
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS

Array = NDArray[np.uint8]


def half(path: Path, size: tuple[int, int], left: int, right: int) -> str:
    """Save a mask: one level on the left, another on the right."""
    pixels = np.full((size[1], size[0]), right, np.uint8)
    pixels[:, : size[0] // 2] = left
    Image.fromarray(pixels).save(path)
    return str(path)


def painted(
    content: Array,
    style: Array | list[Array],
    **options: Any,  # noqa: ANN401
) -> NDArray[np.float32]:
    settings = {**SMALL, "steps": (12, 8), **options}
    return impasto.stylize(content, style, **settings).pixels


def test_each_style_stays_in_its_region(photo: Array, tmp_path: Path) -> None:
    red, blue = (np.zeros((64, 64, 3), np.uint8) for _ in range(2))
    red[::4, :, 0] = blue[:, ::4, 2] = 255
    masks = (half(tmp_path / "left.png", (96, 64), 255, 0), "rest")
    pixels = painted(photo, [red, blue], masks=masks)
    left, right = pixels[:, :26].mean((0, 1)), pixels[:, 38:].mean((0, 1))
    assert left[0] > 2 * left[2]
    assert right[2] > 2 * right[0]


def test_what_is_kept_is_the_photograph(photo: Array, painting: Array, tmp_path: Path) -> None:
    keep = half(tmp_path / "keep.png", (96, 64), 255, 0)
    pixels = painted(photo, painting, keep=keep)
    expected = open_picture(photo).resized((64, 43)).pixels
    np.testing.assert_allclose(pixels[:, :28], expected[:, :28], atol=1e-6)
    assert np.abs(pixels[:, 34:] - expected[:, 34:]).mean() > 0.05


@pytest.mark.slow
def test_strength_goes_from_the_photograph_to_the_style(photo: Array, painting: Array) -> None:
    expected = open_picture(photo).resized((64, 43)).pixels
    found = [painted(photo, painting, strength=amount) for amount in (0, 0.3, 0.7, 1)]
    np.testing.assert_array_equal(found[0], expected)
    apart = [float(np.abs(pixels - expected).mean()) for pixels in found]
    assert apart == sorted(apart)
    assert apart[1] < 0.7 * apart[3]


def test_each_step_of_strength_takes_the_same_factor() -> None:
    for encoder, row in ENCODERS.items():
        left = row.remaining_distance
        far = [
            (1 - style_amount(strength, encoder)) ** 2 * (1 - left) + left
            for strength in (0, 0.25, 0.5, 0.75, 1)
        ]
        assert far[0] == 1
        factors = [after / before for before, after in pairwise(far)]
        np.testing.assert_allclose(factors, factors[0])


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("loss", ["gram", "swd", "nnfm", "remd", "nnfm+moments"])
@pytest.mark.slow
def test_strength_means_the_same_for_every_loss(loss: str, photo: Array, painting: Array) -> None:
    """Half of it is about halfway between nearly nothing and all."""
    settings: dict[str, Any] = {"min_size": 64, "steps": 6, "init": "content"}
    made = [
        painted(photo, painting, strength=strength, style_loss=loss, **settings)
        for strength in (0, 0.05, 0.5, 1)
    ]
    little, half, whole = (float(np.abs(each - made[0]).mean()) for each in made[1:])
    assert 0.35 < (half - little) / (whole - little) < 0.8


def test_strength_0_says_how_it_was_made(photo: Array, painting: Array) -> None:
    picture = impasto.stylize(photo, painting, strength=0, size=64)
    assert picture.recipe is not None
    assert picture.recipe["settings"]["strength"] == 0  # type: ignore[index]


@pytest.mark.usefixtures("few_samples")
@pytest.mark.parametrize("loss", ["moments", "w2", "swd", "nnfm", "remd+moments", "histogram"])
@pytest.mark.slow
def test_every_loss_paints(loss: str, photo: Array, painting: Array) -> None:
    states = list(
        IterativeStylizer(
            painting, size=48, min_size=48, steps=6, style_loss=loss, init="content"
        ).run(photo)
    )
    assert states[-1].style_loss < 0.95 * states[0].style_loss


@pytest.mark.slow
def test_likeness_can_be_what_content_is(photo: Array, painting: Array) -> None:
    states = list(
        IterativeStylizer(
            painting,
            size=64,
            min_size=64,
            steps=15,
            init="noise",
            style_weight=0,
            content_loss="self-similarity",
        ).run(photo)
    )
    assert states[-1].content_loss < 0.7 * states[0].content_loss


def test_wrong_masks_are_told(photo: Array, painting: Array, tmp_path: Path) -> None:
    mask = half(tmp_path / "mask.png", (96, 64), 255, 0)
    tall = half(tmp_path / "tall.png", (40, 90), 255, 0)
    for settings, said in (
        ({"masks": (mask, mask)}, "masks has 2 pictures for 1 style"),
        ({"masks": ("rest",)}, "name a picture for one style"),
        ({"masks": ("none.png",)}, "there is no such picture"),
        ({"keep": "none.png"}, "there is no such picture"),
    ):
        with pytest.raises(SettingsError, match=said):
            painted(photo, painting, **settings)
    with pytest.raises(ImageError, match="the mask tall has another shape"):
        painted(photo, painting, keep=tall)
    with pytest.raises(SettingsError, match="style_loss is made of gram, moments"):
        painted(photo, painting, style_loss="w2+wd")


def test_a_mask_can_be_cut_out(tmp_path: Path) -> None:
    pixels = np.zeros((20, 30, 4), np.uint8)
    pixels[:, :10, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "cut.png")
    mask = open_mask(tmp_path / "cut.png", (30, 20))
    assert mask[:, :9].min() == 1
    assert mask[:, 12:].max() == 0


@pytest.mark.parametrize("size", [160, 256, 384, 512, 1000])
@pytest.mark.slow
def test_faces_are_found_where_they_are_at_any_size(size: int) -> None:
    """At some of these sizes the cascade alone takes the shuttle or the flag for a face, too."""
    picture = open_picture(skimage.data.astronaut())
    (face,) = find_faces(picture.resized((size, size)))
    assert 0.1 < face.top < 0.2 < 0.3 < face.left < 0.4
    assert 0.15 < face.width < 0.3
    mask = face_mask([face], picture.size)
    assert mask[60:180, 170:270].mean() > 0.4
    assert mask[300:].max() == 0


@pytest.mark.parametrize("name", ["coffee", "rocket", "chelsea", "brick"])
def test_what_is_no_face_is_not_taken_for_one(name: str) -> None:
    assert find_faces(open_picture(getattr(skimage.data, name)())) == []


@pytest.mark.slow
def test_how_many_faces_are_kept_is_said() -> None:
    settings = Settings(keep="faces")
    found = compose(settings, open_picture(skimage.data.astronaut()), 1)
    assert found.notes == ["kept 1 face"]
    none = compose(settings, open_picture(skimage.data.coffee()), 1)
    assert none.notes == ["no face was found: nothing is kept"]
    assert none.keep is None
    assert not compose(Settings(), open_picture(skimage.data.coffee()), 1).notes


def test_turning() -> None:
    pixels = (np.arange(6 * 4 * 3).reshape(4, 6, 3) / 100).astype(np.float32)
    picture = Picture(pixels)
    np.testing.assert_array_equal(rotated(picture, 90).pixels, np.rot90(pixels))
    np.testing.assert_array_equal(rotated(picture, -180).pixels, pixels[::-1, ::-1])
    flat = rotated(Picture(np.full((60, 90, 3), 0.5, np.float32)), 30).pixels
    np.testing.assert_allclose(flat, 0.5, atol=1e-5)  # no empty corners
    assert flat.shape[1] > flat.shape[0] > 20


def test_repeating_mirrors_every_other() -> None:
    pixels = np.random.default_rng(0).random((4, 6, 3), np.float32)
    whole = tiled(Picture(pixels), 2).pixels
    assert whole.shape == (8, 12, 3)
    np.testing.assert_array_equal(whole[:4, 6:], pixels[:, ::-1])
    np.testing.assert_array_equal(whole[4:, :6], pixels[::-1])


@pytest.mark.slow
def test_color_amount_is_a_mixture(photo: Array, painting: Array) -> None:
    none, some, all_ = (
        painted(photo, painting, color="content", color_amount=amount) for amount in (0, 0.5, 1)
    )
    np.testing.assert_allclose(some, (none + all_) / 2, atol=1e-3)


@pytest.mark.slow
def test_the_fine_style_gives_the_fine_layers(photo: Array, painting: Array) -> None:
    octave = Octave((64, 43), "pocket")
    options: list[dict[str, Any]] = [{}, {"fine_style": "woodcut"}]
    plain, mixed = (
        IterativeStylizer(painting, **SMALL, **more).reader(octave)[0] for more in options
    )
    for name in plain:
        ours, fine = plain[name].gram, mixed[name].gram
        assert ours is not None
        assert fine is not None
        assert torch.equal(ours, fine) == (name[4] >= "3")
    pictures = [painted(photo, painting, **more) for more in options]
    assert np.abs(pictures[0] - pictures[1]).mean() > 0.002


def test_a_mask_given_twice_is_shared(photo: Array, tmp_path: Path) -> None:
    mask = half(tmp_path / "left.png", (96, 64), 255, 0)
    content = open_picture(photo).resized((64, 43))
    found = compose(Settings(masks=(mask, mask)), content, 2)
    np.testing.assert_allclose(np.sum(found.masks, axis=0).max(), 1, atol=1e-6)


def test_a_style_counts_by_what_it_paints(photo: Array, tmp_path: Path) -> None:
    mask = half(tmp_path / "left.png", (96, 64), 255, 0)
    keep = half(tmp_path / "right.png", (96, 64), 0, 255)
    content = open_picture(photo).resized((64, 42))
    alone = compose(Settings(masks=(mask,)), content, 1).style_weights([1.0])
    both = compose(Settings(masks=(mask, "rest")), content, 2).style_weights([0.5, 0.5])
    assert alone == pytest.approx([0.5], abs=0.02)
    assert both == pytest.approx([0.5, 0.5], abs=0.02)
    assert compose(Settings(keep=keep), content, 2).style_weights([0.75, 0.25]) == pytest.approx(
        [0.375, 0.125], abs=0.02
    )
    assert compose(Settings(), content, 1).style_weights([1.0]) == [1.0]


def test_an_opaque_mask_is_its_lightness(tmp_path: Path) -> None:
    pixels = np.zeros((32, 48, 4), np.uint8)
    pixels[..., 3] = 255
    pixels[:, 24:, :3] = 100
    pixels[:, 40:, :3] = 200
    Image.fromarray(pixels).save(tmp_path / "gray.png")
    mask = open_mask(tmp_path / "gray.png", (48, 32))
    np.testing.assert_allclose(mask[0, [0, 30, -1]], [0, 100 / 255, 200 / 255], atol=0.01)


def _shape(low: int, high: int, kind: type = np.uint8) -> NDArray[Any]:
    pixels: NDArray[Any] = np.full((32, 48), low, kind)
    pixels[8:24, 12:36] = high
    return pixels


def _palette(*colors: int) -> Image.Image:
    image = Image.fromarray(_shape(0, 1), "P")
    image.putpalette(colors)
    return image


def _alpha(low: int, high: int, gray: int = 0) -> Image.Image:
    levels = np.full((32, 48), gray, np.uint8)
    return Image.merge("LA", [Image.fromarray(each) for each in (levels, _shape(low, high))])


TWO_LEVELS = {
    "0 and 1": lambda: Image.fromarray(_shape(0, 1)),
    "0 and 128": lambda: Image.fromarray(_shape(0, 128)),
    "1 and 2": lambda: Image.fromarray(_shape(1, 2)),
    "64 and 192": lambda: Image.fromarray(_shape(64, 192)),
    "254 and 255": lambda: Image.fromarray(_shape(254, 255)),
    "one bit": lambda: Image.fromarray(_shape(0, 1, bool)),
    "16 bits, whole": lambda: Image.fromarray(_shape(0, 65535, np.uint16)),
    "16 bits, 0 and 1": lambda: Image.fromarray(_shape(0, 1, np.uint16)),
    "palette": lambda: _palette(0, 0, 0, 1, 1, 1),
    "palette of colors": lambda: _palette(0, 0, 0, 128, 0, 0),
    "color": lambda: Image.fromarray(np.dstack([_shape(0, 3), _shape(0, 2), _shape(9, 9)])),
    "transparency": lambda: _alpha(0, 255),
    "faint transparency": lambda: _alpha(0, 1, 90),
    "white on clear": lambda: _alpha(0, 128, 255),
}


@pytest.mark.parametrize("name", TWO_LEVELS)
@pytest.mark.parametrize("size", [(48, 32), (24, 16), (96, 64)])
def test_a_mask_of_two_values_is_what_it_says(
    name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    TWO_LEVELS[name]().save(tmp_path / "mask.png")
    expected = sized(_shape(0, 1).astype(np.float32), size)
    np.testing.assert_allclose(open_mask(tmp_path / "mask.png", size), expected, atol=0.02)


def test_a_cut_out_photograph_is_its_outline(photo: Array, tmp_path: Path) -> None:
    seen = np.zeros(photo.shape[:2], np.uint8)
    seen[:, 48:] = 255
    Image.fromarray(np.dstack([photo, seen])).save(tmp_path / "cut.png")
    mask = open_mask(tmp_path / "cut.png", (96, 64))
    np.testing.assert_array_equal(mask, seen / 255)


@pytest.mark.parametrize(
    "mask",
    [_shape(0, 0), _shape(3, 3), _shape(0, 0, np.uint16), np.arange(48, dtype=np.uint16)[None] * 5],
)
def test_a_mask_that_does_nothing_is_told(
    mask: NDArray[Any], photo: Array, painting: Array, tmp_path: Path
) -> None:
    path = tmp_path / "night.png"
    Image.fromarray(np.broadcast_to(mask, (32, 48)).copy()).save(path)
    for options in ({"masks": (str(path),)}, {"keep": str(path)}):
        with pytest.raises(ImageError, match="the mask night is black everywhere"):
            painted(photo, painting, **options)


def test_a_mask_of_a_narrow_content_may_be_larger(tmp_path: Path) -> None:
    half(tmp_path / "strip.png", (1000, 60), 255, 0)
    assert open_mask(tmp_path / "strip.png", (150, 9)).shape == (9, 150)
    assert open_mask(tmp_path / "strip.png", (160, 10)).shape == (10, 160)


def test_any_seed_will_do(photo: Array, painting: Array) -> None:
    more: dict[str, Any] = {"style_loss": "swd", "content_loss": "self-similarity"}
    least, greatest = (
        painted(photo, painting, seed=seed, steps=1, size=32, init="noise", **more)
        for seed in (0, 2**63 - 1)
    )
    assert not np.array_equal(least, greatest)


def test_masks_of_a_video_are_read_and_softened_once(
    photo: Array, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = half(tmp_path / "left.png", (96, 64), 255, 0)
    content = open_picture(photo).resized((64, 43))
    softened: list[tuple[int, ...]] = []

    def blurred(mask: NDArray[np.float32], _reach: int) -> NDArray[np.float32]:
        softened.append(mask.shape)
        return mask

    monkeypatch.setattr(composition, "blurred", blurred)
    settings = Settings(masks=(mask, "rest"))
    for _ in range(3):
        found = compose(settings, content, 2)
        found.blended(content.pixels, [content.pixels, content.pixels], [0.5, 0.5])
    assert softened == [(43, 64)] * 2
    half(tmp_path / "left.png", (96, 64), 0, 255)  # it is drawn again
    os.utime(mask, ns=(1, 1))
    np.testing.assert_allclose(compose(settings, content, 2).masks[0], found.masks[1], atol=1e-6)


@pytest.mark.parametrize("regions", [2, 4])
def test_blending_takes_no_more_memory_than_is_said(tmp_path: Path, regions: int) -> None:
    """The picture that the network makes is counted by itself."""
    pixels = np.zeros((400, 600, 3), np.float32)
    names = [half(tmp_path / f"{n}.png", (60, 40), 255, n) for n in range(regions)]
    keep = half(tmp_path / "keep.png", (60, 40), 0, 255)
    tracemalloc.start()
    try:
        content = Picture(pixels)
        found = compose(Settings(masks=tuple(names), keep=keep), content, regions)
        painted = (pixels + 1 for _ in range(regions))
        found.blended(pixels, painted, [1 / regions] * regions)
        taken = tracemalloc.get_traced_memory()[1] / (400 * 600)
    finally:
        tracemalloc.stop()
    said = one_pass._COMPOSED + one_pass._REGION * regions
    assert said / 2 < taken < said + 4
