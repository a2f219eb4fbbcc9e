"""Regions with styles of their own, and what is kept, in one pass."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from impasto import stylize
from impasto.errors import ImageError, SettingsError, WeightsError
from impasto.fast import FastStylizer
from impasto.images import Picture, open_picture
from impasto.settings.methods import METHODS

Array = NDArray[np.uint8]
SMALL: dict[str, Any] = {"method": "fast", "size": 64}
#: Of a picture of 64 pixels: clearly on the left of its middle, and on the right.
LEFT, RIGHT = np.s_[:, :26], np.s_[:, 38:]


@pytest.fixture
def left(tmp_path: Path) -> str:
    """A mask of the left half of the photograph."""
    levels = np.zeros((64, 96), np.uint8)
    levels[:, :48] = 255
    Image.fromarray(levels).save(tmp_path / "left.png")
    return str(tmp_path / "left.png")


def paint(content: Array | Picture, *styles: Array, **options: Any) -> NDArray[np.float32]:  # noqa: ANN401
    return stylize(content, list(styles), **{**SMALL, **options}).pixels


@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row.network])
@pytest.mark.slow
def test_each_style_paints_its_region(
    method: str, photo: Array, painting: Array, left: str
) -> None:
    looks = painting, 255 - painting
    try:
        alone = [paint(photo, look, method=method) for look in looks]
    except WeightsError as error:
        pytest.skip(str(error))
    both = paint(photo, *looks, method=method, masks=(left, "rest"), style_weights=(3, 1))
    np.testing.assert_array_equal(both[LEFT], alone[0][LEFT])
    np.testing.assert_array_equal(both[RIGHT], alone[1][RIGHT])
    # Halfway it is a mixture of both.
    least, most = np.minimum(*alone), np.maximum(*alone)
    assert np.all((both > least - 1e-5) & (both < most + 1e-5))


def test_a_style_without_a_share_leaves_the_photograph(
    photo: Array, painting: Array, left: str
) -> None:
    looks = painting, 255 - painting
    both = paint(photo, *looks, masks=(left, "rest"), style_weights=(1, 0))
    np.testing.assert_array_equal(both[RIGHT], open_picture(photo).resized(64).pixels[RIGHT])


def test_where_masks_overlap_the_shares_count(photo: Array, painting: Array, left: str) -> None:
    looks = painting, 255 - painting
    alone = [paint(photo, look) for look in looks]
    both = paint(photo, *looks, masks=(left, left), style_weights=(3, 1))
    expected = 0.75 * alone[0] + 0.25 * alone[1]
    np.testing.assert_allclose(both[LEFT], expected[LEFT], atol=1e-5)
    np.testing.assert_array_equal(both[RIGHT], open_picture(photo).resized(64).pixels[RIGHT])


@pytest.mark.parametrize("color", ["style", "match"])
def test_the_order_of_styles_makes_no_difference(
    color: str, photo: Array, painting: Array, left: str
) -> None:
    looks = painting, 255 - painting
    one = paint(photo, *looks, masks=(left, "rest"), color=color, strength=0.7)
    other = paint(photo, *looks[::-1], masks=("rest", left), color=color, strength=0.7)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_matched_colors_are_those_of_the_region(photo: Array, painting: Array, left: str) -> None:
    dark = photo.copy()
    dark[:, 48:] //= 4
    made = [paint(dark, painting, masks=masks, color="match") for masks in ((left,), None)]
    lightness = [each[LEFT].mean() for each in made]
    assert lightness[0] > lightness[1] + 0.02


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.slow
def test_what_is_kept_is_the_photograph(
    own: bool, photo: Array, painting: Array, left: str, style_network: Path
) -> None:
    look: dict[str, Any] = {"method": str(style_network)} if own else {}
    styles = [] if own else [painting]
    kept, plain = (paint(photo, *styles, **look, keep=keep) for keep in (left, None))
    np.testing.assert_allclose(kept[LEFT], open_picture(photo).resized(64).pixels[LEFT], atol=1e-6)
    np.testing.assert_allclose(kept[RIGHT], plain[RIGHT], atol=1e-6)


@pytest.mark.slow
def test_faces_are_kept_and_counted(painting: Array) -> None:
    photo = open_picture(skimage.data.astronaut())
    quick: dict[str, Any] = {"keep": "faces", "runtime": "onnxruntime"}
    run = FastStylizer(painting, size=256, **quick).run(photo)
    away = np.abs(run.finish().pixels - photo.resized(256).pixels).mean(-1)
    assert away[50:70, 105:120].mean() < 0.5 * away[150:].mean()
    assert run.notes == ["kept 1 face"]
    stylizer = FastStylizer(painting, size=128, **quick)
    none = stylizer.run(skimage.data.coffee())
    assert none.notes == ["no face was found: nothing is kept"]
    plain = stylizer.changed(keep=None)(skimage.data.coffee())
    np.testing.assert_array_equal(none.finish().pixels, plain.pixels)


def test_wrong_masks_are_told(
    photo: Array, painting: Array, left: str, tmp_path: Path, style_network: Path
) -> None:
    for options, said in (
        ({"masks": (left, left)}, "masks has 2 pictures for 1 style"),
        ({"masks": ("rest",)}, "name a picture for one style"),
        ({"masks": ("none.png",)}, "there is no such picture"),
        ({"keep": "none.png"}, "there is no such picture"),
        ({"method": str(style_network), "masks": (left,)}, "masks does nothing"),
    ):
        with pytest.raises(SettingsError, match=said):
            paint(photo, painting, **options)
    Image.fromarray(np.zeros((90, 40), np.uint8)).save(tmp_path / "tall.png")
    with pytest.raises(ImageError, match="the mask tall has another shape"):
        paint(photo, painting, keep=str(tmp_path / "tall.png"))


def test_a_plan_counts_every_pass(photo: Array, painting: Array, left: str) -> None:
    plans = [
        FastStylizer(looks, **SMALL, masks=masks).run(photo).plan
        for looks, masks in (([painting], None), ([painting, 255 - painting], (left, "rest")))
    ]
    assert [len(plan.stages) for plan in plans] == [1, 2]
    assert plans[1].bytes > plans[0].bytes


def test_strength_and_mixture_change_without_reading_styles(
    photo: Array, painting: Array, left: str
) -> None:
    looks = [painting, 255 - painting]
    made = FastStylizer(looks, **SMALL, masks=(left, left))
    changed = made.changed(strength=0.5, style_weights=(1, 3))
    wanted = FastStylizer(looks, **SMALL, masks=(left, left), strength=0.5, style_weights=(1, 3))
    np.testing.assert_array_equal(changed(photo).pixels, wanted(photo).pixels)


def test_a_recipe_names_the_mask_that_was_used(photo: Array, painting: Array, left: str) -> None:
    run = FastStylizer(painting, **SMALL, keep=left).run(photo)
    next(run)
    used = Path(left).read_bytes()
    Path(left).unlink()
    recipe = run.picture.recipe
    assert recipe is not None
    keep: Any = recipe["keep"]
    assert keep["sha256"] == hashlib.sha256(used).hexdigest()
