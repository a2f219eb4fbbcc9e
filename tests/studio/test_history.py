"""Results that are kept, for each visitor apart."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from impasto.errors import ImageError, ImpastoError
from impasto.images import Picture, open_picture
from impasto.settings import Settings
from impasto.studio import history
from impasto.studio.engine import Order, Style
from impasto.studio.history import Entry, History
from impasto.studio.store import File, GoneError, Visitor


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return History(tmp_path / "history")


def add(kept: History, visitor: str, picture: Path, shade: float = 0.5) -> Entry:
    made = Picture(np.full((40, 60, 3), shade, np.float32))
    facts = {"kind": "picture", "width": 128, "height": 128}
    file = File(picture.parent, Visitor(visitor, visitor), "cat.jpg", picture, facts)
    order = Order(
        file,
        (Style("cat.jpg", picture), Style("mosaic", "gallery:mosaic")),
        Settings(size=60, seed=3),
    )
    return kept.add(visitor, made, order)


def test_what_is_kept_is_there_after_a_restart(kept: History, picture: Path) -> None:
    entry = add(kept, "", picture)
    (found,) = History(kept.folder).entries("")
    assert found == entry
    assert found.title == "cat x cat + mosaic"
    assert Settings.from_dict(found.settings).seed == 3
    assert open_picture(found.path("result.png")).size == (60, 40)
    assert open_picture(found.path(found.content)).size == (128, 128)
    assert found.path("thumbnail.jpg").is_file()


def test_the_newest_come_first_and_the_oldest_make_room(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST", 3)
    names = [add(kept, "", picture).name for _ in range(5)]
    assert [each.name for each in kept.entries("")] == names[:1:-1]


def test_the_order_holds_over_the_turn_of_a_second(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = 1_800_000_000 * 10**9
    moments = iter([turn - 10, turn - 2, turn + 1, turn + 10**9])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    names = [add(kept, "", picture).name for _ in range(4)]
    assert [each.name for each in kept.entries("")] == names[::-1]


def test_nobody_sees_what_is_anothers(kept: History, picture: Path) -> None:
    mine = add(kept, "token a", picture)
    assert kept.entries("token b") == []
    assert kept.entries("") == []
    with pytest.raises(GoneError, match="not in the history"):
        kept.get("token b", mine.name)
    kept.delete("token b", mine.name)
    assert kept.get("token a", mine.name) == mine
    assert "token" not in str(mine.folder.relative_to(kept.folder))


@pytest.mark.parametrize("name", ["..", "../results", "/etc", "", "20260101-000000-zz"])
def test_names_lead_nowhere_else(kept: History, picture: Path, name: str) -> None:
    entry = add(kept, "", picture)
    with pytest.raises(ImpastoError):
        kept.get("", name)
    kept.delete("", name)
    assert kept.get("", entry.name) == entry


@pytest.mark.parametrize("gone", ["entry.json", "result.png", "thumbnail.jpg"])
def test_a_half_deleted_entry_is_left_out(kept: History, picture: Path, gone: str) -> None:
    entry, whole = add(kept, "", picture), add(kept, "", picture)
    (entry.folder / gone).unlink()
    assert kept.entries("") == [whole]
    with pytest.raises(GoneError, match="not in the history"):
        kept.get("", entry.name)


def test_what_is_deleted_is_gone_at_once(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = add(kept, "", picture)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # it is ended in the middle
    kept.delete("", entry.name)
    assert kept.entries("") == []
    assert not entry.folder.exists()


def aged(entry: Entry, date: str) -> Path:
    """Make an entry older, and half kept ones as well."""
    return entry.folder.rename(entry.folder.with_name(f"{date}{entry.name[8:]}"))


def test_results_of_strangers_go_after_a_while(kept: History, picture: Path) -> None:
    mine = aged(add(kept, "", picture), "20200101")
    old, half = (aged(add(kept, f"token {n}", picture), "20200101") for n in range(2))
    half = half.rename(half.with_name(f".{half.name}"))
    new = add(kept, "token 2", picture)
    assert mine.is_dir()
    assert kept.entries("token 2") == [new]
    assert not old.parent.exists()
    assert not half.parent.exists()


def test_the_oldest_results_of_strangers_make_room(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, *others = (add(kept, f"token {n}" if n else "", picture) for n in range(4))
    size = sum(each.stat().st_size for each in others[0].folder.iterdir())
    monkeypatch.setattr(history, "MOST_BYTES", round(2.5 * size))
    newest = add(kept, "token 9", picture)
    assert [each.folder.is_dir() for each in (mine, *others, newest)] == [1, 0, 0, 1, 1]


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, picture: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="cannot be written") as caught:
        add(History(tmp_path / "file"), "", picture)
    assert str(tmp_path) not in str(caught.value)
    assert str(tmp_path / "file") in caplog.text


def test_a_full_disk_leaves_nothing_half_kept(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Path:
        raise ImageError("result.png cannot be written: no space left")

    monkeypatch.setattr(Picture, "save", full)
    with pytest.raises(ImageError, match="no space left"):
        add(kept, "", picture)
    assert list((kept.folder / "results").iterdir()) == []
