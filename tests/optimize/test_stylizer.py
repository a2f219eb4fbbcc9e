"""Properties of whole runs, small and with the bundled encoder."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.images import Picture, open_picture
from impasto.optimize import IterativeStylizer, plan
from impasto.optimize.style_targets import StyleReader
from impasto.runs import State
from impasto.settings import Settings

Array = NDArray[np.uint8]
SMALL: Mapping[str, Any] = {
    "size": 64,
    "min_size": 32,
    "precision": "float32",
    "steps": (3, 2),
}


class Step:
    """A state, and the picture as it stood then."""

    def __init__(self, state: State, picture: Picture) -> None:
        self.state, self.picture = state, picture

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.state, name)


def states(content: Array | Picture, style: Array | Picture, **options: Any) -> list[Step]:  # noqa: ANN401
    run = IterativeStylizer(style, **{**SMALL, **options}).run(content)
    return [Step(state, run.picture) for state in run]


def test_states_tell_where_the_run_is(photo: Array, painting: Array) -> None:
    found = states(photo, painting)
    assert [(s.octave, s.step, s.done) for s in found] == [
        (1, 1, 1),
        (1, 2, 2),
        (1, 3, 3),
        (2, 1, 4),
        (2, 2, 5),
    ]
    assert [s.size for s in found] == [(32, 22)] * 3 + [(64, 43)] * 2
    assert {s.steps for s in found} == {(3, 2)}
    assert {(s.octaves, s.planned) for s in found} == {(2, 5)}
    assert all(b.seconds > a.seconds for a, b in pairwise(found))


@pytest.mark.slow
def test_it_gets_closer_to_the_style(photo: Array, painting: Array) -> None:
    found = states(photo, painting, steps=(30,), min_size=64, init="content")
    assert found[-1].loss < 0.6 * found[0].loss
    assert found[-1].style_loss < 0.5 * found[0].style_loss


def test_the_total_is_the_weighted_sum(photo: Array, painting: Array) -> None:
    state = states(photo, painting, content_weight=2, style_weight=3, tv_weight=5)[2]
    parts = 2 * state.content_loss + 3 * state.style_loss + 5 * state.tv_loss
    assert state.loss == pytest.approx(parts, rel=1e-5)


@pytest.mark.usefixtures("two_threads")
def test_the_same_seed_gives_the_same_pixels(photo: Array, painting: Array) -> None:
    first, again, other = (
        states(photo, painting, init="noise", seed=seed)[-1].picture.pixels for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_result_has_the_size_asked_for_and_the_contents_shape(painting: Array) -> None:
    wide = np.full((20, 90, 3), 90, np.uint8)
    assert states(wide, painting, steps=(1,), size=128)[-1].picture.size == (128, 28)


def test_a_run_left_early_is_enlarged_to_full_size(photo: Array, painting: Array) -> None:
    picture = states(photo, painting)[0].picture
    assert picture.size == (64, 43)
    assert picture.recipe is not None
    assert picture.recipe["settings"]["stop_after"] == 1  # type: ignore[index]


@pytest.mark.parametrize("stop", [2, 4])
def test_stop_after_is_leaving_the_loop(photo: Array, painting: Array, stop: int) -> None:
    left = states(photo, painting)[stop - 1].picture
    stopped = states(photo, painting, stop_after=stop)
    assert len(stopped) == stop
    np.testing.assert_array_equal(stopped[-1].picture.pixels, left.pixels)
    assert stopped[-1].picture.recipe == left.recipe


def test_more_steps_begin_like_fewer(photo: Array, painting: Array) -> None:
    few, many = (states(photo, painting, steps=(3, n)) for n in (2, 4))
    np.testing.assert_array_equal(few[-1].picture.pixels, many[4].picture.pixels)


@pytest.mark.parametrize("init", ["content", "matched", "noise", "style"])
def test_starts(photo: Array, painting: Array, init: str) -> None:
    """With a step length of nearly nothing, the result is the start."""
    options = {"init": init, "steps": (1,), "min_size": 64, "learning_rate": 1e-7}
    result = states(photo, painting, **options)[-1].picture.pixels
    style = open_picture(painting).resized((64, 43)).pixels
    content = open_picture(photo).resized((64, 43)).pixels
    near = {"content": content, "style": style}.get(init)
    if near is not None:
        np.testing.assert_allclose(result, near, atol=0.02)
    elif init == "noise":
        assert abs(result.mean() - 0.5) < 0.02
        assert 0.1 < result.std() < 0.2
    else:
        mean = painting.reshape(-1, 3).mean(0) / 255
        np.testing.assert_allclose(result.reshape(-1, 3).mean(0), mean, atol=0.06)


def test_a_file_as_the_start(photo: Array, painting: Array, files: tuple[Path, Path]) -> None:
    options = {"init": str(files[1]), "steps": (1,), "min_size": 64, "learning_rate": 1e-7}
    picture = states(photo, painting, **options)[-1].picture
    style = open_picture(painting).resized((64, 43)).pixels
    np.testing.assert_allclose(picture.pixels, style, atol=0.02)
    assert picture.recipe is not None
    assert picture.recipe["settings"]["init"] == "painting.png"  # type: ignore[index]


def test_color_of_the_content(photo: Array, painting: Array) -> None:
    picture = states(photo, painting, color="content")[-1].picture
    content = open_picture(photo).resized((64, 43)).pixels
    weights = np.array([0.299, 0.587, 0.114])
    chroma, wanted = (p - (p @ weights)[..., None] for p in (picture.pixels, content))
    unclipped = ((picture.pixels > 0) & (picture.pixels < 1)).all(-1)
    assert unclipped.mean() > 0.5
    np.testing.assert_allclose(chroma[unclipped], wanted[unclipped], atol=1e-3)


@pytest.mark.slow
def test_color_match_moves_the_style(photo: Array) -> None:
    red = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    red[..., 1:] //= 6
    steps = {"steps": (25,), "min_size": 64}
    styled = states(photo, red, **steps)[-1].picture.pixels.mean((0, 1))
    matched = states(photo, red, color="match", **steps)[-1].picture.pixels.mean((0, 1))
    content = photo.mean((0, 1)) / 255
    assert np.abs(matched - content).max() < 0.5 * np.abs(styled - content).max()


def test_shares_of_several_styles(photo: Array, painting: Array) -> None:
    other = np.full((64, 64, 3), (200, 30, 30), np.uint8)
    steps = {"steps": (4,), "min_size": 64}
    first = states(photo, painting, **steps)[-1].picture.pixels
    stylizer = IterativeStylizer([painting, other], **{**SMALL, **steps, "style_weights": (1, 0)})
    np.testing.assert_allclose(stylizer(photo).pixels, first, atol=1e-5)
    mixed = IterativeStylizer([painting, other], **{**SMALL, **steps, "style_weights": (1, 1)})
    assert np.abs(mixed(photo).pixels - first).mean() > 0.01


def test_hidden_colors_change_nothing(photo: Array, painting: Array) -> None:
    alpha = np.zeros(photo.shape[:2], np.uint8)
    alpha[:, :50] = 255
    hidden = photo.copy()
    hidden[:, 50:] = np.random.default_rng(0).integers(0, 255, hidden[:, 50:].shape)
    results = [
        states(np.dstack([pixels, alpha]), painting)[-1].picture for pixels in (photo, hidden)
    ]
    np.testing.assert_array_equal(results[0].pixels, results[1].pixels)
    expected = open_picture(np.dstack([photo, alpha])).resized((64, 43)).alpha
    assert expected is not None
    assert results[0].alpha is not None
    np.testing.assert_allclose(results[0].alpha, expected)


def test_transparent_parts_of_a_style_take_no_part(photo: Array, painting: Array) -> None:
    alpha = np.zeros(painting.shape[:2], np.uint8)
    alpha[:40] = 255
    changed = painting.copy()
    changed[40:] = 255
    results = [
        states(photo, np.dstack([pixels, alpha]))[-1].picture.pixels
        for pixels in (painting, changed)
    ]
    np.testing.assert_array_equal(results[0], results[1])


def test_depth_and_exif_of_the_content_come_back(painting: Array) -> None:
    deep = np.random.default_rng(0).integers(0, 65535, (64, 64, 3)).astype(np.uint16)
    assert states(open_picture(deep), painting)[-1].picture.bits == 16
    assert states(open_picture(deep), painting, bits=8)[-1].picture.bits == 8
    kept = replace(open_picture(deep), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    assert states(kept, painting)[-1].picture.exif is None
    assert states(kept, painting, keep_exif=True)[-1].picture.exif is not None


@pytest.mark.slow
def test_gatys_losses_and_the_classic_layers_run(
    photo: Array, painting: Array, random_vgg: Path
) -> None:
    options: dict[str, Any] = {
        "encoder": "vgg19",
        "weights": random_vgg,
        "loss": "gatys",
        "content_layers": "block5_conv2",
        "style_layers": "block1_conv1,block2_conv1,block3_conv1,block4_conv1,block5_conv1",
        "optimizer": "lbfgs",
        "pooling": "average",
        "steps": (15,),
        "min_size": 64,
        "init": "content",
    }
    found = states(photo, painting, **options)
    assert found[-1].style_loss < found[0].style_loss


@pytest.mark.usefixtures("vgg_at_hand")
@pytest.mark.slow
def test_the_last_steps_can_be_vgg19s(photo: Array, painting: Array) -> None:
    found = states(photo, painting, encoder="pocket+vgg19", steps=(3, 2, 6))
    assert [(s.octave, s.octaves, s.size) for s in found[4:6]] == [
        (2, 3, (64, 43)),
        (3, 3, (64, 43)),
    ]
    pocket = states(photo, painting)
    np.testing.assert_array_equal(found[4].image.numpy(), pocket[-1].image.numpy())
    alone = states(photo, painting, encoder="vgg19", steps=(0, 1), init="content")
    # Its own targets: what it asks of the picture is what VGG-19 alone would ask.
    assert found[5].style_loss != pytest.approx(pocket[-1].style_loss, rel=0.01)
    assert found[-1].loss < found[5].loss < 2 * alone[0].loss
    recipe: Any = found[-1].picture.recipe
    names = [file["name"] for file in recipe["weights"]]
    assert names == ["pocket.safetensors", "vgg19.safetensors"]


def test_a_file_of_weights_belongs_to_one_encoder() -> None:
    with pytest.raises(SettingsError, match="weights names one encoder's file"):
        Settings(encoder="pocket+vgg19", weights="file.h5")


def test_content_can_be_held_by_a_layer_that_is_sampled(photo: Array, painting: Array) -> None:
    found = states(photo, painting, content_layers="relu1_1,relu2_1", content_weight=10, steps=8)
    assert found[-1].loss < found[0].loss


@pytest.mark.slow
def test_odd_sizes_are_painted_to_the_last_row(photo: Array, painting: Array) -> None:
    odd = photo[:61, :83]
    options: dict[str, Any] = {"size": 83, "min_size": 83, "steps": 20, "tv_weight": 0}
    found = states(odd, painting, init="noise", **options)
    change = (found[-1].image - found[0].image).abs().mean(1)[0]
    assert change[-1].mean() > 0.3 * change.mean()
    assert change[:, -1].mean() > 0.3 * change.mean()


def test_the_style_can_have_another_size(photo: Array, painting: Array) -> None:
    small, large = (
        states(photo, painting, style_scale=scale)[-1].picture.pixels for scale in (0.5, 2.0)
    )
    assert np.abs(small - large).mean() > 0.005


def test_targets_are_kept_for_the_next_content(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    stylizer = IterativeStylizer(painting, **SMALL)
    first = stylizer(photo)
    monkeypatch.setattr(StyleReader, "_target", None)
    np.testing.assert_array_equal(stylizer(photo).pixels, first.pixels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"styel_weight": 1}, "did you mean 'style_weight'"),
        ({"style_weights": (1, 2)}, "2 numbers for 1 style"),
        ({"style_weights": (0,)}, "must not all be 0"),
        ({"style_layers": "relu9_1"}, "did you mean"),
        ({"steps": (1, 2, 3)}, "3 numbers, but there are 2 octaves"),
    ],
)
def test_wrong_options(
    photo: Array, painting: Array, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        states(photo, painting, **options)


@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (7, 7)])
def test_too_small_pictures(painting: Array, shape: tuple[int, int]) -> None:
    tiny = np.zeros((*shape, 3), np.uint8)
    with pytest.raises(ImageError, match=r"content picture has .* too small"):
        states(tiny, painting)
    with pytest.raises(ImageError, match=r"style picture has .* too small"):
        states(painting, tiny)


def test_too_narrow_pictures(painting: Array) -> None:
    with pytest.raises(ImageError, match="64x6 pixels, which is too narrow"):
        states(np.zeros((10, 100, 3), np.uint8), painting)


def test_narrow_and_small_styles_are_enlarged(photo: Array, painting: Array) -> None:
    strip = painting[:9]
    assert np.isfinite(states(photo, strip)[-1].loss)
    assert np.isfinite(states(photo, painting, style_scale=0.05)[-1].loss)


def test_no_style_at_all(photo: Array) -> None:
    with pytest.raises(SettingsError, match="at least one style"):
        IterativeStylizer([], **SMALL)


def test_losses_out_of_bounds_end_the_run(photo: Array, painting: Array) -> None:
    with pytest.raises(ImpastoError, match="too large: choose smaller weights"):
        states(photo, painting, content_weight=1e300, init="noise")


def test_a_picture_that_cannot_fit_is_refused(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "free_memory", lambda: 4e9)
    with pytest.raises(ImpastoError, match=r"GB are free: try size \d{4}$"):
        states(photo, painting, size=20000)
    with pytest.raises(ImpastoError, match=r"memory is 10MB, but .* takes \d+MB"):
        states(photo, painting, memory="10MB")


def test_flat_pictures_are_no_division_by_zero(painting: Array) -> None:
    black = np.zeros((64, 64, 3), np.uint8)
    for content, style in ((black, painting), (painting, black), (black, black)):
        assert np.isfinite(states(content, style)[-1].picture.pixels).all()


def test_global_random_numbers_are_left_alone(photo: Array, painting: Array) -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    states(photo, painting, init="noise")
    assert torch.equal(torch.rand(3), expected)


def test_settings_can_come_whole(photo: Array, painting: Array) -> None:
    whole = IterativeStylizer(painting, Settings(**SMALL), seed=3)
    assert whole.settings == Settings(**SMALL, seed=3)
    assert whole(photo).size == (64, 43)


@pytest.mark.parametrize("init", ["content", "noise"])
def test_gatys_with_lbfgs_only_descends(init: str, photo: Array, painting: Array) -> None:
    run = IterativeStylizer(
        painting, size=64, min_size=64, loss="gatys", optimizer="lbfgs", init=init, steps=12
    ).run(photo)
    losses = [state.loss for state in run]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.7 * losses[0]
    assert not run.notes


def test_a_learning_rate_that_is_too_high_is_reduced(photo: Array, painting: Array) -> None:
    run = IterativeStylizer(painting, size=64, min_size=64, learning_rate=1e3, steps=12).run(photo)
    losses = [state.loss for state in run]
    assert losses[-1] < losses[0]
    assert ["reduced" in note for note in run.notes] == [True]
    once = run.reader.settings.updated(steps=(1,))
    lone = IterativeStylizer(painting, once).run(photo)
    lone.finish()
    assert ((lone.pixels > 0) & (lone.pixels < 1)).mean() > 0.9  # not noise of black and white


def test_a_weight_that_is_too_large_is_named(photo: Array, painting: Array) -> None:
    stylizer = IterativeStylizer(
        painting, size=64, min_size=64, loss="gatys", style_weight=1e35, steps=2
    )
    with pytest.raises(ImpastoError, match=r"1e\+35.* too large: choose smaller weights"):
        stylizer(photo)
