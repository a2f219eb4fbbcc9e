"""Medical pictures: DICOM and NIfTI, painted over the range of values that they have.

Both functions take the file, what to call it in messages, what paints, whether the name says that
it may be a label map (which is returned as it is; None: those are painted too), and the bytes that
the pixels may take. A file that cannot be read is an `ImageError`, a library that is not installed
a `MissingExtraError`.
"""

import gzip
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.dataset.labels import is_map_volume
from impasto.dataset.samples import Paint, painted_range
from impasto.dataset.stores import MOST, check_bytes
from impasto.errors import ImageError, MissingExtraError

#: Bytes of the header of a NIfTI, and those within which a DICOM says how it is packed.
_NIFTI_HEAD, _DICOM_HEAD = 352, 1024
#: How DICOM says that all after its first part is deflated, and how much smaller that can be.
_DEFLATED, _MOST_DEFLATED = b"1.2.840.10008.1.2.1.99", 1032


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


def painted_dicom(
    content: bytes, name: str, paint: Paint, maps: bool | None = None, most: int = MOST
) -> bytes:
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


def painted_nifti(
    content: bytes, name: str, paint: Paint, maps: bool | None = None, most: int = MOST
) -> bytes:
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
    low = values[known].min()
    inside = np.where(known, values, low).astype(np.float64)
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
