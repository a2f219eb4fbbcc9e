"""A data set from folder to folder, by workers that may be killed."""

import csv
import hashlib
import os
import signal
import subprocess
import sys
import tarfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tests.cli.conftest import Impasto
from tests.dataset.conftest import at_once, png, shard

import impasto
from impasto.dataset import Dataset, DatasetOptions, stylize_dataset
from impasto.errors import ImpastoError, SettingsError
from impasto.fast import FastStylizer


def digests(folder: Path) -> dict[str, str]:
    """Return what is in a data set; of the manifest all but the times."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".") and path.suffix != ".parquet":
            content = path.read_bytes()
            if name == "manifest.csv":
                lines = content.decode().splitlines()
                content = "\n".join(line.rpartition(",")[0] for line in lines).encode()
            found[name] = hashlib.sha256(content).hexdigest()
    return found


@pytest.mark.slow
def test_the_tree_stays(
    photos: Path, styles: list[Path], options: DatasetOptions, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    failed = stylize_dataset(str(photos), styles, str(out), options, at_once)
    assert failed == []
    for path in photos.rglob("*"):
        if path.is_file():
            made = out / path.relative_to(photos)
            if path.suffix == ".jpg":
                assert impasto.open_picture(made).size == impasto.open_picture(path).size
                assert made.read_bytes() != path.read_bytes()
            else:
                assert made.read_bytes() == path.read_bytes()
    rows = list(csv.DictReader((out / "manifest.csv").read_text().splitlines()))
    assert [row["path"] for row in rows] == sorted(row["path"] for row in rows)
    for row in rows:
        content = (out / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert (row["style"] != "") == (row["status"] == "painted")
    table = pq.read_table(out / "manifest.parquet").to_pylist()
    assert [row["sha256"] for row in table] == [row["sha256"] for row in rows]


@pytest.mark.slow
def test_a_picture_is_what_the_stylizer_makes(
    photos: Path, styles: list[Path], tmp_path: Path
) -> None:
    options = DatasetOptions(also=("masks",), strength=(0.5, 0.5), quality=100)
    stylize_dataset(str(photos), styles[:1], str(tmp_path / "out"), options, at_once)
    made = impasto.open_picture(tmp_path / "out" / "cat" / "1.jpg").pixels
    stylizer = FastStylizer(styles[0], size=128, strength=0.5, runtime="openvino")
    wanted = stylizer.paint(impasto.open_picture(photos / "cat" / "1.jpg"))
    assert np.abs(made - wanted).mean() < 0.02


@pytest.mark.slow
def test_it_goes_on_where_it_stopped(
    photos: Path, styles: list[Path], options: DatasetOptions, tmp_path: Path
) -> None:
    stylize_dataset(str(photos), styles, str(tmp_path / "whole"), options, at_once)
    part = Dataset(str(photos), styles, str(tmp_path / "out"), options)
    rows = part.run(at_once)
    for _ in range(7):
        next(rows)
    rows.close()  # type: ignore[attr-defined]
    (tmp_path / "out" / "cat" / "0.jpg").unlink(missing_ok=True)
    again = Dataset(str(photos), styles, str(tmp_path / "out"), options)
    assert 0 < len(again.left) < len(again.tasks)
    for _ in again.run(at_once):
        pass
    assert again.finish()[1] == []
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
    assert Dataset(str(photos), styles, str(tmp_path / "out"), options).left == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such locks")
def test_a_second_run_into_a_folder_is_refused(
    photos: Path, styles: list[Path], options: DatasetOptions, tmp_path: Path
) -> None:
    first, second = (
        Dataset(str(photos), styles, str(tmp_path / "out"), options).run(at_once) for _ in range(2)
    )
    next(first)
    with pytest.raises(ImpastoError, match=r"another run is working in .*out"):
        next(second)


@pytest.fixture
def dataset_here(impasto_here: Impasto, monkeypatch: pytest.MonkeyPatch) -> Impasto:
    """The command without other processes."""
    monkeypatch.setattr("impasto.dataset.engines.open_engine", lambda *_: at_once)
    return partial(impasto_here, "dataset")


@pytest.mark.slow
def test_strength_is_a_range(
    dataset_here: Impasto, photos: Path, styles: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert dataset_here(photos, styles[0], "-o", out, "--strength", "0.25..0.5").status == 0
    rows = csv.DictReader((out / "manifest.csv").read_text().splitlines())
    strengths = {float(row["strength"]) for row in rows if row["status"] == "painted"}
    assert 0.25 <= min(strengths) < max(strengths) <= 0.5


@pytest.mark.slow
def test_another_plan_is_refused(
    photos: Path, styles: list[Path], options: DatasetOptions, tmp_path: Path
) -> None:
    stylize_dataset(str(photos), styles, str(tmp_path / "out"), options, at_once)
    with pytest.raises(SettingsError, match="other options, styles or pictures"):
        Dataset(str(photos), styles[:3], str(tmp_path / "out"), options)
    with pytest.raises(SettingsError, match="would lie in the data set"):
        Dataset(str(photos), styles, str(photos / "out"), options)


@pytest.mark.slow
def test_no_failure_is_silent(
    dataset_here: Impasto,
    photos: Path,
    styles: list[Path],
    options: DatasetOptions,
    tmp_path: Path,
) -> None:
    (photos / "cat" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (failed,) = stylize_dataset(str(photos), styles, str(tmp_path / "out"), options, at_once)
    assert (failed.source, failed.status) == ("cat/broken.jpg", "failed")
    assert "is damaged" in failed.error
    run = dataset_here(photos, *styles, "-o", tmp_path / "other", "--also", "masks")
    assert run.status == 1
    assert "1 files failed" in run.err
    assert "Traceback" not in run.err


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 pictures, of more sizes than are worth compiling the network for, and a label."""
    folder = tmp_path_factory.mktemp("many")
    dice = np.random.default_rng(0)
    for number in range(100):
        image = Image.fromarray(dice.integers(0, 255, (6, 6, 3), np.uint8))
        image.resize((48, 48 + 8 * (number % 3))).save(folder / f"{number}.png")
    (folder / "0.txt").write_text("0 1 2 3 4")
    return folder


@pytest.fixture(scope="module")
def unbroken(
    many: Path, styles: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What becomes of them in this process, where nobody kills anything."""
    out = tmp_path_factory.mktemp("unbroken") / "out"
    assert stylize_dataset(many, styles[:2], out, DatasetOptions(), at_once) == []
    return digests(out)


def children(process: int) -> list[int]:
    return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for workers in /proc")
@pytest.mark.slow
def test_killed_and_gone_on(
    many: Path, styles: list[Path], unbroken: dict[str, str], tmp_path: Path
) -> None:
    """The workers end with the main process, whatever they have in hand."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "impasto", "dataset", *map(str, (many, *styles[:2]))]
    command += ["-o", str(out), "-q"]
    program = subprocess.Popen([*command, "--workers", "2"])
    begun = time.monotonic()
    while time.monotonic() - begun < 60 and len(list(out.glob("*.png"))) < 20:
        time.sleep(0.01)
    left = children(program.pid)
    program.kill()
    program.wait()
    begun = time.monotonic()
    while time.monotonic() - begun < 20 and any(map(is_alive, left)):
        time.sleep(0.05)
    alive = [process for process in left if is_alive(process)]
    for process in alive:
        os.kill(process, signal.SIGKILL)
    assert len(left) >= 2
    assert not alive
    subprocess.run([*command, "--workers", "1"], check=True, timeout=120)
    assert digests(out) == unbroken


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for workers in /proc")
@pytest.mark.slow
def test_a_cluster_that_loses_a_worker(
    many: Path,
    styles: list[Path],
    unbroken: dict[str, str],
    tmp_path: Path,
    files: tuple[Path, Path],
) -> None:
    """The example for Ray runs in the same cluster."""
    script = Path(__file__).with_name("ray_cluster.py")
    example = files[0].parent, styles[0], tmp_path / "example"
    run = subprocess.run(
        [sys.executable, script, many, tmp_path / "out", *styles[:2]],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "EXAMPLE": "\n".join(map(str, example))},
    )
    assert "nodes 2 killed 1 failed 0" in run.stdout, run.stderr
    assert digests(tmp_path / "out") == unbroken
    assert impasto.open_picture(tmp_path / "example" / "photo.jpg").width == 256


def test_shards(tmp_path: Path, styles: list[Path]) -> None:
    pixels = np.zeros((32, 40, 3), np.uint8)
    source = tmp_path / "shards"
    source.mkdir()
    members = {"a.png": png(pixels), "a.cls": b"3", "b.png": png(pixels + 90), "b.cls": b"4"}
    (source / "0.tar").write_bytes(shard(members))
    (source / "1.tar").write_bytes(shard({"c.png": b"broken", "c.cls": b"5"}))
    options = DatasetOptions(copies=2)
    failed = stylize_dataset(str(source), styles, str(tmp_path / "out"), options, at_once)
    assert [row.source for row in failed] == ["1.tar/c.png", "1.tar/c.cls"] * 2
    assert [row.error for row in failed][1] == "left out with 1.tar/c.png"
    with tarfile.open(tmp_path / "out" / "0.tar") as made:
        names = made.getnames()
        stems = ("a", "a-2", "b", "b-2")
        assert names == [f"{stem}.{suffix}" for stem in stems for suffix in ("png", "cls")]
        picture = Image.open(made.extractfile("b-2.png"))  # type: ignore[arg-type]
        assert picture.size == (40, 32)
        assert made.extractfile("b-2.cls").read() == b"4"  # type: ignore[union-attr]
    rows = list(csv.DictReader((tmp_path / "out" / "manifest.csv").read_text().splitlines()))
    assert [row["status"] for row in rows if row["source"] == "1.tar/c.png"] == ["failed"] * 2


def test_elsewhere(photos: Path, styles: list[Path], options: DatasetOptions) -> None:
    import fsspec

    stylize_dataset(str(photos), styles, "memory://set/out", options, at_once)
    system = fsspec.filesystem("memory")
    assert system.exists("/set/out/cat/0.jpg")
    assert system.exists("/set/out/manifest.csv")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--strengths", "much"], "strengths are written as"),
        (["--split", "val"], "a split is written as"),
        (["--engine", "magic"], "engine is local or ray"),
        (["--size", "64"], "No such option: --size"),
        (["--method", "x.onnx"], "style pictures"),
    ],
)
def test_bad_input(
    impasto_here: Impasto,
    photos: Path,
    styles: list[Path],
    tmp_path: Path,
    more: list[str],
    message: str,
) -> None:
    outcome = impasto_here("dataset", photos, *styles, "-o", tmp_path / "out", *more)
    assert outcome.status == 2
    assert message in outcome.err


def test_sizes_stay(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="size is each picture's own"):
        stylize_dataset(photos, "waves", tmp_path / "out", size=64)


@pytest.mark.slow
def test_another_mask_is_another_data_set(tmp_path: Path) -> None:
    source, mask = tmp_path / "in", tmp_path / "mask.png"
    source.mkdir()
    Image.new("RGB", (48, 48), "teal").save(source / "photo.png")
    Image.linear_gradient("L").resize((48, 48)).save(mask)
    stylize_dataset(source, "waves", tmp_path / "out", method="fast", keep=str(mask))
    Image.linear_gradient("L").rotate(90).resize((48, 48)).save(mask)
    with pytest.raises(ImpastoError):
        stylize_dataset(source, "waves", tmp_path / "out", method="fast", keep=str(mask))
