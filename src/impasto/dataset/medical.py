"""DICOM and NIfTI: slices painted, in the values and with all the headers that they had."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.dataset.samples import Paint, painted_range
from impasto.errors import ImageError, MissingExtraError

_GRAY = ("MONOCHROME1", "MONOCHROME2")


def painted_dicom(content: bytes, name: str, paint: Paint) -> bytes:
    """Return a DICOM file whose picture, or each of whose frames, is painted.

    Values stay within the range that they had; headers stay, but that the pixels are not
    compressed any more.

    Raises:
        ImageError: It cannot be read, or has no picture of gray values.
        MissingExtraError: pydicom is not installed.
    """
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtraError("DICOM", "medical") from error
    try:
        dataset = pydicom.dcmread(io.BytesIO(content), force=False)
        values = dataset.pixel_array
    except Exception as error:
        raise ImageError(f"{name} cannot be read as DICOM: {error}") from error
    if dataset.PhotometricInterpretation not in _GRAY:
        raise ImageError(f"{name} is DICOM with colors: save it as PNG first")
    if dataset.BitsAllocated == 1:
        raise ImageError(f"{name} is DICOM of 1 bit, a mask: name its folder to be copied")
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        # It is made anew of the same: with a number by chance it would be another each time.
        dataset.decompress(generate_instance_uid=False)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    frames = values[None] if values.ndim == 2 else values
    painted = np.stack([_painted(each, paint, inverted=inverted) for each in frames])
    # Stacked, they have the byte order of the machine, and not of the file.
    dataset.PixelData = painted.reshape(values.shape).astype(values.dtype).tobytes()
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def painted_nifti(content: bytes, name: str, paint: Paint) -> bytes:
    """Return a NIfTI file each of whose slices along the last of three axes is painted.

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
        volume = nibabel.Nifti1Image.from_bytes(gzip.decompress(content) if packed else content)
        values = np.asarray(volume.dataobj)
    except Exception as error:
        raise ImageError(f"{name} cannot be read as NIfTI: {error}") from error
    if values.ndim < 2:
        raise ImageError(f"{name} has no slices")
    slices = values.reshape(*values.shape[:2], -1)
    painted = np.stack([_painted(slices[..., n], paint) for n in range(slices.shape[2])], axis=-1)
    made = nibabel.Nifti1Image(painted.reshape(values.shape), volume.affine, volume.header)  # type: ignore[no-untyped-call]
    data: bytes = made.to_bytes()
    # Without a time inside, so that equal volumes are equal files.
    return gzip.compress(data, mtime=0) if packed else data


def _painted(values: NDArray[Any], paint: Paint, *, inverted: bool = False) -> NDArray[Any]:
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
