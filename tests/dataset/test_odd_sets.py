"""Data sets that are not as they should be: nothing is lost, replaced or skipped in silence."""

import csv
import errno
import hashlib
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.dataset.conftest import at_once, png, shard

from impasto.dataset import Dataset, DatasetOptions, stylize_dataset
from impasto.dataset.stores import open_store
from impasto.errors import ImageError, SettingsError
from impasto.settings import Settings
from impasto.weights import fetch


def test_shards_of_any_kind(tmp_path: Path, styles: list[Path]) -> None:
    pixels, long = png(np.zeros((32, 40, 3), np.uint8)), "n" * 150
    source, out = tmp_path / "shards", tmp_path / "out"
    source.mkdir()
    members = {f"{long}.png": pixels, f"{long}.seg.png": pixels, "b.png": b"broken"}
    (source / "0.tar").write_bytes(shard(members))
    options = DatasetOptions(also=("seg.png",))
    assert len(stylize_dataset(str(source), styles, str(out), options, at_once)) == 1
    with tarfile.open(out / "0.tar") as made:
        assert made.extractfile(f"{long}.seg.png").read() == pixels  # type: ignore[union-attr]
        assert made.extractfile(f"{long}.png").read() != pixels  # type: ignore[union-attr]
    # What failed is tried again, and may go well then.
    (source / "0.tar").write_bytes(shard({**members, "b.png": pixels}))
    assert stylize_dataset(str(source), styles, str(out), options, at_once) == []
    (source / "c.png").write_bytes(pixels)
    with pytest.raises(ImageError, match=r"c\.png lies beside"):
        Dataset(str(source), styles, str(tmp_path / "other"), options)
    (source / "c.png").unlink()
    with pytest.raises(SettingsError, match="balance"):
        Dataset(str(source), styles, str(tmp_path / "b"), DatasetOptions(balance=True))


@pytest.mark.slow
def test_a_picture_that_does_not_fit_fails_alone(
    tmp_path: Path, styles: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.fast.network.free_memory", lambda: 0.303e9)
    source = tmp_path / "in"
    source.mkdir()
    # The second is small until it is enlarged, as what is too small for the network is.
    for name, size in (("fits", (32, 32)), ("large", (128, 120)), ("long", (128, 1))):
        Image.new("RGB", size).save(source / f"{name}.png")
    failed = stylize_dataset(
        str(source), styles[:1], str(tmp_path / "out"), DatasetOptions(), at_once
    )
    assert sorted(row.source for row in failed) == ["large.png", "long.png"]
    assert all("of memory" in row.error for row in failed)


def test_lists_of_names(
    photos: Path, styles: list[Path], options: DatasetOptions, tmp_path: Path
) -> None:
    wrong, right = photos / "cat" / "metadata.jsonl", photos / "dog" / "metadata.csv"
    wrong.write_text('{"file_name": ')
    right.write_bytes(b'"file_name","n"\r\n"0.jpg",1\r\n')
    out = tmp_path / "out"
    assert stylize_dataset(str(photos), styles, str(out), options, at_once) == []
    assert (out / "dog" / "metadata.csv").read_bytes() == right.read_bytes()
    twice, out = DatasetOptions(also=("masks",), copies=2), tmp_path / "twice"
    for _ in range(2):
        (failed,) = stylize_dataset(str(photos), styles, str(out), twice, at_once)
        assert failed.path == "cat/metadata.jsonl"
    assert b"0-2.jpg" in (out / "dog" / "metadata.csv").read_bytes()
    for row in csv.DictReader((out / "manifest.csv").read_text().splitlines()):
        if row["status"] != "failed":
            content = (out / row["path"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"]


def test_nothing_is_replaced(photos: Path, styles: list[Path], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.jpg").write_bytes(b"mine")
    with pytest.raises(SettingsError, match=r"other files, as a\.jpg"):
        Dataset(str(photos), styles, str(tmp_path / "mine"), DatasetOptions())
    (photos / "manifest.csv").write_text("mine")
    with pytest.raises(ImageError, match="replaced by the manifest"):
        Dataset(str(photos), styles, str(tmp_path / "out"), DatasetOptions())


def test_the_same_style_twice_is_one(photos: Path, styles: list[Path], tmp_path: Path) -> None:
    again = tmp_path / "again.png"
    again.write_bytes(styles[0].read_bytes())
    job = Dataset(str(photos), [again, *styles], str(tmp_path / "a"), DatasetOptions()).job
    assert len(job.hashes) == len(styles)
    other = Dataset(str(photos), styles[::-1], str(tmp_path / "b"), DatasetOptions()).job
    assert other.hashes == job.hashes


@pytest.mark.skipif(os.name != "posix", reason="links and names in bytes")
def test_folders_with_links(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.jpg").write_bytes(b"a")
    (photos / "near").symlink_to(tmp_path / "far")
    (photos / "near too").symlink_to(tmp_path / "far")
    (photos / "cat" / "up").symlink_to(photos)
    (photos / "dog" / "cat").symlink_to("../cat")
    store = open_store(photos)
    files = store.files()
    assert "dog/cat/0.jpg" in files
    assert not [path for path in files if {"up", "near", "near too"} & set(path.split("/"))]
    away, circle = store.left_out
    assert away.startswith("2 links that lead out of the data set are left out, such as near")
    assert "--follow-links" in away
    assert circle.startswith("2 links that lead in circles")
    assert {"near/a.jpg", "near too/a.jpg"} < set(open_store(photos, follow_links=True).files())
    with pytest.raises(ImageError, match=r"cannot be written"):
        open_store(photos).write("README.md/x", b"")
    (photos / os.fsdecode(b"\xff.txt")).write_bytes(b"")
    with pytest.raises(ImageError, match="not in UTF-8"):
        open_store(photos).files()


@pytest.mark.skipif(os.name != "posix", reason="links and pipes")
def test_what_is_no_file_is_left_out(tmp_path: Path, styles: list[Path]) -> None:
    source = tmp_path / "in"
    source.mkdir()
    os.mkfifo(source / "pipe.jpg")
    (source / "secret.txt").symlink_to(styles[1])
    (source / "gone.png").symlink_to("other.png")
    out, options = tmp_path / "out", DatasetOptions()
    (source / "a\nb.png").write_bytes(b"no picture")
    work = Dataset(source, styles[:1], out, options)
    assert [line.partition(" left")[0] for line in work.left_out] == [
        "1 links that lead out of the data set are",
        "1 pipes, sockets or devices are",
    ]
    for _ in work.run(at_once):
        pass
    errors = {row.source: row.error.partition(": save")[0] for row in work.finish()[1]}
    assert errors == {
        "a\nb.png": "a b.png is not a picture that impasto reads",
        "gone.png": f"{source / 'gone.png'} does not exist: check the spelling and the folder",
    }
    assert not (out / "secret.txt").exists()
    (source / "gone.png").unlink()
    (source / "a\nb.png").unlink()
    with pytest.raises(ImageError, match="there are no pictures: 1 links that lead out"):
        Dataset(source, styles[:1], tmp_path / "other", options)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="reads everything")
def test_a_folder_that_may_not_be_read(photos: Path) -> None:
    (photos / "dog").chmod(0)
    try:
        with pytest.raises(ImageError, match="cannot be listed"):
            open_store(photos).files()
    finally:
        (photos / "dog").chmod(0o700)


def test_a_bad_style_is_left_out_and_told(photos: Path, styles: list[Path], tmp_path: Path) -> None:
    cut, missing = tmp_path / "cut.jpg", tmp_path / "missing.png"
    cut.write_bytes(b"\xff\xd8\xff nothing")
    options, given = DatasetOptions(also=("masks",)), [styles[0], cut, missing]
    failed = stylize_dataset(photos, given, tmp_path / "out", options, at_once)
    assert [(row.path, row.source) for row in failed] == [("", str(cut)), ("", str(missing))]
    assert "damaged" in failed[0].error
    assert (tmp_path / "out" / "cat" / "0.jpg").is_file()
    with pytest.raises(ImageError, match="damaged"):
        stylize_dataset(photos, [cut, missing], tmp_path / "other", options, at_once)


def test_a_full_disk_ends_the_work_and_nothing_is_lost(
    photos: Path, styles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, out, write = DatasetOptions(also=("masks",)), tmp_path / "out", Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if path.name == ".3.jpg.part":
            write(path, data[:9])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ImageError, match=r"No space left on device.*the same command continues"):
        stylize_dataset(photos, styles, out, options, at_once)
    assert not list(out.rglob("*.part"))
    monkeypatch.undo()
    assert stylize_dataset(photos, styles, out, options, at_once) == []


def test_a_file_elsewhere_that_is_too_large_or_gone() -> None:
    store = open_store("memory://elsewhere/set")
    store.write("a.png", b"12345")
    assert store.read("a.png", 5) == b"12345"
    with pytest.raises(ImageError, match="takes 5 bytes, more than 4 bytes"):
        store.read("a.png", 4)
    with pytest.raises(ImageError, match="cannot be read"):
        store.read("b.png")


def test_other_weights_are_another_data_set(tmp_path: Path) -> None:
    for name in ("photo", "style"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (32, 32), "gray").save(tmp_path / name / "a.png")
    weights = shutil.copy(fetch("any-style"), tmp_path / "any_style.onnx")
    shutil.copy(fetch("style-reader"), tmp_path / "style_reader.onnx")
    options = DatasetOptions(Settings(method="fast", weights=str(weights)))
    Dataset(tmp_path / "photo", tmp_path / "style", tmp_path / "out", options)
    with Path(weights).open("ab") as file:
        file.write(b"0")
    with pytest.raises(SettingsError, match="other"):
        Dataset(tmp_path / "photo", tmp_path / "style", tmp_path / "out", options)
