"""Batches: pairs and their names, going on, failures, sheets."""

import errno
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from impasto import Settings, open_picture
from impasto.batch import Batch, find_pictures, make_pairs, running
from impasto.batch.pairs import Pair
from impasto.batch.running import as_done, stylize_batch
from impasto.batch.sheets import save_page, save_sheet
from impasto.errors import ImageError, ImpastoError, SettingsError
from impasto.files import Journal, sha256_of

SETTINGS = Settings(method="fast", size=48, runtime="onnxruntime", device="cpu")


def batch(
    contents: list[Path], styles: list[Path], folder: Path, settings: Settings = SETTINGS
) -> Batch:
    return Batch(contents, styles, folder, settings, "png")


@pytest.fixture
def contents(tmp_path: Path, photo: NDArray[np.uint8]) -> list[Path]:
    paths = [tmp_path / "one" / "photo.png", tmp_path / "two" / "photo.jpg", tmp_path / "third.png"]
    for number, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.roll(photo, 9 * number, 1)).save(path)
    return paths


@pytest.fixture
def styles(tmp_path: Path, painting: NDArray[np.uint8]) -> list[Path]:
    paths = [tmp_path / "styles" / f"{name}.png" for name in "ab"]
    paths[0].parent.mkdir()
    for path, turned in zip(paths, (painting, 255 - painting), strict=True):
        Image.fromarray(turned).save(path)
    return paths


def test_pictures_are_found_in_files_folders_and_patterns(
    contents: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "one" / "notes.txt").write_text("no picture")
    (tmp_path / "one" / ".hidden.png").write_bytes(b"")
    assert find_pictures([str(tmp_path / "one")]) == {contents[0]: "."}
    assert find_pictures([str(tmp_path / "*" / "photo.*")]) == dict.fromkeys(contents[:2], ".")
    found = find_pictures([str(contents[2]), str(tmp_path)])
    assert list(found.items()) == [(contents[2], "."), (contents[0], "one"), (contents[1], "two")]
    for nothing in (tmp_path / "*.webp", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(ImageError, match="there are no pictures in"):
            find_pictures([str(nothing)])


def names_of(contents: dict[str, str], styles: list[str]) -> dict[tuple[str, str], str]:
    pairs = make_pairs({Path(c): below for c, below in contents.items()}, styles, ".jpg")
    return {(str(pair.content), styles[pair.style or 0]): pair.name for pair in pairs}


def test_results_are_called_after_content_and_style() -> None:
    contents = {"in/x.png": ".", "in/a/x.png": "a", "in/a/b/y.jpg": "a/b"}
    found = names_of(contents, ["s/w.avif", "mosaic"])
    for content, name in zip(contents, ("x", "a/x", "a/b/y"), strict=True):
        assert found[content, "s/w.avif"] == f"{name}-w.jpg"
        assert found[content, "mosaic"] == f"{name}-mosaic.jpg"
    (pair,) = make_pairs({Path("x.png"): "."}, [], ".png", "candy")
    assert pair.name == "x-candy.png"


def test_no_two_results_have_one_name() -> None:
    contents = ["a/x.jpg", "a/x.png", "b/X.jpg", "b/a-b.png", "b/a.png"]
    styles = ["s/c.png", "s/b-c.png", "t/c.png"]
    found = names_of(dict.fromkeys(contents, "."), styles)
    assert len({name.lower() for name in found.values()}) == 15
    assert found["a/x.jpg", "s/c.png"] == "x-c.jpg"
    assert found["a/x.png", "s/c.png"] == "x.png-c.jpg"
    assert found["b/X.jpg", "s/c.png"] == "X.jpg-c.jpg"
    assert found["a/x.jpg", "t/c.png"] == "x-c-2.jpg"
    assert found["b/a.png", "s/b-c.png"] == "a.png-b-c.jpg"
    # In whatever order they are given, and wherever this is called.
    assert names_of(dict.fromkeys(reversed(contents), "."), styles[::-1]) == found
    whole = names_of({str(Path(c).absolute()): "." for c in contents}, styles)
    assert list(whole.values()) == list(found.values())


@pytest.mark.parametrize("odd", ["-x.png", "x\ny.png", "\udcff.png", ".x.png", "x" * 200 + ".png"])
def test_odd_names(odd: str) -> None:
    twins = {f"a/{odd}": ".", f"b/{odd}": ".", f"c/{odd}": "."}
    found = set(names_of(twins, ["waves", "x/waves.png"]).values())
    assert len(found) == 6
    for name in found:
        assert name[0] not in "-."
        assert name.isprintable()
        assert len(name.encode()) < 200


def test_folders_are_kept_and_what_is_added_is_painted_alone(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    folder, photos = tmp_path / "out", tmp_path / "photos"
    deep = photos / "deep" / "er"
    deep.mkdir(parents=True)
    contents[0].rename(photos / "x.png")
    contents[1].rename(deep / "x.jpg")

    def run() -> list[str]:
        outcomes = Batch(photos, styles[:1], folder, SETTINGS, "png").paint(workers=1)
        return sorted(o.pair.name for o in outcomes if not o.again and o.path is not None)

    assert run() == ["deep/er/x-a.png", "x-a.png"]
    assert open_picture(folder / "deep/er/x-a.png").size == (48, 32)
    assert run() == []
    before = sha256_of(folder / "deep/er/x-a.png")
    contents[2].rename(deep / "x.bmp")  # sorted before the other, whose result keeps its name
    assert run() == ["deep/er/x.bmp-a.png"]
    assert sha256_of(folder / "deep/er/x-a.png") == before
    assert run() == []
    # One takes the name of another that is away for a while.
    (deep / "x.jpg").rename(tmp_path / "away.jpg")
    Image.new("RGB", (48, 32), "red").save(deep / "x.webp")
    run()
    (tmp_path / "away.jpg").rename(deep / "x.jpg")
    run()
    pairs = Batch(photos, styles[:1], folder, SETTINGS, "png").pairs
    assert len({pair.name for pair in pairs}) == len(pairs) == 4
    assert run() == []


def test_a_bad_style_is_left_out(contents: list[Path], styles: list[Path], tmp_path: Path) -> None:
    cut = tmp_path / "styles" / "cut.jpg"
    cut.write_bytes(b"\xff\xd8\xff nothing")
    small = tmp_path / "styles" / "small.png"
    Image.new("RGB", (2, 2)).save(small)
    given = [cut, styles[0], small, tmp_path / "missing.png"]
    work = Batch(contents, [*given, "no_such_style"], tmp_path / "out", SETTINGS, "png")
    outcomes = list(work.paint())
    assert {o.pair.style for o in outcomes if o.error is None} == {1}
    errors = {o.pair.style: str(o.error) for o in outcomes if o.error is not None}
    for number, error in {0: "damaged", 2: "too small", 3: "not exist", 4: "no style"}.items():
        assert error in errors[number]
    assert len(outcomes) == 15
    work.save_sheets(outcomes)
    for bad in ([cut], [small, cut]):
        with pytest.raises(ImageError):
            list(batch(contents, bad, tmp_path / "out").paint())


def test_results_beside_contents(contents: list[Path], styles: list[Path], tmp_path: Path) -> None:
    for name in (contents[0].parent, contents[0].parent / "below"):
        name.mkdir(exist_ok=True)
        with pytest.raises(SettingsError, match="would lie among the contents"):
            Batch(name, styles, contents[0].parent, SETTINGS)
    folder = contents[0].parent
    for _ in range(2):
        work = Batch(str(folder / "*.*"), styles, folder, SETTINGS, "png")
        assert work.contents == contents[:1]
        work.save_sheets(list(work.paint()))
    assert len(list(folder.glob("*.png"))) == 4
    contents[0].unlink()
    with pytest.raises(ImageError, match="results of earlier runs"):
        Batch(str(folder / "*.png"), styles, folder, SETTINGS)


def test_a_sheet_of_somebody_else_stays(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sheet.png").write_bytes(b"mine")
    with pytest.raises(ImageError, match=r"sheet\.png is there and was made by something else"):
        list(batch(contents, styles, tmp_path / "out").paint())


def test_a_full_disk_ends_the_batch_and_what_a_kill_leaves_is_painted_again(
    contents: list[Path], styles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, add = tmp_path / "out", Journal.add

    def full(journal: Journal, **entry: object) -> None:
        if entry["inputs"]:  # the picture is there, and what says so is not
            raise OSError(errno.ENOSPC, "No space left on device")
        add(journal, **entry)

    monkeypatch.setattr(Journal, "add", full)
    with pytest.raises(ImpastoError, match=r"the disk is full at .*the same command continues"):
        list(batch(contents, styles, folder).paint(workers=1))
    assert len(list(folder.glob("*.png"))) >= 1
    monkeypatch.undo()
    assert [o.error for o in batch(contents, styles, folder).paint()] == [None] * 6


def test_ctrl_c_yields_what_is_under_way(tmp_path: Path) -> None:
    begun = time.monotonic()
    pool = ThreadPoolExecutor(2)

    def work(number: int) -> int:
        if number == 2:
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.1)
        return number

    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        done.extend(as_done(pool, work, range(100), 2))
    assert {0, 1, 2} <= set(done) < set(range(8))
    assert time.monotonic() - begun < running.PATIENCE  # what was not begun is not waited for


def test_an_error_ends_all(tmp_path: Path) -> None:
    begun, done = time.monotonic(), list[int]()

    def work(number: int) -> int:
        if number == 1:
            raise ImpastoError("the disk is full")
        time.sleep(0.1)
        return number

    with pytest.raises(ImpastoError, match="full"):
        done.extend(as_done(ThreadPoolExecutor(1), work, range(100), 1))
    assert len(done) <= 1
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("fails", [True, False])
def test_what_runs_is_told_to_stop_after_an_error_and_where_nobody_takes_the_rest(
    fails: bool,
) -> None:
    begun, ending = time.monotonic(), threading.Event()

    def work(number: int) -> int:
        if number == 0:
            return number
        if number == 1 and fails:
            raise ImpastoError("the disk is full")
        assert ending.wait(60)
        return number

    done = as_done(ThreadPoolExecutor(3), work, range(100), 3, ending.set)
    if fails:
        with pytest.raises(ImpastoError, match="full"):
            list(done)
    else:
        assert next(done) == 0
        done.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 30


def test_ctrl_c_does_not_wait_for_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PATIENCE", 0.3)
    free = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            os.kill(os.getpid(), signal.SIGINT)
            free.wait(60)
        return number

    begun, done = time.monotonic(), list[int]()
    with pytest.raises(KeyboardInterrupt):
        done.extend(as_done(ThreadPoolExecutor(1), work, range(100), 1))
    assert time.monotonic() - begun < 5
    assert done == [0]
    free.set()


def test_a_picture_that_nobody_waits_for_ends_at_its_next_step(
    contents: list[Path], styles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, taken, begun = 500, list[int](), threading.Event()

    class Slow:
        picture = None

        def __iter__(self) -> Iterator[int]:
            for step in range(steps):
                taken.append(step)
                begun.set()
                time.sleep(0.02)
                yield step

    class Stylizer:
        def run(self, content: Path) -> Slow:
            return Slow()

    monkeypatch.setattr(running, "PATIENCE", 0.0)
    monkeypatch.setattr(Batch, "_stylizer", lambda *_: Stylizer())
    settings = Settings(size=48, steps=(steps,))
    outcomes = batch(contents, styles, tmp_path / "out", settings).paint()

    def interrupt() -> None:
        if begun.wait(20):
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)
    seen = len(taken)
    time.sleep(0.3)
    assert len(taken) <= seen + 2 < steps


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such locks")
def test_a_second_run_into_a_folder_is_refused(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    first = batch(contents, styles, tmp_path / "out").paint(workers=1)
    next(first)
    with pytest.raises(ImpastoError, match=r"another run is working in .*out: wait for it"):
        list(batch(contents, styles, tmp_path / "out").paint())
    assert [o.error for o in first] == [None] * 5


def test_every_content_in_every_style_and_again_only_what_changed(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    pairs = make_pairs(dict.fromkeys(contents, "."), styles, ".png")

    def run(settings: Settings = SETTINGS) -> list[bool]:
        outcomes = batch(contents, styles, folder, settings).paint(workers=2)
        done = {o.pair: o.again for o in outcomes}
        return [done[pair] for pair in pairs]

    assert run() == [False] * 6
    pictures = [open_picture(folder / pair.name).to_array() for pair in pairs]
    assert all(picture.shape == (32, 48, 3) for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 6
    assert run() == [True] * 6
    (folder / pairs[3].name).unlink()
    Image.new("RGB", (60, 40), "red").save(contents[0])
    assert run() == [False, False, True, False, True, True]
    with (folder / "batch.jsonl").open("a") as journal:
        journal.write('\n{"name": "half a li')
    (folder / pairs[0].name).unlink()
    assert run() == [False, *[True] * 5]
    assert run() == [True] * 6
    assert run(SETTINGS.updated(strength=0.5)) == [False] * 6


def test_what_fails_is_told_and_the_rest_goes_on(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    contents[1].write_text("no picture")
    outcomes = list(batch(contents, styles, tmp_path / "out").paint())
    failed = [o for o in outcomes if o.error]
    assert {o.pair.content for o in failed} == {contents[1]}
    assert len(failed) == 2
    assert "not a picture" in str(failed[0].error)
    with pytest.raises(ImpastoError, match="does not exist"):
        list(batch(contents, [tmp_path / "none.png"], tmp_path / "out").paint())


def test_nothing_is_replaced_that_no_batch_made(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    pairs = make_pairs(dict.fromkeys(contents[2:], "."), styles, ".png")
    other = tmp_path / "out" / pairs[0].name
    other.parent.mkdir()
    other.write_bytes(b"somebody's work")
    first, second = batch(contents[2:], styles, tmp_path / "out").paint(workers=1)
    assert "made by something else" in str(first.error)
    assert second.error is None
    assert other.read_bytes() == b"somebody's work"
    taken = batch(contents[2:], styles, contents[2].parent)
    taken.pairs = [Pair(contents[2], 0, contents[2].name)]
    (outcome,) = taken.paint()
    assert "is one of the inputs" in str(outcome.error)
    with pytest.raises(ImageError, match="input"):
        save_sheet(contents, styles, {}, contents[2])


def test_results_are_no_contents_of_the_next_run(contents: list[Path], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "out" / "result.png")
    found = find_pictures([str(tmp_path)], tmp_path / "out")
    assert sorted(found) == sorted(contents)
    here = tmp_path / "one" / ".." / "two"
    assert [path.name for path in find_pictures([str(here)])] == ["photo.jpg"]


def test_sheets_show_what_there_is(
    contents: list[Path], styles: list[Path], tmp_path: Path
) -> None:
    five = batch(contents, styles, tmp_path / "out")
    del five.pairs[5]
    outcomes = list(five.paint())
    results = {(o.pair.content, o.pair.style): o.path for o in outcomes if o.path}
    sheet = open_picture(save_sheet(contents, styles, results, tmp_path / "sheet.png")).to_array()
    cells = [
        [sheet[8 + 200 * row : 200 + 200 * row, 8 + 200 * column : 200 + 200 * column]
         for column in range(3)] for row in range(4)
    ]  # fmt: skip
    filled = [[bool((cell < 250).any()) for cell in row] for row in cells]
    assert filled == [[False, True, True], *[[True] * 3] * 2, [True, True, False]]
    page = save_page(contents, styles, results, tmp_path / "sheet.html").read_text()
    assert page.count("<figure>") == 5
    # Each content once, however many pictures there are of it.
    assert page.count("data:image/jpeg;base64,") == 5 + 3
    assert "are in the folder" not in page
    assert 'src="http' not in page


def test_a_page_has_an_end(
    contents: list[Path], styles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.batch.sheets.ON_PAGE", 2)
    results: dict[tuple[Path, int | None], Path] = {(each, 0): each for each in contents}
    page = save_page(contents, styles, results, tmp_path / "sheet.html").read_text()
    assert page.count("<figure>") == 2
    assert "1 more are in the folder" in page
    assert f"<title>{len(contents)} pictures" in page


def test_another_network_or_folder_takes_no_name_of_before(
    tmp_path: Path, style_network: Path
) -> None:
    names = []
    for folder, style in (("a", "mosaic"), ("a", "woodcut"), ("b", "mosaic"), ("a", "mosaic")):
        photo = tmp_path / folder / "photo.png"
        photo.parent.mkdir(exist_ok=True)
        Image.new("RGB", (48, 48), "teal").save(photo)
        network = shutil.copy(style_network, tmp_path / f"{style}.onnx")
        (made,) = stylize_batch(photo, [], tmp_path / "out", method=str(network), format="png")
        names.append(made.pair.name)
    expected = ["photo-mosaic.png", "photo-woodcut.png", "photo.png-mosaic.png"]
    assert names == [*expected, "photo-mosaic.png"]
    assert sorted(path.name for path in (tmp_path / "out").glob("photo*")) == sorted(expected)


def test_another_mask_paints_anew(tmp_path: Path) -> None:
    photo, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    Image.new("RGB", (48, 48), "teal").save(photo)
    again = []
    for side in ("left", "left", "right"):
        drawn = Image.new("L", (48, 48))
        drawn.paste(255, (0, 0, 24, 48) if side == "left" else (24, 0, 48, 48))
        drawn.save(mask)
        (made,) = stylize_batch(
            photo, "waves", tmp_path / "out", method="fast", size=48, keep=str(mask)
        )
        again.append(made.again)
    assert again == [False, True, False]


def test_a_fine_style_has_a_name(tmp_path: Path) -> None:
    Image.new("RGB", (48, 48), "teal").save(tmp_path / "photo.png")
    how: dict[str, Any] = {"size": 32, "steps": 1, "fine_style": "woodcut"}
    again = [
        next(iter(stylize_batch(tmp_path / "photo.png", "waves", tmp_path / "out", **how)))
        for _ in range(2)
    ]
    assert [each.again for each in again] == [False, True]
