"""From samples to the bytes of a file, the same bytes every time."""

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD
from PIL.PngImagePlugin import PngInfo, putchunk
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from impasto.errors import ImageError
from impasto.images.formats import pillow_format
from impasto.images.metadata import srgb_profile, unchanged_text
from impasto.images.reading import suppress_warnings
from impasto.images.recipe import KEYWORD, Recipe, recipe_json, xmp_packet

OPAQUE = ("JPEG", "BMP")  # the formats without alpha; a picture that has it is laid on white
_OPTIONS: dict[str, dict[str, object]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "WebP": {"quality": 95, "method": 4},
    "AVIF": {"quality": 90, "subsampling": "4:4:4"},
    "HEIC": {"quality": 90, "chroma": 444},
    "BMP": {},
}
_PNG_HEADER = 33  # bytes of the signature and the header chunk of a PNG file
_XMP_TAG = 700
_PLACEHOLDER = 0x7F0F1F2F
_ASCII, _LONG, _BYTE = 2, 4, 1


def encode(samples: NDArray[Any], kind: str, exif: bytes | None, recipe: Recipe) -> bytes:
    """Return the file of a picture, with an sRGB profile wherever the format takes one.

    Samples are (H, W, 3) or, not for `OPAQUE` formats, (H, W, 4); uint8, for PNG and TIFF also
    uint16. BMP holds neither EXIF data nor recipe. What a format cannot hold is an `ImageError`.
    """
    if kind == "PNG":
        return _encode_png(samples, exif, recipe)
    if kind == "TIFF":
        return _encode_tiff(samples, exif, recipe)
    options = dict(_OPTIONS[kind])
    if kind != "BMP":
        options["icc_profile"] = srgb_profile()
        if exif is not None:
            options["exif"] = exif
        if recipe is not None:
            options["xmp"] = xmp_packet(recipe)
    file = io.BytesIO()
    try:
        with suppress_warnings():
            Image.fromarray(samples).save(file, pillow_format(kind), **options)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        size = f"{samples.shape[1]} x {samples.shape[0]}"
        raise ImageError(
            f"{kind} cannot hold this picture of {size} pixels ({error}): save it as PNG"
        ) from error
    return file.getvalue()


def _encode_png(samples: NDArray[Any], exif: bytes | None, recipe: Recipe) -> bytes:
    info = PngInfo()
    info.add(b"iCCP", b"ICC Profile\x00\x00" + zlib.compress(srgb_profile(), 9))
    if exif is not None:
        info.add(b"eXIf", exif.removeprefix(b"Exif\x00\x00"))
    if recipe is not None:
        info.add_itxt(KEYWORD, recipe_json(recipe))
    return png_file(samples, info)


def png_file(samples: NDArray[Any], info: PngInfo) -> bytes:
    """Return a PNG file of samples, with more chunks right after its header."""
    import imagecodecs

    data, file = bytes(imagecodecs.png_encode(np.ascontiguousarray(samples), level=2)), io.BytesIO()
    file.write(data[:_PNG_HEADER])
    for kind, content, *_ in info.chunks:
        putchunk(file, kind, content)
    return file.getvalue() + data[_PNG_HEADER:]


def _encode_tiff(samples: NDArray[Any], exif: bytes | None, recipe: Recipe) -> bytes:
    import tifffile

    block = Image.Exif()
    block.load(exif or b"")
    texts = {tag: unchanged_text(value) for tag, value in block.items() if isinstance(value, str)}
    both = (IFD.Exif, IFD.GPSInfo)
    directories = {tag: content for tag in both if (content := block.get_ifd(tag))}
    tags: list[Any] = [(tag, _ASCII, 0, text.encode(), True) for tag, text in texts.items()]
    # tifffile refuses to write pointers to directories, so neighbors keep their places.
    tags += [(tag - 1, _LONG, 1, _PLACEHOLDER, True) for tag in directories]
    if recipe is not None:
        packet = xmp_packet(recipe)
        tags.append((_XMP_TAG, _BYTE, len(packet), packet, True))
    file = io.BytesIO()
    tifffile.imwrite(
        file,
        samples,
        byteorder="<",
        photometric="rgb",
        extrasamples=["unassalpha"] if samples.shape[2] == 4 else None,
        compression="zlib",
        predictor=True,
        metadata=None,
        software=False,
        iccprofile=srgb_profile(),
        extratags=tags,
    )
    data = bytearray(file.getvalue())
    for tag, content in directories.items():
        _append_directory(data, tag, content)
    return bytes(data)


def _append_directory(data: bytearray, pointer: IFD, content: Mapping[int, object]) -> None:
    """Append a directory of EXIF to a TIFF file, and put the pointer to it where one is kept."""
    directory = ImageFileDirectory_v2(prefix=b"II", group=int(pointer))
    directory.update({tag: unchanged_text(value) for tag, value in content.items()})
    at = data.index(struct.pack("<HHII", pointer - 1, _LONG, 1, _PLACEHOLDER))
    data.extend(b"\x00" * (len(data) % 2))
    struct.pack_into("<HHII", data, at, pointer, _LONG, 1, len(data))
    data.extend(directory.tobytes(len(data)))
