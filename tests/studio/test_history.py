"""Results that are kept, for each visitor apart."""

from pathlib import Path

import numpy as np
import pytest

from impasto.errors import ImageError
from impasto.images import Picture, open_picture
from impasto.settings import Settings
from impasto.studio import history
from impasto.studio.history import Entry, History


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return History(tmp_path / "history")


def add(kept: History, visitor: str, picture: Path, shade: float = 0.5) -> Entry:
    made = Picture(np.full((40, 60, 3), shade, np.float32))
    return kept.add(visitor, made, picture, [picture], Settings(size=60, seed=3))


def test_what_is_kept_is_there_after_a_restart(kept: History, picture: Path) -> None:
    entry = add(kept, "", picture)
    (found,) = History(kept.folder).entries("")
    assert found == entry
    assert found.title == "cat x cat"
    assert Settings.from_dict(found.settings).seed == 3
    assert open_picture(found.result).size == (60, 40)
    assert open_picture(found.content).size == (128, 128)
    assert found.thumbnail.is_file()


def test_the_newest_come_first_and_the_oldest_make_room(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST", 3)
    names = sorted(add(kept, "", picture).name for _ in range(5))
    assert len(kept.entries("")) == 3
    assert [each.name for each in kept.entries("")] == sorted(
        (each.name for each in kept.entries("")), reverse=True
    )
    assert names[-1] in [each.name for each in kept.entries("")]


def test_nobody_sees_what_is_anothers(kept: History, picture: Path) -> None:
    mine = add(kept, "token a", picture)
    assert kept.entries("token b") == []
    assert kept.entries("") == []
    with pytest.raises(ImageError, match="not in the history"):
        kept.get("token b", mine.name)
    kept.delete("token b", mine.name)
    assert kept.get("token a", mine.name) == mine
    assert "token" not in str(mine.folder.relative_to(kept.folder))


@pytest.mark.parametrize("name", ["..", "../results", "/etc", "", "20260101-000000-zz"])
def test_names_lead_nowhere_else(kept: History, picture: Path, name: str) -> None:
    entry = add(kept, "", picture)
    with pytest.raises(ImageError):
        kept.get("", name)
    kept.delete("", name)
    assert kept.get("", entry.name) == entry


def test_a_half_deleted_entry_is_left_out(kept: History, picture: Path) -> None:
    entry = add(kept, "", picture)
    (entry.folder / "entry.json").write_text("{")
    assert kept.entries("") == []


def test_a_folder_that_cannot_be_written(tmp_path: Path, picture: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match="cannot be written"):
        add(History(tmp_path / "file"), "", picture)


def test_a_full_disk_leaves_nothing_half_kept(
    kept: History, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Path:
        raise ImageError("result.png cannot be written: no space left")

    monkeypatch.setattr(Picture, "save", full)
    with pytest.raises(ImageError, match="no space left"):
        add(kept, "", picture)
    assert list((kept.folder / "results").iterdir()) == []
