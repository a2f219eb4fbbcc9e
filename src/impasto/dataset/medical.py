"""Medical pictures: DICOM and NIfTI, painted over the range of values that they have."""

from __future__ import annotations

import gzip
import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.dataset.labels import is_map_volume
from impasto.dataset.limits import MOST, check_bytes
from impasto.dataset.samples import Paint, painted_range
from impasto.errors import ImageError, MissingExtraError

#: Bytes of the header of a NIfTI, and those within which a DICOM says how it is packed.
_NIFTI_HEAD, _DICOM_HEAD = 352, 1024
#: How DICOM says that all after its first part is deflated, and how much smaller that can be.
_DEFLATED, _MOST_DEFLATED = b"1.2.840.10008.1.2.1.99", 1032


def painted_dicom(
    content: bytes, name: str, paint: Paint, maps: bool | None = None, most: int = MOST
) -> bytes:
    """Return a DICOM file whose picture, or each of whose frames, is painted.

    Values stay within the range that they had; headers stay, but that the pixels are not
    compressed any more.

    Args:
        content: Of the file.
        name: What to call it in messages.
        paint: What paints.
        maps: Whether the name says that it may be a label map, which is returned as it is; None:
            label maps are painted too.
        most: Bytes that the pixels may take.

    Raises:
        ImageError: It cannot be read, or has no picture of gray values.
        MissingExtraError: pydicom is not installed.
    """
    dataset, values = _opened_dicom(content, name, most)
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


def _opened_dicom(content: bytes, name: str, most: int) -> tuple[Any, NDArray[Any]]:
    """Return a data set of pydicom, and its pixels."""
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtraError("DICOM", "medical") from error
    try:
        if _DEFLATED in content[:_DICOM_HEAD]:
            check_bytes(len(content) * _MOST_DEFLATED, most, name)
        dataset = pydicom.dcmread(io.BytesIO(content), force=False)
        sides = ("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel")
        count = math.prod(int(dataset.get(side) or 1) for side in sides)
        check_bytes(count * int(dataset.get("BitsAllocated") or 8) // 8, most, name)
        return dataset, dataset.pixel_array
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"{name} cannot be read as DICOM: {error}") from error


def painted_nifti(
    content: bytes, name: str, paint: Paint, maps: bool | None = None, most: int = MOST
) -> bytes:
    """Return a NIfTI file each of whose slices along the last of three axes is painted.

    Its arguments are those of `painted_dicom`.

    Raises:
        ImageError: It cannot be read.
        MissingExtraError: nibabel is not installed.
    """
    try:
        import nibabel
    except ImportError as error:
        raise MissingExtraError("NIfTI", "medical") from error
    packed = content[:2] == b"\x1f\x8b"
    try:
        whole = _unpacked(content, name, most) if packed else content
        volume = nibabel.Nifti1Image.from_bytes(whole)
        values = np.asarray(volume.dataobj)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"{name} cannot be read as NIfTI: {error}") from error
    if values.ndim < 2:
        raise ImageError(f"{name} has no slices")
    if maps is not None and is_map_volume(values, maps):
        return content
    slices = values.reshape(*values.shape[:2], -1)
    painted = np.stack(
        [_painted_values(slices[..., n], paint) for n in range(slices.shape[2])], axis=-1
    )
    made = nibabel.Nifti1Image(painted.reshape(values.shape), volume.affine, volume.header)  # type: ignore[no-untyped-call]
    data: bytes = made.to_bytes()
    # Without a time inside, so that equal volumes are equal files.
    return gzip.compress(data, mtime=0) if packed else data


def _painted_values(values: NDArray[Any], paint: Paint, *, inverted: bool = False) -> NDArray[Any]:
    """Paint (H, W) of any numbers, and return numbers of the same kind and range."""
    # Volumes may hold NaN where nothing was measured: it stays where it is.
    known = np.isfinite(values)
    if not known.any():
        return values
    low = values[known].min()
    if values[known].max() <= low:
        return values
    inside = np.where(known, values, low).astype(np.float64)
    back = painted_range(inside, paint, inverted=inverted)
    if np.issubdtype(values.dtype, np.integer):
        back = back.round()
    return np.where(known, back, values).astype(values.dtype)


def _unpacked(content: bytes, name: str, most: int) -> bytes:
    """Return what gzip has packed, which is no larger than the header of a NIfTI says."""
    with gzip.open(io.BytesIO(content)) as packed:
        head = packed.read(_NIFTI_HEAD)
        length = _nifti_bytes(head)
        check_bytes(length, most, name)
        return head + packed.read(max(0, length - len(head)))


def _nifti_bytes(head: bytes) -> int:
    """Return how long a NIfTI says that it is, in bytes."""
    import nibabel

    volume: Any = nibabel.Nifti1Header.from_fileobj(io.BytesIO(head), check=False)  # type: ignore[no-untyped-call]
    return int(volume["vox_offset"]) + math.prod(
        (*map(int, volume.get_data_shape()), volume.get_data_dtype().itemsize)
    )
