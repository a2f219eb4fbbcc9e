"""Pictures of data sets: what comes out is what went in, painted: gray stays gray, 16 bits 16.

Those of DICOM and NIfTI are painted over the range of values that they have.
"""

import gzip
import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from impasto.dataset.labels import is_map_volume
from impasto.dataset.stores import check_bytes
from impasto.errors import ImageError, MissingExtraError
from impasto.images import Picture, open_picture
from impasto.images.color import LUMINANCE
from impasto.images.decoding import open_image
from impasto.images.encoding import png_file
from impasto.images.metadata import orientation_of, turn
from impasto.images.pixels import quantize
from impasto.images.reading import check_head, check_pixels, one_clear_error, suppress_warnings

#: (H, W, 3) in [0, 1] -> the same, painted.
Paint = Callable[[Picture], NDArray[np.float32]]
_GRAY = ("1", "L", "LA", "I", "I;16", "I;16B", "F")
#: EXIF orientation -> the one that turns back.
_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
_QUALITY = ("JPEG", "WEBP", "AVIF")
#: What can hold transparency, and what can say how a picture is turned.
_WITH_ALPHA = ("PNG", "WEBP", "TIFF", "AVIF", "GIF")
_TURNED = ("JPEG", "WEBP", "PNG", "TIFF", "AVIF")
_ORIENTATION, _SHORT = 274, 3
#: Of the header of a PNG: what the byte at this place says of gray with alpha.
_PNG_COLORS, _PNG_GRAY_ALPHA = 25, 4


class _Kind(NamedTuple):
    """How a file holds its picture: in Pillow's format, turned by EXIF, with options for saving."""

    form: str
    gray: bool
    orientation: int
    options: dict[str, Any]


def painted_file(content: bytes, name: str, paint: Paint, quality: int) -> bytes:
    """Return a picture's file, painted, in the same format, as large, as deep.

    The pixels stay where they are: a picture that EXIF turns is stored as it was, with the same
    orientation, so that boxes and masks fit as they did. The quality is that of JPEG, WebP, AVIF.
    """
    kind = _kind(content, name)
    picture = open_picture(content)
    if kind.gray and picture.bits == 16:
        # An X-ray of 12 bits in a file of 16 would be black otherwise.
        pixels = painted_range(picture.pixels[..., 0], paint)
    else:
        pixels = paint(picture)
        pixels = pixels @ LUMINANCE if kind.gray else pixels
    samples = quantize(pixels.clip(0, 1), picture.bits)
    if picture.alpha is not None and kind.form in _WITH_ALPHA:
        if kind.form == "GIF" and kind.gray:  # Pillow drops the alpha of gray ones
            samples = np.repeat(samples[..., None], 3, axis=2)
        samples = np.dstack([samples, quantize(picture.alpha, picture.bits)])
    return _encoded(turn(samples, _BACK[kind.orientation]), kind, name, quality)


def _kind(content: bytes, name: str) -> _Kind:
    if check_head(content, name) == "HEIC":  # its decoder turns, and does not say how
        raise ImageError(f"{name} is HEIC, which is read only: save it as JPEG or PNG")
    with one_clear_error(name), open_image(content) as image:
        check_pixels(image.width * image.height, name)
        form = str(image.format)
        options = {"dpi": image.info["dpi"]} if "dpi" in image.info else {}
        # Of cameras: a photograph with a preview behind it.
        form = "JPEG" if form == "MPO" else form
        if form != "JPEG" and getattr(image, "n_frames", 1) > 1:
            raise ImageError(f"{name} holds several pictures: save each in a file of its own")
        if form == "TIFF" and image.mode == "I":
            raise ImageError(f"{name} holds whole numbers of 32 bits: save it with 16")
        # Before it is loaded: Pillow turns a TIFF then, and forgets how it lay.
        orientation = orientation_of(image)
        image.load()
        return _Kind(form, _is_gray(image, content), orientation, options)


def _is_gray(image: Image.Image, content: bytes) -> bool:
    if image.mode == "P":  # so GIF holds gray, and many a PNG
        pixels = np.asarray(image.convert("RGB"))
        return bool((pixels == pixels[..., :1]).all())
    # Pillow takes 16 bits of gray with alpha for colors.
    deep = image.format == "PNG" and content[_PNG_COLORS] == _PNG_GRAY_ALPHA
    return deep or image.mode in _GRAY


def painted_range(values: NDArray[Any], paint: Paint, *, inverted: bool = False) -> NDArray[Any]:
    """Paint gray (H, W) of any floats over the range that they have, and return floats in it."""
    low, high = float(values.min()), float(values.max())
    span = (high - low) or 1 / 65535
    gray = ((values - low) / span).astype(np.float32)
    gray = 1 - gray if inverted else gray
    painted = paint(Picture(np.repeat(gray[..., None], 3, axis=2), bits=16)) @ LUMINANCE
    painted = (1 - painted if inverted else painted).clip(0, 1)
    return low + painted.astype(values.dtype) * span


def _encoded(samples: NDArray[Any], kind: _Kind, name: str, quality: int) -> bytes:
    if kind.orientation != 1 and kind.form not in _TURNED:
        raise ImageError(f"{name} is turned, which {kind.form} cannot say: save it upright")
    exif = Image.Exif()
    exif[_ORIENTATION] = kind.orientation
    if samples.dtype == np.uint16:
        return _encoded_deep(samples, kind, name, exif)
    options = kind.options | ({"quality": quality} if kind.form in _QUALITY else {})
    if kind.orientation != 1:
        options["exif"] = exif
    file = io.BytesIO()
    try:
        with suppress_warnings():
            Image.fromarray(samples).save(file, kind.form, **options)
    except (OSError, ValueError, KeyError) as error:
        raise ImageError(f"{name} is {kind.form}, which cannot be written: {error}") from error
    return file.getvalue()


def _encoded_deep(samples: NDArray[Any], kind: _Kind, name: str, exif: Image.Exif) -> bytes:
    if kind.form == "PNG":
        info = PngInfo()
        if kind.orientation != 1:
            info.add(b"eXIf", exif.tobytes().removeprefix(b"Exif\x00\x00"))
        return png_file(samples, info)
    if kind.form == "TIFF":
        import tifffile

        file = io.BytesIO()
        tags = [(_ORIENTATION, _SHORT, 1, kind.orientation, True)] if kind.orientation != 1 else []
        colors = "rgb" if samples.ndim == 3 else "minisblack"
        plain: dict[str, Any] = {"metadata": None, "software": False, "compression": "zlib"}
        tifffile.imwrite(file, samples, photometric=colors, extratags=tags, **plain)
        return file.getvalue()
    raise ImageError(f"{name} is {kind.form} of 16 bits, which cannot be written: use PNG or TIFF")


#: Bytes of the header of a NIfTI, and those within which a DICOM says how it is packed.
_NIFTI_HEAD, _DICOM_HEAD = 352, 1024
#: How DICOM says that all after its first part is deflated, and how much smaller that can be.
_DEFLATED, _MOST_DEFLATED = b"1.2.840.10008.1.2.1.99", 1032


# Medical pictures. Both functions take the file, what to call it in messages, what paints, whether
# the name says that it may be a label map (which is returned as it is; None: those are painted
# too), and the bytes that the pixels may take. A file that cannot be read is an `ImageError`, a
# library that is not installed a `MissingExtraError`.


@contextmanager
def _reading(name: str, form: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(form, "medical") from error
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"{name} cannot be read as {form}: {error}") from error


def painted_dicom(content: bytes, name: str, paint: Paint, maps: bool | None, most: int) -> bytes:
    """Return a DICOM file whose picture, or each of whose frames, is painted.

    Values stay within the range that they had, and headers stay, but the pixels are not compressed
    any more. Colors, and masks of 1 bit, are an `ImageError`.
    """
    with _reading(name, "DICOM"):
        import pydicom

        if _DEFLATED in content[:_DICOM_HEAD]:
            check_bytes(len(content) * _MOST_DEFLATED, most, name)
        dataset: Any = pydicom.dcmread(io.BytesIO(content), force=False)
        sides = ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel")
        count = math.prod(int(dataset.get(side) or 1) for side in sides)
        check_bytes(count * int(dataset.get("BitsAllocated") or 8) // 8, most, name)
        values = dataset.pixel_array
    if maps is not None and is_map_volume(values, maps):
        return content
    if dataset.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
        raise ImageError(f"{name} is DICOM with colors: save it as PNG first")
    if dataset.BitsAllocated == 1:
        raise ImageError(f"{name} is DICOM of 1 bit, a mask: name its folder to be copied")
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        # It is made anew of the same: with a number by chance it would be another each time.
        dataset.decompress(generate_instance_uid=False)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    frames = values[None] if values.ndim == 2 else values
    painted = np.stack([_painted_values(each, paint, inverted=inverted) for each in frames])
    # Stacked, they have the byte order of the machine, and not of the file.
    dataset.PixelData = painted.reshape(values.shape).astype(values.dtype).tobytes()
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def painted_nifti(content: bytes, name: str, paint: Paint, maps: bool | None, most: int) -> bytes:
    """Return a NIfTI file each of whose slices along the last of three axes is painted."""
    packed = content[:2] == b"\x1f\x8b"
    with _reading(name, "NIfTI"):
        import nibabel

        whole = _unpacked(content, name, most) if packed else content
        volume = nibabel.Nifti1Image.from_bytes(whole)
        values = np.asarray(volume.dataobj)
    if values.ndim < 2:
        raise ImageError(f"{name} has no slices")
    if maps is not None and is_map_volume(values, maps):
        return content
    slices = np.moveaxis(values.reshape(*values.shape[:2], -1), -1, 0)
    painted = np.stack([_painted_values(each, paint) for each in slices], axis=-1)
    made = nibabel.Nifti1Image(painted.reshape(values.shape), volume.affine, volume.header)  # type: ignore[no-untyped-call]
    data: bytes = made.to_bytes()
    # Without a time inside, so that equal volumes are equal files.
    return gzip.compress(data, mtime=0) if packed else data


def _painted_values(values: NDArray[Any], paint: Paint, *, inverted: bool = False) -> NDArray[Any]:
    """Paint (H, W) of any numbers, and return numbers of the same kind and range."""
    # Volumes may hold NaN where nothing was measured: it stays where it is.
    known = np.isfinite(values)
    if not known.any() or np.ptp(values[known]) <= 0:
        return values
    inside = np.where(known, values, values[known].min()).astype(np.float64)
    back = painted_range(inside, paint, inverted=inverted)
    if np.issubdtype(values.dtype, np.integer):
        back = back.round()
    return np.where(known, back, values).astype(values.dtype)


def _unpacked(content: bytes, name: str, most: int) -> bytes:
    """Return what gzip has packed, which is no larger than the header of a NIfTI says."""
    import nibabel

    with gzip.open(io.BytesIO(content)) as packed:
        head = packed.read(_NIFTI_HEAD)
        volume: Any = nibabel.Nifti1Header.from_fileobj(io.BytesIO(head), check=False)  # type: ignore[no-untyped-call]
        size = math.prod((*map(int, volume.get_data_shape()), volume.get_data_dtype().itemsize))
        length = int(volume["vox_offset"]) + size
        check_bytes(length, most, name)
        return head + packed.read(max(0, length - len(head)))
