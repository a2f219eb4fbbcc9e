"""TIFF of every layout, exactly, and damaged ones in silence."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from tests.images.image_samples import astronaut, deep_astronaut, encoded

from impasto.errors import ImageError
from impasto.images import open_picture


def tiff(samples: NDArray[Any], **options: Any) -> bytes:  # noqa: ANN401
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **options)
    return file.getvalue()


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits", "zstd", "webp"])
@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_8_bits_of_every_compression(compression: str | None, tile: tuple[int, int] | None) -> None:
    photo = astronaut()
    picture = open_picture(tiff(photo, photometric="rgb", compression=compression, tile=tile))
    assert picture.bits == 8
    assert picture.alpha is None
    np.testing.assert_array_equal(picture.to_array(), photo)
    np.testing.assert_array_equal(picture.pixels, open_picture(photo).pixels)


def test_8_bits_of_every_color() -> None:
    photo = astronaut()
    rgba = np.dstack([photo, photo[..., 0]])
    alpha = tiff(rgba, photometric="rgb", extrasamples=["unassalpha"], compression="zlib")
    np.testing.assert_array_equal(open_picture(alpha).to_array(), rgba)
    spare = tiff(rgba, photometric="rgb", extrasamples=["unspecified"], compression="zlib")
    np.testing.assert_array_equal(open_picture(spare).to_array(), photo)
    for photometric, gray in (("minisblack", rgba[..., 0]), ("miniswhite", 255 - rgba[..., 0])):
        data = tiff(gray, photometric=photometric, compression="lzw")
        np.testing.assert_array_equal(open_picture(data).to_array()[..., 1], rgba[..., 0])
    cmyk = np.asarray(Image.fromarray(photo).convert("CMYK"))
    data = tiff(cmyk, photometric="separated", compression="lzw")
    assert np.abs(open_picture(data).to_array().astype(int) - photo).max() <= 1


def test_jpeg_and_palettes_are_left_to_pillow() -> None:
    photo = Image.fromarray(astronaut())
    for image, options in ((photo, {"compression": "jpeg"}), (photo.quantize(16), {})):
        picture = open_picture(encoded(image, "TIFF", **options))
        difference = picture.to_array().astype(int) - np.asarray(image.convert("RGB"))
        assert np.abs(difference).mean() < 6


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_damaged_ones_say_nothing_but_the_error(
    compression: str, mode: str, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = encoded(Image.fromarray(astronaut()).convert(mode), "TIFF", compression=compression)
    middle = len(whole) // 2
    spoiled = whole[:middle] + bytes(range(200)) + whole[middle + 200 :]
    for data in (spoiled, whole[:-100], whole[:middle]):
        with pytest.raises(ImageError):
            open_picture(data)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "lzw", "predictor": True},
        {"compression": "zlib"},
        {"byteorder": ">"},
        {"tile": (32, 32)},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "tile": (16, 16), "compression": "zlib", "byteorder": ">"},
        {"bigtiff": True},
    ],
)
def test_16_bit_tiff_of_every_layout(options: dict[str, Any]) -> None:
    deep = deep_astronaut()
    data = np.moveaxis(deep, -1, 0) if "planarconfig" in options else deep
    file = io.BytesIO()
    tifffile.imwrite(file, data, photometric="rgb", **options)
    picture = open_picture(file.getvalue())
    assert picture.bits == 16
    np.testing.assert_array_equal(picture.to_array(np.uint16), deep)


def test_16_bit_tiff_with_white_as_zero_alpha_and_floats() -> None:
    gray = deep_astronaut()[..., 0]
    file = io.BytesIO()
    tifffile.imwrite(file, gray, photometric="miniswhite")
    np.testing.assert_array_equal(
        open_picture(file.getvalue()).to_array(np.uint16)[..., 0], 65535 - gray
    )
    rgba = np.dstack([deep_astronaut(), gray])
    for kind in ("unassalpha", "assocalpha"):
        file = io.BytesIO()
        stored = rgba.copy()
        if kind == "assocalpha":
            stored[..., :3] = np.round(rgba[..., :3] * (gray / 65535)[..., None])
        tifffile.imwrite(file, stored, photometric="rgb", extrasamples=[kind])
        result = open_picture(file.getvalue()).to_array(np.uint16)
        np.testing.assert_array_equal(result[..., 3], gray)
        bright = gray > 20000
        assert np.abs(result[bright].astype(int) - rgba[bright]).max() <= 3
    file = io.BytesIO()
    floats = (deep_astronaut() / 65535).astype(np.float32)
    tifffile.imwrite(file, floats, photometric="rgb")
    np.testing.assert_array_equal(
        open_picture(file.getvalue()).to_array(np.uint16), deep_astronaut()
    )
