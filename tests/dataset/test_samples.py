"""Pictures stay what they are but for what is painted."""

import io

import imagecodecs
import numpy as np
import pytest
import skimage.data
import tifffile
from numpy.typing import NDArray
from PIL import Image

from impasto.dataset.samples import painted_dicom, painted_file, painted_nifti
from impasto.dataset.stores import MOST
from impasto.errors import ImageError
from impasto.images import Picture

PHOTO = skimage.data.coffee()[:60, :90]


def inverted(picture: Picture) -> NDArray[np.float32]:
    """Stands for a stylizer."""
    return 1 - picture.pixels


def same(picture: Picture) -> NDArray[np.float32]:
    return picture.pixels


def file(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_format_mode_and_size_stay(form: str, mode: str) -> None:
    content = file(Image.fromarray(PHOTO).convert(mode), form)
    made = Image.open(io.BytesIO(painted_file(content, "x", inverted, 95)))
    assert (made.format, made.size) == (form, (90, 60))
    assert made.mode == ("RGB" if form == "WEBP" else mode)
    before = np.asarray(Image.open(io.BytesIO(content)).convert("L"), float)
    assert np.abs(np.asarray(made.convert("L"), float) - (255 - before)).mean() < 3


def test_alpha_stays() -> None:
    image = Image.fromarray(PHOTO).convert("RGBA")
    image.putalpha(100)
    made = Image.open(io.BytesIO(painted_file(file(image, "PNG"), "x", inverted, 95)))
    assert made.mode == "RGBA"
    assert made.getchannel("A").getextrema() == (100, 100)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_stay_where_they_are(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    content = file(Image.fromarray(PHOTO), "JPEG", exif=exif, quality=98)
    made = Image.open(io.BytesIO(painted_file(content, "x", same, 98)))
    assert made.size == (90, 60)
    assert made.getexif().get(274, 1) == orientation
    assert np.abs(np.asarray(made, float) - PHOTO).mean() < 2


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_an_x_ray_of_16_bits_stays_one(form: str) -> None:
    values = (np.arange(60 * 90).reshape(60, 90) % 4000 + 96).astype(np.uint16)
    if form == "png":
        content = bytes(imagecodecs.png_encode(values))
    else:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, values)
        content = buffer.getvalue()
    data = painted_file(content, "x", inverted, 95)
    decode = imagecodecs.png_decode if form == "png" else lambda d: tifffile.imread(io.BytesIO(d))
    made = decode(data)
    assert made.dtype == np.uint16
    assert made.shape == (60, 90)
    # Painted over the range that is there: not of all that 16 bits could hold.
    assert made.min() >= 94
    assert made.max() <= 4097
    np.testing.assert_allclose(made.astype(int), 4191 - values.astype(int), atol=3)


def test_16_bits_of_color() -> None:
    content = bytes(imagecodecs.png_encode(PHOTO.astype(np.uint16) * 257))
    made = imagecodecs.png_decode(painted_file(content, "x", inverted, 95))
    assert made.dtype == np.uint16
    np.testing.assert_allclose(made, 65535 - PHOTO.astype(int) * 257, atol=2)


@pytest.mark.parametrize("form", ["GIF", "TIFF", "PNG", "WEBP"])
def test_no_frame_is_lost_silently(form: str) -> None:
    other = Image.fromarray(PHOTO[::-1].copy())
    content = file(Image.fromarray(PHOTO), form, save_all=True, append_images=[other])
    with pytest.raises(ImageError, match="several pictures"):
        painted_file(content, "x", same, 95)


def test_a_preview_behind_a_photograph() -> None:
    small = Image.fromarray(PHOTO[::2, ::2].copy())
    content = file(Image.fromarray(PHOTO), "MPO", save_all=True, append_images=[small])
    made = Image.open(io.BytesIO(painted_file(content, "x", same, 95)))
    assert (made.format, made.size) == ("JPEG", (90, 60))


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(ImageError, match=r"a/b\.png is (empty|not a picture|damaged)"):
        painted_file(content, "a/b.png", same, 95)


def dicom(values: NDArray[np.uint16]) -> bytes:
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = generate_uid()
    made = pydicom.Dataset()
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    made.PatientName = "Nobody"
    made.Rows, made.Columns = values.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    made.PixelData = values.tobytes()
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_dicom() -> None:
    import pydicom

    values = (np.arange(60 * 90).reshape(60, 90) % 4000).astype(np.uint16)
    made = pydicom.dcmread(io.BytesIO(painted_dicom(dicom(values), "x.dcm", inverted, None, MOST)))
    assert made.PatientName == "Nobody"
    np.testing.assert_allclose(made.pixel_array.astype(int), 3999 - values.astype(int), atol=2)
    with pytest.raises(ImageError, match="cannot be read as DICOM"):
        painted_dicom(b"nothing", "x.dcm", same, None, MOST)


def test_dicom_of_other_kinds() -> None:
    import pydicom
    from pydicom.uid import ExplicitVRBigEndian

    values = (np.arange(2 * 60 * 90).reshape(2, 60, 90) % 4000).astype(np.int16) - 2000
    made = pydicom.dcmread(io.BytesIO(dicom(values[0].astype(np.uint16))))
    made.NumberOfFrames, made.PixelRepresentation = 2, 1
    made.BitsStored, made.HighBit = 16, 15
    made.RescaleSlope = 2
    made.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    made.PixelData = values.astype(">i2").tobytes()
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, made, implicit_vr=False, little_endian=False)
    again = pydicom.dcmread(io.BytesIO(painted_dicom(buffer.getvalue(), "x.dcm", same, None, MOST)))
    np.testing.assert_allclose(again.pixel_array, values, atol=1)
    assert again.RescaleSlope == 2
    mask = pydicom.dcmread(io.BytesIO(dicom(values[0].astype(np.uint16))))
    mask.BitsAllocated, mask.BitsStored, mask.HighBit = 1, 1, 0
    mask.PixelData = bytes(60 * 90 // 8 + 1)
    buffer = io.BytesIO()
    mask.save_as(buffer)
    with pytest.raises(ImageError, match="1 bit, a mask"):
        painted_dicom(buffer.getvalue(), "x.dcm", same, None, MOST)


def test_nifti_with_holes() -> None:
    import nibabel

    values = np.arange(40 * 50 * 2 * 2, dtype=np.float32).reshape(40, 50, 2, 2)
    values[:5], values[7, 7, 0, 0] = np.nan, np.inf
    content = nibabel.Nifti1Image(values, np.eye(4)).to_bytes()  # type: ignore[no-untyped-call]
    made = nibabel.Nifti1Image.from_bytes(painted_nifti(content, "x.nii", same, None, MOST))
    np.testing.assert_allclose(np.asarray(made.dataobj), values, atol=0.1)


@pytest.mark.parametrize("packed", [False, True])
def test_nifti(packed: bool) -> None:
    import gzip

    import nibabel

    values = (np.arange(40 * 50 * 3).reshape(40, 50, 3) % 1000).astype(np.int16)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    content = nibabel.Nifti1Image(values, affine).to_bytes()  # type: ignore[no-untyped-call]
    data = painted_nifti(
        gzip.compress(content) if packed else content, "x.nii", inverted, None, MOST
    )
    made = nibabel.Nifti1Image.from_bytes(gzip.decompress(data) if packed else data)
    np.testing.assert_array_equal(made.affine, affine)
    result = np.asarray(made.dataobj)
    assert result.dtype == np.int16
    wanted = values.max((0, 1)) + values.min((0, 1)) - values
    np.testing.assert_allclose(result, wanted, atol=2)
    with pytest.raises(ImageError, match="cannot be read as NIfTI"):
        painted_nifti(b"nothing", "x.nii", same, None, MOST)
