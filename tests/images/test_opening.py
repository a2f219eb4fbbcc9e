from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps
from tests.images.image_samples import (
    astronaut,
    cmyk_profile,
    decode_png16,
    deep_astronaut,
    encoded,
    wide_gamut_profile,
)

from impasto.images import open_picture
from impasto.images.decoding import head_of


def opened(source: Any, **options: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    return open_picture(source, **options).to_array(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "GIF"])
def test_lossless_formats_come_in_exactly(kind: str) -> None:
    pixels = astronaut()
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(pixels, kind, **options)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(opened(data), expected)
    if kind != "GIF":
        np.testing.assert_array_equal(opened(data), pixels)


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_lossy_formats_come_in_closely(kind: str) -> None:
    difference = opened(encoded(astronaut(), kind, quality=95)).astype(int) - astronaut()
    assert np.abs(difference).mean() < 4


def test_the_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encoded(astronaut(), "PNG"))
    picture = open_picture(path)
    assert picture.name == "really_a_png"
    np.testing.assert_array_equal(picture.to_array(np.uint8), astronaut())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "deep PNG", "deep TIFF"])
def test_pictures_are_turned_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.asarray(
        ImageOps.exif_transpose(Image.open(io.BytesIO(encoded(astronaut(), "PNG", exif=exif))))
    )
    if kind == "deep PNG":
        block = exif.tobytes().removeprefix(b"Exif\x00\x00")
        shallow = encoded(astronaut(), "PNG", exif=exif)
        start = shallow.index(b"eXIf") - 4
        data = imagecodecs.png_encode(astronaut().astype(np.uint16) * 257)
        data = data[:33] + shallow[start : start + 12 + len(block)] + data[33:]
    elif kind == "deep TIFF":
        file = io.BytesIO()
        deep = astronaut().astype(np.uint16) * 257
        tifffile.imwrite(file, deep, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
        data = file.getvalue()
    else:
        options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
        options |= {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
        data = encoded(astronaut(), kind, exif=exif, **options)
    picture = open_picture(data)
    assert head_of(data) == (max(picture.size), False)
    assert picture.bits == (16 if kind.startswith("deep") else 8)
    difference = np.abs(picture.to_array(np.uint8).astype(int) - upright)
    assert difference.max() <= (40 if kind == "JPEG" else 0)
    small = open_picture(data, max_size=48).to_array(np.uint8)
    expected = Image.fromarray(upright).resize(small.shape[1::-1], Image.Resampling.LANCZOS)
    assert np.abs(small.astype(int) - np.asarray(expected)).mean() < 4
    assert difference.mean() < 3


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF", "JPEG"])
def test_an_animation_is_told_by_its_head(kind: str, tmp_path: Path) -> None:
    frames = [Image.fromarray(np.roll(astronaut(), 9 * number, 1)) for number in range(3)]
    one, several = (
        encoded(frames[0], kind, **options)
        for options in ({}, {} if kind == "JPEG" else {"save_all": True, "append_images": frames})
    )
    assert head_of(one) == (96, False)
    assert head_of(several) == (96, kind not in ("TIFF", "JPEG"))  # pages are no animation
    (tmp_path / "several").write_bytes(several)
    assert head_of(str(tmp_path / "several")) == head_of(several)


def test_what_has_no_head_is_left_to_who_decodes_it(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    os.mkfifo(tmp_path / "pipe.png")
    for source in ("none.png", tmp_path / "text.png", tmp_path / "pipe.png", tmp_path, b"", "\0"):
        assert head_of(source) is None


def test_a_profile_is_converted_as_little_cms_does() -> None:
    profile = wide_gamut_profile()
    image = Image.fromarray(astronaut())
    expected = ImageCms.profileToProfile(
        image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert expected is not None
    shallow = opened(encoded(image, "PNG", icc_profile=profile))
    assert np.abs(shallow.astype(int) - np.asarray(expected)).max() <= 1
    assert np.abs(shallow.astype(int) - astronaut()).max() > 10


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_profile_means_the_same_in_16_bits(kind: str) -> None:
    profile = wide_gamut_profile()
    shallow = open_picture(encoded(astronaut(), "PNG", icc_profile=profile))
    deep = astronaut().astype(np.uint16) * 257
    if kind == "PNG":
        plain = imagecodecs.png_encode(deep)
        donor = encoded(astronaut(), "PNG", icc_profile=profile)
        start = donor.index(b"iCCP") - 4
        (length,) = struct.unpack(">I", donor[start : start + 4])
        data = plain[:33] + donor[start : start + 12 + length] + plain[33:]
    else:
        file = io.BytesIO()
        tifffile.imwrite(file, deep, photometric="rgb", iccprofile=profile)
        data = file.getvalue()
    picture = open_picture(data)
    assert picture.bits == 16
    assert np.abs(picture.pixels - shallow.pixels).max() < 1.2 / 255


def test_a_gray_profile_agrees_between_depths() -> None:
    profile = imagecodecs.cms_profile("gray", whitepoint=[0.3127, 0.329, 1.0], gamma=1.8)
    gray = astronaut()[..., 0]
    shallow = open_picture(encoded(gray, "TIFF", icc_profile=profile))
    file = io.BytesIO()
    tifffile.imwrite(file, gray.astype(np.uint16) * 257, iccprofile=profile)
    deep = open_picture(file.getvalue())
    assert np.abs(shallow.pixels - deep.pixels).max() < 3 / 255
    assert np.abs(deep.pixels[..., 0] - gray / 255).max() > 5 / 255


@pytest.mark.parametrize("profile", [b"broken", b"x" * 4000])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    np.testing.assert_array_equal(
        opened(encoded(astronaut(), "PNG", icc_profile=profile)), astronaut()
    )


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind: str) -> None:
    cmyk = Image.fromarray(astronaut()).convert("CMYK")
    options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    difference = opened(encoded(cmyk, kind, **options)).astype(int) - astronaut()
    assert np.abs(difference).max() < 12


def test_cmyk_agrees_between_depths() -> None:
    cmyk = np.asarray(Image.fromarray(astronaut()).convert("CMYK"))
    file = io.BytesIO()
    tifffile.imwrite(file, cmyk.astype(np.uint16) * 257, photometric="separated")
    assert np.abs(opened(file.getvalue()).astype(int) - astronaut()).max() <= 1


def test_a_cmyk_profile_means_the_same_everywhere() -> None:
    profile = cmyk_profile()
    cmyk = np.zeros((64, 64, 4), np.uint8)
    cmyk[:32, :, 0], cmyk[:, :32, 1], cmyk[32:, :, 2] = 200, 100, 60
    image = Image.fromarray(cmyk, "CMYK")
    expected = ImageCms.profileToProfile(
        image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert expected is not None
    deep = io.BytesIO()
    samples = cmyk.astype(np.uint16) * 257
    tifffile.imwrite(deep, samples, photometric="separated", iccprofile=profile)
    files = [encoded(image, kind, icc_profile=profile) for kind in ("JPEG", "TIFF")]
    for data, slack in ((files[0], 6), (files[1], 2), (deep.getvalue(), 2)):
        pixels = opened(data).astype(int)
        assert np.abs(pixels - np.asarray(expected)).max() <= slack
        assert np.abs(pixels - np.asarray(image.convert("RGB"))).max() > 20


def test_lab_is_converted() -> None:
    lab = ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(
        Image.fromarray(astronaut()), ImageCms.createProfile("sRGB"), lab, outputMode="LAB"
    )
    assert image is not None
    difference = np.abs(opened(encoded(image, "TIFF")).astype(int) - astronaut())
    assert difference.mean() < 2


def test_a_palette_keeps_its_transparency() -> None:
    palette = Image.fromarray(astronaut()).quantize(16)
    for kind in ("PNG", "GIF"):
        picture = open_picture(encoded(palette, kind, transparency=3))
        assert picture.alpha is not None
        np.testing.assert_array_equal(picture.alpha == 0, np.asarray(palette) == 3)
        visible = picture.alpha == 1
        expected = np.asarray(palette.convert("RGB"))
        np.testing.assert_array_equal(picture.to_array(np.uint8)[visible][:, :3], expected[visible])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGBA", "P", "YCbCr", "HSV", "RGBa", "La"])
def test_every_mode_of_pillow_opens(mode: str) -> None:
    image = Image.fromarray(astronaut())
    steps = {"RGBa": "RGBA", "La": "LA"}
    image = image.convert(steps.get(mode, mode)).convert(mode)
    picture = open_picture(image)
    assert picture.size == (96, 64)
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA", "RGBa", "La"))
    expected = image.convert(steps.get(mode, mode)).convert("RGB")
    np.testing.assert_array_equal(picture.to_array(np.uint8)[..., :3], np.asarray(expected))


def test_one_bit_files_of_both_polarities() -> None:
    bits = astronaut()[..., 0] > 128
    for photometric in ("minisblack", "miniswhite"):
        file = io.BytesIO()
        tifffile.imwrite(file, bits, photometric=photometric)
        gray = opened(file.getvalue())[..., 0] == 255
        np.testing.assert_array_equal(gray, bits if photometric == "minisblack" else ~bits)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_all_bits(channels: int) -> None:
    deep = np.dstack([deep_astronaut(), deep_astronaut()[::-1, :, 0]])[..., 4 - channels :]
    data = imagecodecs.png_encode(np.ascontiguousarray(np.squeeze(deep)))
    np.testing.assert_array_equal(decode_png16(bytes(data)), deep)
    picture = open_picture(data)
    result = picture.to_array(np.uint16)
    assert picture.bits == 16
    assert (picture.alpha is not None) == (channels in (2, 4))
    np.testing.assert_array_equal(result[..., 0], deep[..., 0])
    np.testing.assert_array_equal(result[..., -1], deep[..., -1])


def test_16_bits_in_pillow_images() -> None:
    gray = deep_astronaut()[..., 0]
    for image in (Image.fromarray(gray), Image.fromarray(gray.astype(np.int32))):
        picture = open_picture(image)
        assert picture.bits == 16
        np.testing.assert_array_equal(picture.to_array(np.uint16)[..., 1], gray)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_heic_and_avif_are_turned_once(kind: str, orientation: int) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.open(io.BytesIO(encoded(astronaut(), "PNG", exif=exif)))
    upright = np.asarray(ImageOps.exif_transpose(image))
    pixels = opened(encoded(astronaut(), kind, exif=exif.tobytes(), quality=95))
    assert pixels.shape == upright.shape
    assert np.abs(pixels.astype(int) - upright).mean() < 4


def test_arrays_of_every_kind() -> None:
    photo = astronaut()
    for array in (photo, photo.astype(np.uint16) * 257, photo / 255, (photo / 255).astype("f4")):
        np.testing.assert_array_equal(opened(array), photo)
    np.testing.assert_array_equal(opened(photo[..., 0])[..., 2], photo[..., 0])
    np.testing.assert_array_equal(opened(photo[..., :1])[..., 2], photo[..., 0])
    rgba = np.dstack([photo, photo[..., 1]])
    np.testing.assert_array_equal(opened(rgba), rgba)
    assert open_picture(np.zeros((1, 1), np.uint8)).size == (1, 1)
    assert open_picture(photo.astype(np.uint16)).bits == 16


@pytest.mark.parametrize("kind", [">u2", "<u2", ">f4", ">f8", "f2"])
def test_arrays_of_any_byte_order(kind: str) -> None:
    array = np.array([[0, 1]]).astype(kind) * (65535 if "u" in kind else 1)
    picture = open_picture(array.astype(kind))
    assert picture.bits == (16 if "u" in kind else 8)
    assert picture.pixels.dtype == np.dtype(np.float32)
    np.testing.assert_array_equal(picture.pixels[..., 0], [[0, 1]])


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 4), (2, 3), (2, 3, 3), (2, 3, 4)])
def test_arrays_stay_the_callers(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, np.float32)
    picture = open_picture(array)
    array[:] = 1
    assert picture.to_array().max() == 0
