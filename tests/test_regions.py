"""Regions that are found in a photograph, and the styles that are painted there."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from tests.optimize.test_stylizer import SMALL
from tests.video.conftest import SIZE, moving

import impasto
from impasto import composition, litert, regions
from impasto.composition import compose
from impasto.errors import ImageError, MissingExtraError, SettingsError, WeightsError
from impasto.fast import FastStylizer
from impasto.files import sha256_of
from impasto.flow import Motion
from impasto.images import Picture, face_mask, find_faces, open_picture, sized
from impasto.images.masks import Mask
from impasto.settings import Settings
from impasto.video.painting import FrameStylizer

Array = NDArray[np.uint8]
FAST: dict[str, Any] = {
    "size": SIZE[0],
    "runtime": "onnxruntime",
    "device": "cpu",
    "method": "fast",
}


def landscape(size: tuple[int, int] = (240, 160)) -> tuple[Picture, Mask]:
    """A blue sky, darker at the top, above rough ground and a tower; and where the sky is."""
    width, height = size
    random, rows = np.random.default_rng(0), np.arange(height)[:, None]
    pixels = np.empty((height, width, 3), np.float32)
    pixels[:] = np.array([0.3, 0.5, 0.8]) + 0.3 * (rows / height)[..., None] * np.ones(3)
    sky = np.broadcast_to(rows < 0.55 * height, (height, width)).copy()
    sky[height // 5 :, width // 2 : width // 2 + 20] = False
    ground = 0.35 * random.random((height, width, 1)) * np.array([0.8, 1, 0.5])
    pixels[~sky] = ground[~sky]
    return Picture(pixels.clip(0, 1).astype(np.float32)), sky.astype(np.float32)


def left_half(picture: Picture) -> Mask:
    """What a network might find."""
    mask = np.zeros(picture.size[::-1], np.float32)
    mask[:, : picture.width // 2] = 1
    return mask


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person on the left."""
    monkeypatch.setattr(composition, "find_person", left_half)


def test_the_sky_ends_where_it_does() -> None:
    picture, sky = landscape()
    found = regions.find_sky(picture)
    assert np.abs(found - sky).mean() < 0.02
    night = Picture(picture.pixels * np.float32(0.2))
    assert np.abs(regions.find_sky(night) - sky).mean() < 0.05


@pytest.mark.parametrize("upside_down", [False, True])
def test_what_is_no_sky_is_not_taken_for_it(upside_down: bool) -> None:
    if upside_down:
        picture = Picture(np.ascontiguousarray(landscape()[0].pixels[::-1]))
    else:
        picture = open_picture(skimage.data.brick())
    assert regions.find_sky(picture).max() == 0


@pytest.mark.parametrize("size", [(2000, 16), (16, 2000), (16, 16), (500, 2)])
def test_narrow_pictures_have_a_sky_or_none(size: tuple[int, int]) -> None:
    found = regions.find_sky(landscape()[0].resized(size))
    assert found.shape == size[::-1]
    assert np.isfinite(found).all()


def test_a_rough_mask_gets_the_edges_of_the_picture() -> None:
    picture, sky = landscape((480, 320))
    rough = sky[8::16, 8::16]
    found = regions._refined(rough, picture)
    before = np.abs(sized(rough, picture.size) - sky).mean()
    assert np.abs(found - sky).mean() < 0.7 * before


def test_the_network_gets_a_picture_as_it_wants_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[int, NDArray[np.float32]] = {}
    model = SimpleNamespace(
        get_input_details=lambda: [{"index": 3, "shape": np.array([1, 256, 256, 3])}],
        get_output_details=lambda: [{"index": 7}],
        set_tensor=given.__setitem__,
        invoke=lambda: given.update({7: given[3][..., 2:]}),
        get_tensor=given.__getitem__,
        allocate_tensors=lambda: None,
    )
    monkeypatch.setattr(litert, "opened", lambda *_: model)
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(regions, "find_spec", lambda _: spec)
    regions._model.cache_clear()
    blue = np.zeros((90, 160, 3), np.uint8)
    blue[:, 80:, 2] = 255
    with pytest.raises(MissingExtraError, match="finding a person needs more packages"):
        regions.find_person(open_picture(blue))
    (tmp_path / regions._FILE).parent.mkdir(parents=True)
    (tmp_path / regions._FILE).touch()
    with pytest.raises(WeightsError, match="is not the published file"):
        regions.find_person(open_picture(blue))
    monkeypatch.setattr(regions, "_SHA256", sha256_of(tmp_path / regions._FILE))
    found = regions.find_person(open_picture(blue))
    regions._model.cache_clear()
    assert given[3].shape == (1, 256, 256, 3)
    assert found.shape == (90, 160)
    assert found[:, :72].max() < 0.1
    assert found[:, 88:].min() > 0.9


@pytest.mark.skipif(find_spec("mediapipe") is None, reason="the extra person is not installed")
def test_a_person_is_found() -> None:
    found = regions.find_person(open_picture(skimage.data.astronaut()))
    assert found[60:180, 190:260].mean() > 0.95
    assert found[20:200, 300:360].mean() < 0.05
    assert 0.4 < found.mean() < 0.65


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("options", [{**SMALL, "steps": (12, 8)}, {**FAST, "size": 64}])
def test_styles_are_painted_where_things_are_found(photo: Array, options: dict[str, Any]) -> None:
    red, blue = (np.zeros((64, 64, 3), np.uint8) for _ in range(2))
    red[::4, :, 0] = blue[:, ::4, 2] = 255
    settings = Settings(**options, masks=("person", "background"))
    run = impasto.stylizer([red, blue], settings).run(photo)
    for _ in run:
        pass
    left, right = run.pixels[:, :26].mean((0, 1)), run.pixels[:, 38:].mean((0, 1))
    assert left[0] - left[2] > right[0] - right[2] + 0.1
    assert "person: 50 % of the picture" in run.notes
    assert run.picture.recipe is not None
    assert run.picture.recipe["settings"]["masks"] == ["person", "background"]  # type: ignore[index]
    assert "masks" not in run.picture.recipe


@pytest.mark.usefixtures("person")
def test_the_smaller_of_two_regions_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = open_picture(skimage.data.astronaut()).resized((256, 256))
    monkeypatch.setattr(composition, "find_sky", lambda p: left_half(p).T.copy())
    names = ("person", "background", "sky", "face")
    made = compose(Settings(masks=names), picture, 4)
    person, background, sky, face = made.masks
    np.testing.assert_allclose(sum(made.masks), 1, atol=1e-5)
    (found,) = find_faces(picture)
    where = face_mask([found], picture.size) > 0.99
    assert face[where & (left_half(picture) < 1)].min() > 0.4
    assert person[where].max() < 0.3
    assert background[:100, 128:].max() == 0
    assert sky[100, 250] == 1
    assert background[200, 200] == 1
    alone = compose(Settings(masks=("background",)), picture, 1)
    np.testing.assert_array_equal(alone.masks[0], 1 - left_half(picture))


def test_nothing_found_says_what_to_do(painting: Array) -> None:
    ground = landscape()[0].pixels[::-1]
    with pytest.raises(ImageError, match="no sky was found in the picture: draw the region white"):
        impasto.stylize(ground, painting, **{**SMALL, "masks": ("sky",)})
    with pytest.raises(SettingsError, match=r"no such picture, nor a region \(person, back"):
        impasto.stylize(ground, painting, **{**SMALL, "masks": ("persom",)})


@pytest.mark.parametrize("stability", [0.0, 0.9])
def test_regions_of_a_clip_move_along(
    stability: float, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every other frame nothing is found: the region of the frame before holds on."""
    seen: list[int] = []

    def found(picture: Picture) -> Mask:
        seen.append(1)
        return left_half(picture) * np.float32(len(seen) % 2)

    monkeypatch.setattr(composition, "find_person", found)
    stylizer = FastStylizer([painting, 255 - painting], **FAST, masks=("person", "rest"))
    painter = FrameStylizer(stylizer, stability)
    flow = np.full((*SIZE[::-1], 2), (2, 1), np.float32)
    motion = Motion(flow, np.ones(SIZE[::-1], np.float32))
    frames = moving(4)
    made = [painter(f, {1: motion} if n else {}, n / 24) for n, f in enumerate(frames)]
    assert len(seen) == 4
    assert painter.notes["person found"] == (4 if stability else 2)
    assert painter.notes["no person found"] == (0 if stability else 2)
    kept: Callable[[], Any] = painter.kept
    if stability:
        before = kept()["carried person mask"]
        assert 0 < before[:, 30].mean() < 1
    assert all(np.isfinite(each).all() for each in made)
