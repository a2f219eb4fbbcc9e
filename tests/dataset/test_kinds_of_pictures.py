"""What a file says of its picture beside the colors stays: the turn, gray, alpha, depth."""

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tests.dataset.test_samples import PHOTO, dicom, file, inverted, same

from impasto.dataset.samples import _encoded, _Kind, painted_dicom, painted_file
from impasto.dataset.stores import MOST
from impasto.errors import ImageError
from impasto.images import Picture, open_picture
from impasto.images.encoding import png_file

DEEP = PHOTO.astype(np.uint16) * 257
GRAY = Image.fromarray(PHOTO).convert("L")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def tiff(pixels: NDArray[np.generic], orientation: int = 1) -> bytes:
    buffer = io.BytesIO()
    color = "rgb" if pixels.ndim == 3 else "minisblack"
    tag = (274, 3, 1, orientation, True)
    tifffile.imwrite(buffer, pixels, photometric=color, extratags=[tag])
    return buffer.getvalue()


def reddened(picture: Picture) -> NDArray[np.float32]:
    return picture.pixels * np.array([1, 0.5, 0], np.float32)


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def deep_png(orientation: int) -> bytes:
    block = exif_of(orientation).tobytes().removeprefix(b"Exif\0\0")
    info = PngInfo()
    info.add(b"eXIf", block)
    return png_file(DEEP, info)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("pixels", [PHOTO, DEEP, DEEP[..., 0]])
def test_a_tiff_lies_as_it_lay(pixels: NDArray[np.generic], orientation: int) -> None:
    made = painted_file(tiff(pixels, orientation), "x", same, 95)
    assert opened(made).getexif().get(274, 1) == orientation
    stored = tifffile.imread(io.BytesIO(made)).astype(int)
    np.testing.assert_allclose(stored, pixels.astype(int), atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_png_of_16_bits_lies_as_it_lay(orientation: int) -> None:
    made = painted_file(deep_png(orientation), "x", same, 95)
    assert opened(made).getexif().get(274, 1) == orientation
    np.testing.assert_allclose(imagecodecs.png_decode(made).astype(int), DEEP.astype(int), atol=1)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_an_avif_lies_as_it_lay(orientation: int) -> None:
    content = file(Image.fromarray(PHOTO), "AVIF", exif=exif_of(orientation), quality=95)
    made = opened(painted_file(content, "x", same, 95))
    assert made.getexif().get(274, 1) == orientation
    assert np.abs(np.asarray(made, float) - PHOTO).mean() < 4


def test_what_cannot_say_how_it_is_turned() -> None:
    with pytest.raises(ImageError, match="x is turned, which GIF cannot say"):
        _encoded(PHOTO, _Kind("GIF", False, 6, {}), "x", 95)


@pytest.mark.parametrize("form", ["AVIF", "GIF", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_stays(form: str, mode: str) -> None:
    image = Image.fromarray(PHOTO).convert(mode)
    cover = np.zeros((60, 90), np.uint8)
    cover[:, 45:] = 255
    image.putalpha(Image.fromarray(cover))
    if form == "GIF":
        image = image.convert("RGBA")
    made = open_picture(painted_file(file(image, form), "x", same, 95))
    assert made.alpha is not None
    np.testing.assert_allclose(made.alpha * 255, cover, atol=3)


def test_gray_of_16_bits_with_alpha() -> None:
    values = np.dstack([DEEP[..., 0], np.full((60, 90), 9999, np.uint16)])
    made = painted_file(bytes(imagecodecs.png_encode(values)), "x", inverted, 95)
    found = imagecodecs.png_decode(made)
    assert found.shape == (60, 90, 2)
    assert found.dtype == np.uint16
    assert set(found[..., 1].flat) == {9999}


@pytest.mark.parametrize("colors", [256, 16])
@pytest.mark.parametrize("form", ["PNG", "GIF"])
@pytest.mark.parametrize("more", [{}, {"transparency": 3}])
def test_gray_in_a_palette_stays_gray(form: str, colors: int, more: dict[str, int]) -> None:
    content = file(GRAY.quantize(colors), form, **more)
    made = open_picture(painted_file(content, "x", reddened, 95))
    assert np.ptp(made.pixels, axis=2).max() == 0
    assert (made.alpha is not None) == bool(more)
    color = file(Image.fromarray(PHOTO).quantize(colors), form)
    made = open_picture(painted_file(color, "x", same, 95))
    assert np.ptp(made.pixels, axis=2).max() > 0.1


def test_what_cannot_be_written_as_it_was() -> None:
    with pytest.raises(ImageError, match="a is HEIC, which is read only"):
        painted_file(b"\0\0\0\x18ftypheic" + bytes(32), "a", same, 95)
    with pytest.raises(ImageError, match="numbers of 32 bits"):
        painted_file(tiff(PHOTO[..., 0].astype(np.uint32)), "a", same, 95)


def test_dicom_that_was_compressed_is_the_same_each_time() -> None:
    import pydicom
    from pydicom.uid import RLELossless

    made = pydicom.dcmread(io.BytesIO(dicom((DEEP[..., 0] // 20).copy())))
    made.compress(RLELossless, generate_instance_uid=False)
    buffer = io.BytesIO()
    made.save_as(buffer)
    first, second = (painted_dicom(buffer.getvalue(), "x.dcm", same, None, MOST) for _ in range(2))
    assert first == second
    assert pydicom.dcmread(io.BytesIO(first)).SOPInstanceUID == made.SOPInstanceUID
