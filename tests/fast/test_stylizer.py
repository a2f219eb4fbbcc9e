"""Properties of the fast stylizer, with the bundled network."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from impasto import Settings, stylize
from impasto.errors import ImageError, ImpastoError, SettingsError, WeightsError
from impasto.fast import FastStylizer
from impasto.fast.network import network_for
from impasto.fast.sessions import open_session
from impasto.fast.shot import Shot
from impasto.fast.transfer import coloring, statistics, transferred
from impasto.images import Picture, identify, open_picture
from impasto.runs import EarlierFrame, Reference
from impasto.weights import fetch

Array = NDArray[np.uint8]
SMALL: dict[str, Any] = {"size": 64, "runtime": "onnxruntime"}


def paint(content: Array | Picture, *styles: Array | Picture, **options: Any) -> Picture:  # noqa: ANN401
    return FastStylizer(list(styles), **{**SMALL, **options})(content)


def test_one_pass_gives_a_picture_with_its_recipe(photo: Array, painting: Array) -> None:
    picture = paint(photo, painting)
    assert picture.size == (64, 43)
    assert picture.pixels.dtype == np.float32
    recipe: Any = picture.recipe
    assert [file["name"] for file in recipe["weights"]] == ["any_style.onnx", "style_reader.onnx"]
    assert recipe["settings"]["method"] == "fast"
    assert recipe["settings"]["runtime"] == "onnxruntime"


def test_it_comes_nearer_to_the_style(photo: Array, painting: Array) -> None:
    from impasto.losses import gram_matrix, relative_style_loss
    from impasto.networks import build_encoder
    from impasto.settings.choices import STYLE_LAYERS

    encoder = build_encoder("pocket", STYLE_LAYERS)

    def distance(picture: Picture) -> float:
        import torch

        grams = [
            {
                name: gram_matrix(features)
                for name, features in encoder(
                    torch.from_numpy(each.pixels.copy()).permute(2, 0, 1)[None], STYLE_LAYERS
                ).items()
            }
            for each in (picture, open_picture(painting))
        ]
        return sum(float(relative_style_loss(*(g[n] for g in grams))) for n in STYLE_LAYERS)

    assert distance(paint(photo, painting, size=96)) < 0.7 * distance(open_picture(photo))


def test_strength_goes_from_the_photo_to_the_style(photo: Array, painting: Array) -> None:
    pictures = [paint(photo, painting, strength=s).pixels for s in (0, 0.2, 0.5, 0.8, 1)]
    np.testing.assert_array_equal(pictures[0], open_picture(photo).resized(64).pixels)
    away = [float(np.abs(picture - pictures[0]).mean()) for picture in pictures]
    assert away == sorted(away)
    assert away[1] < 0.5 * away[-1]


def test_any_height_and_width(photo: Array, painting: Array) -> None:
    for height, width in ((61, 43), (8, 64), (17, 63)):
        picture = paint(photo[:height, :width], painting, size=max(height, width))
        assert picture.size == (width, height)
        assert np.isfinite(picture.pixels).all()


def test_where_it_is_padded_does_not_show(painting: Array) -> None:
    flat = np.full((61, 59, 3), 128, np.uint8)
    pixels = paint(flat, painting, size=61).pixels
    middle = np.abs(pixels[16:-16, 16:-16] - pixels[16:-16, 16:-16].mean((0, 1))).max()
    assert np.abs(pixels - pixels[16:-16, 16:-16].mean((0, 1))).max() < middle + 0.15


def test_weights_mix_styles(photo: Array, painting: Array) -> None:
    other = np.ascontiguousarray(photo[::-1, ::-1])
    first, second = paint(photo, painting).pixels, paint(photo, other).pixels
    only = paint(photo, painting, other, style_weights=(1, 0)).pixels
    np.testing.assert_allclose(only, first, atol=1e-5)
    half = paint(photo, painting, other).pixels
    apart = np.abs(first - second).mean()
    assert np.abs(half - first).mean() < apart
    assert np.abs(half - second).mean() < apart


def test_colors_can_stay_the_contents(photo: Array, painting: Array) -> None:
    content = open_picture(photo).resized(64).pixels
    kept = paint(photo, painting, color="content").pixels
    change = kept - content
    inside = (kept > 0.01) & (kept < 0.99)
    spread = np.where(inside.all(-1, keepdims=True), change - change.mean(-1, keepdims=True), 0)
    assert np.abs(spread).max() < 1e-5
    matched = paint(photo, painting, color="match").pixels
    style = paint(photo, painting).pixels
    mean = content.mean((0, 1))
    assert np.abs(matched.mean((0, 1)) - mean).sum() < np.abs(style.mean((0, 1)) - mean).sum()


def test_an_amount_of_colors_is_a_mixture(photo: Array, painting: Array) -> None:
    none, half, all_ = (
        paint(photo, painting, color="content", color_amount=amount).pixels
        for amount in (0, 0.5, 1)
    )
    np.testing.assert_array_equal(none, paint(photo, painting).pixels)
    inside = ((all_ > 0.01) & (all_ < 0.99)).all(-1)
    np.testing.assert_allclose(half[inside], ((none + all_) / 2)[inside], atol=0.02)


def test_styles_can_be_turned_and_repeated(photo: Array, painting: Array) -> None:
    turned = paint(
        photo,
        np.ascontiguousarray(np.rot90(painting)),
    ).pixels
    np.testing.assert_allclose(paint(photo, painting, style_turn=90).pixels, turned, atol=1e-5)
    repeated = paint(photo, painting, style_tiles=2).pixels
    assert np.abs(repeated - paint(photo, painting).pixels).mean() > 0.003


def test_transparency_stays(photo: Array, painting: Array) -> None:
    alpha = np.zeros(photo.shape[:2], np.float32)
    alpha[10:50, 10:80] = 1
    content = replace(open_picture(photo), alpha=alpha)
    picture = paint(content, painting)
    expected = content.resized(64).alpha
    assert picture.alpha is not None
    assert expected is not None
    np.testing.assert_array_equal(picture.alpha, expected)


def test_one_stylizer_serves_many_threads(photo: Array, painting: Array) -> None:
    stylizer = FastStylizer(painting, **SMALL)
    contents = [np.roll(photo, shift, 1) for shift in range(8)]
    alone = [stylizer(content).pixels for content in contents]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(stylizer, contents))
    for picture, expected in zip(together, alone, strict=True):
        np.testing.assert_allclose(picture.pixels, expected, atol=1e-6)


@pytest.mark.slow
def test_the_runtimes_agree(photo: Array, painting: Array) -> None:
    pytest.importorskip("openvino")
    first = paint(photo, painting, size=96).pixels
    second = paint(photo, painting, size=96, runtime="openvino").pixels
    assert np.abs(first - second).mean() < 0.02  # bfloat16, where the processor has it


def test_by_name_it_is_the_same(photo: Array, painting: Array) -> None:
    named = stylize(photo, painting, method="fast", **SMALL)
    np.testing.assert_array_equal(named.pixels, paint(photo, painting).pixels)


@pytest.mark.slow
def test_it_never_imports_torch(files: tuple[Path, Path], tmp_path: Path) -> None:
    command = f"['impasto', 'stylize', {str(files[0])!r}, {str(files[1])!r}, '--method', 'fast'"
    code = (
        f"import sys\nsys.argv = {command}, '--size', '64', '-o', 'out.png']\n"
        "from impasto.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    assert open_picture(tmp_path / "out.png").size == (64, 43)


@pytest.mark.parametrize("option", [{"steps": 5}, {"content_weight": 1}, {"init": "noise"}])
def test_what_it_would_ignore_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="does nothing with method fast"):
        Settings(method="fast", **option)
    for method, ignored in (
        ("optimize", {"level_strengths": (1, 1, 1, 1, 0)}),
        ("optimize", {"runtime": "openvino"}),
        ("fast", {"encoder": "vgg19"}),
        ("fast+optimize", {"init": "noise"}),
    ):
        options: dict[str, Any] = {"method": method, **ignored}
        with pytest.raises(SettingsError, match=re.escape(f"does nothing with method {method}:")):
            Settings(**options)


def test_quality_is_said_over_what_was() -> None:
    best = Settings(quality="good").updated(quality="best")
    assert (best.method, best.encoder, best.quality) == ("optimize", "vgg19", None)
    assert best.updated(quality="draft") == Settings(method="fast")
    with pytest.raises(SettingsError, match="quality means encoder pocket"):
        Settings().updated(quality="good", encoder="vgg19")
    with pytest.raises(SettingsError, match="quality must be one of"):
        Settings().updated(quality="fine")  # type: ignore[arg-type]


def test_features_get_the_statistics_of_a_style() -> None:
    random = np.random.default_rng(0)
    content, style = (random.normal(size=(1, 5, side, 30)).astype(np.float32) for side in (40, 50))
    style[0, 1:] += 0.7 * style[0, :-1] + 0.3
    wanted = statistics(style)
    own, style_coloring = statistics(content), coloring(wanted)
    found = statistics(transferred(content, own, style_coloring))
    np.testing.assert_allclose(found.mean, wanted.mean, atol=1e-4)
    # Little is added to either, so that the smallest variances are not quite the same.
    np.testing.assert_allclose(found.matrix, wanted.matrix, atol=0.05)
    nothing = transferred(content, own, style_coloring, strength=0)
    np.testing.assert_array_equal(nothing, content)


@pytest.mark.slow
def test_a_network_of_ones_own(photo: Array, painting: Array, tmp_path: Path) -> None:
    for path in map(fetch, ("any-style", "style-reader")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    picture = paint(photo, painting, weights=tmp_path / "any_style.onnx")
    np.testing.assert_array_equal(picture.pixels, paint(photo, painting).pixels)
    recipe: Any = picture.recipe
    assert recipe["settings"]["weights"] == "any_style.onnx"
    with pytest.raises(WeightsError, match="does not exist"):
        paint(photo, painting, weights=tmp_path / "other.onnx")


@pytest.mark.slow
def test_too_large_is_refused_before_the_work(
    photo: Array, painting: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.fast.network.free_memory", lambda: 1e9)
    with pytest.raises(ImpastoError, match=r"needs about .* GB of memory .* try size"):
        paint(photo, painting, size=8000)


def test_bad_input_is_one_clear_line(photo: Array, painting: Array, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="too small"):
        paint(photo[:1, :1], painting)
    with pytest.raises(SettingsError, match="at least one style"):
        FastStylizer([])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    for runtime in ("onnxruntime", "openvino"):
        if runtime == "openvino":
            pytest.importorskip("openvino")
        with pytest.raises(WeightsError, match="cannot be read as a network"):
            open_session(broken, runtime)


def test_the_network_is_small() -> None:
    network = network_for(Settings(method="fast"))
    assert {file["name"] for file in network.named} == {"any_style.onnx", "style_reader.onnx"}
    assert sum(fetch(name).stat().st_size for name in ("any-style", "style-reader")) < 10e6


def test_frames_of_a_shot_share_statistics(photo: Array, painting: Array) -> None:
    stylizer = FastStylizer(painting, size=64, runtime="onnxruntime", device="cpu")
    network, code = stylizer.network, stylizer._mixtures[0].code
    first, darker = open_picture(photo), open_picture((photo * 0.8).astype(np.uint8))
    alone, shot = stylizer.paint(darker), Shot()
    np.testing.assert_array_equal(network.paint(first, code, 1, shot), stylizer.paint(first))
    # What is a little darker stays so, where each for itself would have the painting's brightness.
    assert network.paint(darker, code, 1, shot).mean() < 0.97 * alone.mean()
    # What is quite another picture is taken as it is.
    black = open_picture(np.full_like(photo, 3))
    fading = Shot()
    network.paint(black, code, 1, fading)
    assert np.abs(network.paint(first, code, 1, fading) - stylizer.paint(first)).mean() < 0.02
    again = Shot(shot.kept)
    np.testing.assert_array_equal(
        network.paint(first, code, 1, again), network.paint(first, code, 1, shot)
    )


def test_a_frame_agrees_with_the_one_before(photo: Array, painting: Array) -> None:
    """Colors matched to the content are those of the shot's first frame, in whatever mixture."""
    options: dict[str, Any] = {"size": 96, "runtime": "onnxruntime", "device": "cpu"}
    stylizer = FastStylizer([painting, 255 - painting], **options, color="match")
    frames = [open_picture(photo).resized((96, 64)), open_picture(photo // 2).resized((96, 64))]
    begun = stylizer.run(frames[0], reference=Reference())
    np.testing.assert_array_equal(begun.pixels, stylizer.run(frames[0]).pixels)
    still = np.zeros((64, 96, 2), np.float32)
    before = EarlierFrame(begun.pixels, still, np.zeros((64, 96), np.float32))
    reference = Reference({1: before}, begun.carried, 0.5)
    mixed = stylizer.changed(style_weights=(1, 3))
    found = mixed.run(frames[1], reference=reference)
    assert np.abs(found.pixels - mixed.run(frames[1]).pixels).mean() > 0.02
    assert np.array_equal(found.carried["first"], frames[0].pixels)


def test_strength_and_mixture_can_change_without_reading_styles_anew(
    photo: Array, painting: Array
) -> None:
    options: dict[str, Any] = {"size": 64, "runtime": "onnxruntime", "device": "cpu"}
    other = 255 - painting
    content = open_picture(photo)
    first = FastStylizer([painting, other], **options, style_weights=(1, 0))
    wanted = FastStylizer([painting, other], **options, style_weights=(1, 3), strength=0.7)
    changed = first.changed(strength=0.7, style_weights=(1, 3))
    np.testing.assert_allclose(changed.paint(content), wanted.paint(content), atol=1e-5)
    assert first.settings.strength == 1
    matching = FastStylizer([painting, other], **options, style_weights=(1, 0), color="match")
    alone = FastStylizer([painting, other], **options, style_weights=(1, 3), color="match")
    again = matching.changed(style_weights=(1, 3))
    np.testing.assert_allclose(again.paint(content), alone.paint(content), atol=1e-5)
    with pytest.raises(SettingsError):
        first.changed(strength=2)
    with pytest.raises(SettingsError):
        first.changed(style_weights=(1, 2, 3))


def test_recipes_know_styles_by_what_was_given(
    photo: Array, painting: Array, files: tuple[Path, Path]
) -> None:
    """Not by how large they were read."""
    large = np.tile(painting, (4, 4, 1))
    hashes = set()
    for size in (64, 128):
        recipe: Any = paint(photo, large, size=size).recipe
        hashes.add(recipe["styles"][0]["sha256"])
    assert hashes == {identify(large).sha256}
    opened: Any = paint(photo, open_picture(files[1]), size=64).recipe
    assert opened["styles"][0] == identify(files[1])._asdict()


def test_another_size_reads_the_styles_again(photo: Array, painting: Array) -> None:
    options: dict[str, Any] = {"runtime": "onnxruntime", "device": "cpu"}
    large = np.tile(painting, (4, 4, 1))
    small, whole = (FastStylizer(large, **options, size=size) for size in (64, 192))
    again = small.changed(size=192)(photo)
    np.testing.assert_array_equal(again.pixels, whole(photo).pixels)
    assert small.at_size(192)(photo).size == again.size
    assert np.abs(small.at_size(192)(photo).pixels - again.pixels).max() > 0.01


def test_a_mixture_changes_in_the_middle_of_a_shot(photo: Array, painting: Array) -> None:
    options: dict[str, Any] = {"size": 96, "runtime": "onnxruntime", "device": "cpu"}
    styles, frame = [painting, 255 - painting], open_picture(photo).resized((96, 64))
    stylizer = FastStylizer(styles, **options, color="match", style_weights=(1, 0))
    first = stylizer.run(frame, reference=Reference()).pixels
    changed = stylizer.changed(style_weights=(0, 1)).run(frame, reference=Reference()).pixels
    other = FastStylizer(styles, **options, color="match", style_weights=(0, 1))
    np.testing.assert_array_equal(changed, other.run(frame, reference=Reference()).pixels)
    assert np.abs(changed - first).mean() > 0.02
    still = EarlierFrame(first, np.zeros((64, 96, 2), np.float32), np.ones((64, 96), np.float32))
    assert stylizer.run(frame, reference=Reference({1: still})).pixels.shape == first.shape


def test_a_network_of_one_style_takes_no_style(style_network: Path, painting: Array) -> None:
    with pytest.raises(SettingsError, match="has its style within"):
        FastStylizer(painting, method=str(style_network))
