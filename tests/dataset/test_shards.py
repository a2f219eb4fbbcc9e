"""Shards: what is in them is done, or it is said that it is not."""

import csv
import gzip
import io
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from tests.dataset.conftest import at_once, png, shard

from impasto.dataset import Dataset, DatasetOptions, stylize_dataset
from impasto.dataset.painting import Row
from impasto.errors import ImageError

PIXELS = png(np.full((32, 40, 3), 90, np.uint8))
MEMBERS = {f"{key}.{suffix}": PIXELS for key in "abc" for suffix in ("png", "seg.png")}
OPTIONS = DatasetOptions(also=("seg.png",))


def painted(content: bytes, folder: Path, styles: list[Path]) -> list[Row]:
    """Paint a data set of one shard, and return what failed."""
    (folder / "in").mkdir(parents=True, exist_ok=True)
    (folder / "in" / "0.tar").write_bytes(content)
    out = str(folder / "out")
    return stylize_dataset(str(folder / "in"), styles, out, OPTIONS, at_once)


def linked(kind: bytes, target: str, also: bytes = tarfile.DIRTYPE) -> bytes:
    """Return a shard with a folder, a sample, and one whose picture is a link."""
    file = io.BytesIO(shard({"a.png": PIXELS, "a.seg.png": PIXELS}))
    with tarfile.open(fileobj=file, mode="a") as made:
        for name, type_ in (("folder", also), ("b.png", kind)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = type_, target
            made.addfile(member)
    return file.getvalue()


@pytest.mark.slow
def test_a_damaged_shard_is_no_short_one(tmp_path: Path, styles: list[Path]) -> None:
    whole = shard(MEMBERS)
    with tarfile.open(fileobj=io.BytesIO(whole)) as read:
        at = read.getmember("b.png").offset
    damaged = whole[:at] + b"x" + whole[at + 1 :]
    for content in (damaged, whole[:at], whole + whole):
        (failed,) = painted(content, tmp_path, styles)
        assert failed.source == "0.tar"
        assert "0.tar is cut off or damaged at byte" in failed.error
    assert painted(whole, tmp_path, styles) == []


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE])
def test_links_are_files(kind: bytes, tmp_path: Path, styles: list[Path]) -> None:
    assert painted(linked(kind, "a.png"), tmp_path, styles) == []
    with tarfile.open(tmp_path / "out" / "0.tar") as made:
        assert made.getnames() == ["a.png", "a.seg.png", "b.png"]
        assert made.getmember("b.png").isfile()
    (failed,) = painted(linked(kind, "other.png"), tmp_path / "1", styles)
    assert "other.png" in failed.error
    (failed,) = painted(linked(kind, "a.png", tarfile.FIFOTYPE), tmp_path / "2", styles)
    assert "0.tar holds folder, no file" in failed.error


def test_no_result_replaces_another(tmp_path: Path, styles: list[Path]) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "0.tar").write_bytes(shard({"a.png": PIXELS, "a-2.png": PIXELS}))
    out, twice = str(tmp_path / "out"), DatasetOptions(copies=2)
    (failed,) = stylize_dataset(str(source), styles, out, twice, at_once)
    assert failed.error == "two results would be called 0.tar/a-2.png: rename a file"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (DatasetOptions(splits={"vall": 0.2}), "no files in vall of"),
        (DatasetOptions(also=("mask.png",)), r"nothing in the first shards ends in \.mask\.png"),
    ],
)
def test_what_is_named_must_be_there(
    options: DatasetOptions, message: str, tmp_path: Path, styles: list[Path]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "val-0.tar").write_bytes(shard(MEMBERS))
    with pytest.raises(ImageError, match=message):
        Dataset(str(tmp_path / "in"), styles, str(tmp_path / "out"), options)


def test_a_split_is_the_beginning_of_a_shards_name(tmp_path: Path, styles: list[Path]) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("train-0.tar", "val-0.tar"):
        (source / name).write_bytes(shard({f"{key}.png": PIXELS for key in "abcdefgh"}))
    options = DatasetOptions(splits={"val": 0.4})
    assert stylize_dataset(str(source), styles, str(out), options, at_once) == []
    rows = [*csv.DictReader((out / "manifest.csv").read_text().splitlines())]
    used = {s: {r["style"] for r in rows if r["split"] == s and r["style"]} for s in ("", "val")}
    assert len(used["val"]) == 2
    assert not used["val"] & used[""]


def claiming(**more: object) -> bytes:
    """Return a shard whose member claims more than there is."""
    member = tarfile.TarInfo("a.png")
    for name, value in more.items():
        setattr(member, name, value)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        made.addfile(member, io.BytesIO(b"1\n0\n0\n".ljust(member.size, b"\0")))
    return file.getvalue()


def packed(member: tarfile.TarInfo, size: int, claim: int = 0, type: bytes = b"0") -> bytes:
    member.size, member.type = claim or size, type
    return gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(size), 1)


SPARSE = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.png"}
BOMBS = {
    "sparse": claiming(size=1024, pax_headers={**SPARSE, "GNU.sparse.realsize": str(1 << 30)}),
    "claims": tarfile.TarInfo("a.png").tobuf().replace(b"0" * 11, b"77777777777", 1),
    "packed": packed(tarfile.TarInfo("a.png"), 1 << 20, claim=5 << 30),
    "name": packed(tarfile.TarInfo("a"), 2 << 20, type=tarfile.GNUTYPE_LONGNAME),
    "end": gzip.compress(shard(MEMBERS) + bytes(17 << 20), 1),
    "cut": gzip.compress(shard(MEMBERS))[:-20],
    "loop": claiming(type=tarfile.SYMTYPE, linkname="a.png"),
    "passwd": claiming(type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "absolute": shard({"/a.png": PIXELS}),
    "out": shard({"b/../../a.png": PIXELS}),
    "windows": shard({"C:\\a.png": PIXELS}),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_shard_is_refused_at_once(name: str, tmp_path: Path, styles: list[Path]) -> None:
    begun = time.monotonic()
    (failed,) = painted(BOMBS[name], tmp_path, styles)
    assert failed.source == "0.tar"
    assert failed.error.startswith("0.tar ")
    assert "\n" not in failed.error
    assert time.monotonic() - begun < 20


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, styles: list[Path]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.tar").write_bytes(shard(MEMBERS))
    with (tmp_path / "in" / "1.tar").open("wb") as file:
        file.truncate(5 << 30)
    (failed,) = stylize_dataset(
        tmp_path / "in", styles, tmp_path / "out", DatasetOptions(also=("seg.png",)), at_once
    )
    assert failed.error.startswith("1.tar takes 5 GiB, more than 4 GiB: raise --max-bytes")


def test_maps_of_a_sample_are_copied(tmp_path: Path, styles: list[Path]) -> None:
    photo = np.asarray(Image.fromarray(skimage.data.coffee()[:48, :64]))
    jpeg = io.BytesIO()
    Image.fromarray(photo).save(jpeg, "JPEG")
    depth = png((np.indices((48, 64)).sum(0) * 2).astype(np.uint8))
    members = {"a.jpg": jpeg.getvalue(), "a.png": depth, "a.seg.png": png(photo // 128)}
    members |= {"b.left.png": png(photo), "b.mask.png": png(photo)}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "0.tar").write_bytes(shard(members))
    work = Dataset(tmp_path / "in", styles, tmp_path / "out", DatasetOptions())
    for _ in work.run(at_once):
        pass
    assert work.finish()[1] == []
    assert work.maps() == 2
    with tarfile.open(tmp_path / "out" / "0.tar") as made:
        same = {n for n in members if made.extractfile(n).read() == members[n]}  # type: ignore[union-attr]
    assert same == {"a.png", "a.seg.png"}


def test_members_that_are_gone_are_forgotten(tmp_path: Path, styles: list[Path]) -> None:
    members = {**MEMBERS, "d.png": b"broken", "d.seg.png": PIXELS}
    assert len(painted(shard(members), tmp_path, styles)) == 2
    assert painted(shard(MEMBERS), tmp_path, styles) == []
    again = Dataset(str(tmp_path / "in"), styles, str(tmp_path / "out"), OPTIONS)
    assert again.left == []
    assert again.finish()[1] == []
    manifest = (tmp_path / "out" / "manifest.csv").read_text()
    assert "0.tar/c.png" in manifest
    assert "0.tar/d" not in manifest
