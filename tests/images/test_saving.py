from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.io
import tifffile
from PIL import Image, ImageCms
from tests.images.image_samples import astronaut, decode_png16, deep_astronaut

from impasto.errors import ImageError, RecipeError
from impasto.images import (
    Picture,
    open_picture,
    output_name,
    read_recipe,
)

SUFFIXES = ("png", "jpg", "jpeg", "jfif", "webp", "tif", "tiff", "bmp", "avif", "heic", "heif")
EXACT = ("png", "tif", "tiff", "bmp")
TAGGED = [(suffix, 8) for suffix in SUFFIXES if suffix != "bmp"] + [("png", 16), ("tif", 16)]
RECIPE = {"b": [1, 2.5, None], "a": {"ü": "Größe ☃ 🎨"}, "trap": ']]> -- <x> &amp; "q" \x01'}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip(suffix: str, tmp_path: Path) -> None:
    picture = open_picture(astronaut())
    path = picture.save(tmp_path / f"a.{suffix}")
    again = open_picture(path)
    assert again.size == picture.size
    difference = np.abs(again.to_array(np.uint8).astype(int) - astronaut())
    if suffix in EXACT:
        assert difference.max() == 0
    assert difference.mean() < 3.5
    assert picture.encode(suffix) == path.read_bytes() == picture.encode(f".{suffix.upper()}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_profile_and_no_exif(suffix: str, tmp_path: Path) -> None:
    open_picture(astronaut()).save(path := tmp_path / f"a.{suffix}")
    with Image.open(path) as image:
        icc, exif = image.info.get("icc_profile"), image.info.get("exif")
    assert not exif
    if suffix == "bmp":
        assert icc is None
    else:
        assert icc is not None
        profile = ImageCms.getOpenProfile(io.BytesIO(icc))
        assert "sRGB" in ImageCms.getProfileDescription(profile)


@pytest.mark.parametrize("suffix", ["png", "webp", "tif", "avif", "heic"])
def test_alpha_is_kept(suffix: str, tmp_path: Path) -> None:
    rgba = np.dstack([astronaut(), astronaut()[..., 0]])
    again = open_picture(open_picture(rgba).save(tmp_path / f"a.{suffix}"))
    assert again.alpha is not None
    assert np.abs(again.alpha - rgba[..., 3] / 255).mean() < 0.02


@pytest.mark.parametrize("suffix", ["jpg", "bmp"])
def test_formats_without_alpha_show_white(suffix: str) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[8:, :, 3] = 255
    again = open_picture(open_picture(pixels).encode(suffix)).to_array(np.uint8)
    assert again[:7].min() > 250
    assert again[9:].max() < 5


def test_jpeg_is_not_subsampled() -> None:
    with Image.open(io.BytesIO(open_picture(astronaut()).encode("jpg"))) as image:
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]


def test_all_16_bit_values_survive(tmp_path: Path) -> None:
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = open_picture(values)
    np.testing.assert_array_equal(picture.to_array(np.uint16)[..., 0], values)
    for suffix in ("png", "tif"):
        again = open_picture(picture.save(tmp_path / f"a.{suffix}"))
        assert again.bits == 16
        np.testing.assert_array_equal(again.to_array(np.uint16)[..., 1], values)
    levels = np.arange(256, dtype=np.uint8)[None]
    np.testing.assert_array_equal(open_picture(levels).to_array(np.uint8)[..., 0], levels)


def test_halves_round_up() -> None:
    halves = ((np.arange(255) + 0.5) / 255).astype(np.float64)[None]
    exact = np.float32(0.5)  # 127.5 of 255
    assert Picture(np.full((1, 1, 3), exact, np.float32)).to_array(np.uint8)[0, 0, 0] == 128
    rounded = open_picture(halves + 1e-6).to_array(np.uint8)[0, :, 0]
    np.testing.assert_array_equal(rounded, np.arange(1, 256))


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_files_read_by_others(channels: int, tmp_path: Path) -> None:
    deep = np.dstack([deep_astronaut(), deep_astronaut()[::-1, :, 0]])[..., :channels]
    picture = replace(open_picture(deep), recipe=RECIPE)
    np.testing.assert_array_equal(decode_png16(picture.encode("png")), deep)
    path = picture.save(tmp_path / "a.tif")
    np.testing.assert_array_equal(tifffile.imread(path), deep)
    np.testing.assert_array_equal(skimage.io.imread(path), deep)
    with Image.open(path) as image:  # another decoder, of eight of the bits
        high = np.asarray(image)
    assert np.abs(high.astype(int) - (deep >> 8)).max() <= 1


def test_depth_follows_the_format(tmp_path: Path) -> None:
    picture = open_picture(deep_astronaut())
    assert open_picture(picture.encode("jpg")).bits == 8
    assert open_picture(picture.encode("png", bits=8)).bits == 8
    assert open_picture(open_picture(astronaut()).encode("tif", bits=16)).bits == 16
    with pytest.raises(ImageError, match="PNG or TIFF"):
        picture.save(tmp_path / "a.jpg", bits=16)
    with pytest.raises(ImageError, match="8 or 16"):
        picture.save(tmp_path / "a.png", bits=12)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.xyz", "a", "a.gif", "png"])
def test_unknown_suffixes_list_the_known(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"\.png.*\.tiff"):
        open_picture(astronaut()).save(tmp_path / name)


def test_too_large_for_the_format() -> None:
    with pytest.raises(ImageError, match="save it as PNG"):
        open_picture(np.zeros((1, 17000), np.uint8)).encode("webp")


def test_existing_files_get_numbered_neighbors(tmp_path: Path) -> None:
    picture, path = open_picture(astronaut()), tmp_path / "photo.png"
    names = [picture.save(path).name for _ in range(3)]
    assert names == ["photo.png", "photo-2.png", "photo-3.png"]
    before = path.read_bytes()
    assert open_picture(astronaut()[::-1]).save(path, overwrite=True) == path
    assert path.read_bytes() != before
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_failure_leaves_nothing_behind(
    overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (existing := tmp_path / "a.png").write_bytes(b"before")

    def fail(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(ImageError, match="free some space") as caught:
        open_picture(astronaut()).save(existing, overwrite=overwrite)
    assert "\n" not in str(caught.value)
    assert existing.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [existing]


def test_bad_places(tmp_path: Path) -> None:
    picture = open_picture(astronaut())
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.png").touch()
    for overwrite in (False, True):
        with pytest.raises(ImageError, match=r"file.png is not a folder"):
            picture.save(tmp_path / "file.png" / "a.png", overwrite=overwrite)
        with pytest.raises(ImageError, match="is a folder"):
            picture.save(tmp_path / "folder.png", overwrite=overwrite)
        for name in ("x" * 300 + ".png", "a\0.png"):
            with pytest.raises(ImageError, match="cannot write"):
                picture.save(tmp_path / name, overwrite=overwrite)
    assert {path.name for path in tmp_path.iterdir()} == {"folder.png", "file.png"}
    assert picture.save(tmp_path / "new" / "one" / "a.png").is_file()


def test_inputs_are_protected(tmp_path: Path) -> None:
    picture = open_picture(astronaut())
    source = picture.save(tmp_path / "in.png")
    before = source.read_bytes()
    (link := tmp_path / "link.png").symlink_to(source)
    for path in (source, link, tmp_path / "." / "in.png"):
        with pytest.raises(ImageError, match="choose another name"):
            picture.save(path, overwrite=True, protect=["-", tmp_path / "none.png", source])
    assert source.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_written_files_have_ordinary_permissions(tmp_path: Path) -> None:
    (plain := tmp_path / "plain").write_bytes(b"")
    written = open_picture(astronaut()).save(tmp_path / "a.png")
    assert written.stat().st_mode == plain.stat().st_mode


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_special_files_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(path := tmp_path / "a.png")
    with pytest.raises(ImageError, match="not a regular file"):
        open_picture(astronaut()).save(path, overwrite=True)
    assert path.is_fifo()


@pytest.mark.parametrize(("suffix", "bits"), TAGGED)
def test_recipes_survive(suffix: str, bits: int, tmp_path: Path) -> None:
    picture = replace(open_picture(astronaut()), recipe=RECIPE)
    path = picture.save(tmp_path / f"a.{suffix}", bits=bits)
    assert read_recipe(path) == RECIPE
    assert read_recipe(path.read_bytes()) == RECIPE
    reordered = replace(picture, recipe=dict(reversed(RECIPE.items())))
    assert reordered.encode(suffix, bits) == path.read_bytes()


def test_recipes_from_json_and_without(tmp_path: Path) -> None:
    (path := tmp_path / "a.json").write_text('\n {"size": 512}')
    assert read_recipe(path) == {"size": 512}
    picture = open_picture(astronaut())
    bad: list[Any] = [tmp_path / "none.png", b"", b"text", b"{broken", b"{" * 100000]
    bad += [picture.encode(suffix) for suffix in ("png", "jpg", "webp", "tif", "bmp", "avif")]
    bad += [picture.encode("webp")[:40], picture.encode("png")[:20]]
    for source in bad:
        with pytest.raises(RecipeError) as caught:
            read_recipe(source)
        assert "\n" not in str(caught.value)
    damaged = replace(picture, recipe=RECIPE).encode("png").replace(b'{"a":', b'{"a";')
    with pytest.raises(RecipeError, match="damaged"):
        read_recipe(damaged)
    with pytest.raises(RecipeError):
        replace(picture, recipe={"x": float("nan")}).encode("png")


@pytest.mark.skipif(os.name == "nt", reason="files with holes")
def test_a_huge_file_without_a_recipe_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "film.mkv").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(RecipeError, match="not a picture"):
        read_recipe(tmp_path / "film.mkv")


def test_output_names() -> None:
    assert output_name("photo", ["painting"]) == "photo-painting"
    assert output_name("photo.jpg", ["a.png", "b"]) == "photo-a-b"
    assert output_name("v1.5", []) == "v1.5"
    assert output_name("-rf ../x:y", ["a/b\\c\n"]) == "rf_.._x_y-a_b_c"
    assert output_name("", ["", "..."]) == "picture"
    assert output_name("", ["wave"]) == "wave"
    assert output_name("größe", ["浮世絵"]) == "größe-浮世絵"
    assert len(output_name("絵" * 300, ["b" * 300]).encode()) <= 160
    assert output_name("\udc80odd", []) == "odd"
