"""Label maps are told from photographs and drawings, by names and by what is in them."""

import csv
import io
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from tests.dataset.conftest import at_once, png

from impasto.dataset import Dataset, DatasetOptions
from impasto.dataset.labels import is_map, is_map_volume, may_be_map
from impasto.dataset.plan import Planner
from impasto.dataset.stores import MOST
from impasto.errors import ImageError

PHOTO = Image.fromarray(skimage.data.coffee()[:120, 100:260])


def file(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def classes(*values: int) -> NDArray[np.uint8]:
    """Return a map with a disk of each value but the first."""
    image = Image.new("L", (160, 120), values[0])
    for number, value in enumerate(values[1:]):
        x = 10 + 140 * number // len(values)
        ImageDraw.Draw(image).ellipse((x, 20, x + 50, 90), value)
    return np.asarray(image)


def palette(values: NDArray[np.uint8]) -> Image.Image:
    image = Image.fromarray(values)
    image = image.convert("P") if image.mode != "P" else image
    image.putpalette(np.random.default_rng(0).integers(0, 255, 768).astype(np.uint8).tobytes())
    return image


MANY = np.add.outer(np.arange(120) // 12 * 16, np.arange(160) // 10).astype(np.uint8)
DEPTH = (np.indices((120, 160)).sum(0) / 280 * 255).astype(np.uint8)
CHANCE = np.random.default_rng(1).integers(0, 21, (120, 160), np.uint8)
MAPS = {
    "VOC/SegmentationClass/1.png": file(palette(classes(0, 1, 15, 255))),
    "VOC/SegmentationObject/1.png": file(palette(CHANCE)),
    "gtFine/train/x/x_000_gtFine_labelIds.png": file(Image.fromarray(classes(7, 11, 26))),
    "gtFine/train/x/x_000_gtFine_color.png": file(palette(classes(7, 11, 26)).convert("RGBA")),
    "x_instanceIds.png": bytes(imagecodecs.png_encode(classes(0, 9).astype(np.uint16) * 2600)),
    "stuffthingmaps/train2017/1.png": file(Image.fromarray(MANY)),
    "panoptic_val2017/1.png": file(palette(MANY).convert("RGB")),
    "kitti/proj_depth/groundtruth/1.png": bytes(imagecodecs.png_encode(DEPTH.astype(np.uint16))),
    "training/disp_occ_0/1.png": file(Image.fromarray(DEPTH)),
    "training/flow_occ/1.png": b"",
    "nyu/0001_depth.png": file(Image.fromarray(DEPTH)),
    "ADE_train_00000001_seg.png": file(palette(MANY).convert("RGB")),
    "ADE_train_00000001_parts_1.png": file(palette(MANY).convert("RGB")),
    "DRIVE/1st_manual/21_manual1.gif": file(Image.fromarray(classes(0, 255)), "GIF"),
    "CVC/Ground Truth/1.tif": file(Image.fromarray(classes(0, 255)), "TIFF"),
    "Kvasir/masks/1.jpg": file(Image.fromarray(classes(0, 255)).convert("RGB"), "JPEG"),
    "lesions/ISIC_1_segmentation.png": file(Image.fromarray(classes(0, 255)).convert("1")),
    "DUTS-TR-Mask/1.png": file(
        Image.fromarray(classes(0, 255)).resize((80, 60), Image.Resampling.BICUBIC)
    ),
    "a/trimaps/1.png": file(Image.fromarray(classes(1, 2, 3))),
    # No name tells, but the numbers of a few classes do.
    "train_y/1.png": file(Image.fromarray(classes(0, 1, 2, 255))),
}
del MAPS["training/flow_occ/1.png"]
DRAWING = palette(classes(10, 90, 200)).convert("RGB")
GRAY = PHOTO.convert("L")
PICTURES = {
    # People with masks, bottles with labels, prints with depth: photographs all the same.
    "with_mask/1.jpg": file(PHOTO, "JPEG"),
    "labels/wine.png": file(PHOTO),
    "labels/gray.png": file(GRAY),
    "mask/1.gif": file(PHOTO, "GIF"),
    "mask/palette.png": file(PHOTO.quantize(256)),
    "mask/dithered.png": file(PHOTO.quantize(16)),
    "mask/1.webp": file(PHOTO, "WEBP"),
    "mask/soft.jpg": file(PHOTO.filter(ImageFilter.GaussianBlur(3)), "JPEG"),
    "images/drawing.png": file(DRAWING),
    "images/palette.png": file(DRAWING.quantize(8)),
    "images/line.png": file(Image.fromarray(classes(255, 0)).convert("1")),
    "images/posterized.png": file(Image.fromarray(np.asarray(PHOTO) // 64 * 64)),
    "images/x-ray.png": bytes(imagecodecs.png_encode(np.asarray(GRAY).astype(np.uint16) * 16)),
    "images/dark.png": file(Image.fromarray(np.asarray(GRAY) // 9)),
    "images/black.png": file(Image.new("L", (20, 20))),
    "images/one.gif": file(DRAWING, "GIF"),
}


@pytest.mark.parametrize("path", MAPS)
def test_label_maps(path: str) -> None:
    assert is_map(MAPS[path], path, may_be_map(path))


@pytest.mark.parametrize("path", PICTURES)
def test_what_is_none(path: str) -> None:
    assert not is_map(PICTURES[path], path, may_be_map(path))


@pytest.mark.parametrize("path", ["a/segovia.png", "gtx/1.png", "images/depart.png", "argt.png"])
def test_words_within_words(path: str) -> None:
    assert not may_be_map(path)


def test_what_lies_beside_a_photograph_of_its_name() -> None:
    photo = file(PHOTO, "JPEG")
    for content in (file(Image.fromarray(DEPTH)), file(palette(classes(0, 1, 2)))):
        assert is_map(content, "a/1.png", False, photo)
        assert not is_map(content, "a/1.png", False)
    for content in (file(PHOTO), file(GRAY), file(PHOTO.quantize(64)), file(GRAY.resize((9, 9)))):
        assert not is_map(content, "a/1.png", False, photo)


def test_volumes() -> None:
    scan = np.random.default_rng(0).normal(0, 300, (20, 20, 9)).astype(np.int16)
    assert is_map_volume((scan > 0).astype(np.float32), named=False)
    assert is_map_volume(scan // 10, named=True)
    assert not is_map_volume(scan, named=True)
    assert not is_map_volume(scan / 7, named=True)


def voc(folder: Path) -> Path:
    for name in ("JPEGImages", "SegmentationClass"):
        (folder / name).mkdir(parents=True)
    for number in (1, 2):
        (folder / "JPEGImages" / f"{number}.jpg").write_bytes(file(PHOTO, "JPEG"))
        mask = file(palette(classes(0, number, 255)))
        (folder / "SegmentationClass" / f"{number}.png").write_bytes(mask)
    return folder


def work(folder: Path, styles: list[Path], out: Path, options: DatasetOptions) -> Dataset:
    made = Dataset(folder, styles, out, options)
    for _ in made.run(at_once):
        pass
    assert made.finish()[1] == []
    return made


@pytest.mark.slow
def test_maps_are_copied_byte_for_byte(tmp_path: Path, styles: list[Path]) -> None:
    folder, out = voc(tmp_path / "voc"), tmp_path / "out"
    made = work(folder, styles, out, DatasetOptions(copies=2))
    assert made.maps() == 4
    for number in (1, 2):
        mask = (folder / "SegmentationClass" / f"{number}.png").read_bytes()
        for name in (f"{number}.png", f"{number}-2.png"):
            assert (out / "SegmentationClass" / name).read_bytes() == mask
        assert (out / "JPEGImages" / f"{number}-2.jpg").is_file()
    rows = csv.DictReader((out / "manifest.csv").read_text().splitlines())
    assert {(row["source"][:4], row["status"], bool(row["style"])) for row in rows} == {
        ("JPEG", "painted", True),
        ("Segm", "copied", False),
    }
    assert Dataset(folder, styles, out, DatasetOptions(copies=2)).left == []


def test_what_is_asked_for_is_done(tmp_path: Path, styles: list[Path]) -> None:
    folder = voc(tmp_path / "voc")
    painted = work(folder, styles, tmp_path / "a", DatasetOptions(paint_all=True))
    assert painted.maps() == 0
    assert all(row.status == "painted" for row in painted.journal.rows.values())
    for pattern in ("*/2.jpg", "2.jpg", "JPEGImages/2*"):
        skipped = Planner(DatasetOptions(skip=(pattern,)), ["0"]).tasks(
            ["JPEGImages/2.jpg", "1.jpg"]
        )
        assert {task.source: task.style for task in skipped} == {
            "JPEGImages/2.jpg": None,
            "1.jpg": 0,
        }
    with pytest.raises(ImageError, match=r"no file of the data set fits \*\.bmp"):
        Dataset(folder, styles, tmp_path / "b", DatasetOptions(skip=("*.bmp",)))


def test_copies_of_maps_follow_their_pictures() -> None:
    files = ["a/1.jpg", "a/1_mask.png", "a/1.labels.png", "with_mask/7.jpg", "a/1.png"]
    tasks = Planner(DatasetOptions(copies=2), ["0"]).tasks(files)
    assert {task.path for task in tasks if task.copy == 2} == {
        *("a/1-2.jpg", "a/1-2_mask.png", "a/1-2.labels.png", "with_mask/7-2.jpg", "a/1-2.png")
    }
    assert {task.beside for task in tasks} == {"", "a/1.jpg"}


def test_medical_maps(tmp_path: Path, styles: list[Path]) -> None:
    import nibabel

    def volume(values: NDArray[np.int16]) -> bytes:
        made: bytes = nibabel.Nifti1Image(values, np.eye(4)).to_bytes()  # type: ignore[no-untyped-call]
        return made

    scan = np.asarray(GRAY).astype(np.int16)[..., None] * 9
    files = {"imagesTr/1.nii": volume(scan), "labelsTr/1.nii": volume(scan // 800)}
    for name, content in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(content)
    assert work(tmp_path / "in", styles, tmp_path / "out", DatasetOptions()).maps() == 1
    assert (tmp_path / "out" / "labelsTr" / "1.nii").read_bytes() == files["labelsTr/1.nii"]
    assert (tmp_path / "out" / "imagesTr" / "1.nii").read_bytes() != files["imagesTr/1.nii"]


@pytest.mark.parametrize("path", ["x.png", "x_mask.png"])
def test_a_picture_of_a_thousand_million_pixels(path: str, tmp_path: Path) -> None:
    from impasto.dataset.samples import painted_file

    bomb = bytearray(png(np.zeros((8, 8), np.uint8)))
    bomb[16:24] = (40_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    assert not is_map(bytes(bomb), path, may_be_map(path))
    with pytest.raises(ImageError, match=f"{path} has too many pixels"):
        painted_file(bytes(bomb), path, lambda picture: picture.pixels, 95)


def test_packed_volumes_that_claim_too_much() -> None:
    import gzip

    import nibabel

    from impasto.dataset.samples import painted_nifti

    header: Any = nibabel.Nifti1Header()  # type: ignore[no-untyped-call]
    header.set_data_shape((4000, 4000, 4000))
    content = gzip.compress(header.binaryblock + bytes(1 << 20))
    with pytest.raises(ImageError, match=r"x\.nii\.gz takes .* GiB, more than 4 GiB"):
        painted_nifti(content, "x.nii.gz", lambda picture: picture.pixels, None, MOST)
