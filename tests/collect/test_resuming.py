"""Limits, resuming, asking again, kills, and folders that are not as they should be."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.collect.drawing import encoded, good, near
from tests.collect.runs import image, lines, path_of, run, show
from tests.collect.server import Site

from impasto.collect import CollectOptions, collect
from impasto.collect.items import NAME
from impasto.collect.state_db import StateDB
from impasto.errors import CollectError


def test_the_limit_and_resuming(site: Site, tmp_path: Path) -> None:
    paths = [f"/{number}.jpg" for number in range(0, 20, 2)]
    for number, path in enumerate(paths):
        site.picture(path, good(2 * number))
    url = show(site, *paths)
    assert run(url, tmp_path, limit=3)[0] == paths[:3]
    asked = site.asked.total()
    assert run(url, tmp_path, limit=3)[0] == paths[:3]
    assert site.asked.total() == asked
    assert run(url, tmp_path, limit=5)[0] == paths[:5]
    assert run(url, tmp_path)[0] == paths
    assert {site.asked[path] for path in ("/", *paths)} == {1}


@pytest.mark.slow
def test_stopped_in_the_middle_and_resumed(site: Site, tmp_path: Path) -> None:
    paths = [f"/{number}.jpg" for number in range(0, 20, 2)]
    for number, path in enumerate(paths):
        site.picture(path, good(2 * number))
    url = show(site, *paths)
    items = collect([url], tmp_path, CollectOptions(min_size=64))
    for item in items:
        if item.outcome == "kept":
            break
    with pytest.raises(CollectError, match="wait for the other run that collects"):
        list(collect([url], tmp_path))
    items.close()
    assert len(lines(tmp_path)) == 1
    assert not list(tmp_path.glob("*.part"))
    assert run(url, tmp_path)[0] == paths
    assert site.asked[paths[0]] == 1


def test_a_second_run_asks_what_has_changed(site: Site, tmp_path: Path) -> None:
    for number in range(3):
        site.picture(f"/{number}.jpg", good(2 * number), etag=f'"{number}"')
    site.picture("/small.jpg", encoded(image(20, 20, 50), "jpeg"), etag='"s"')
    url = show(site, "/0.jpg", "/1.jpg", "/2.jpg", "/small.jpg")
    before = run(url, tmp_path)[0]
    files = {line["url"]: line["file"] for line in lines(tmp_path)}
    site.headers.clear()
    # One as it was, one changed, one gone, one broken, and a new one.
    site.picture("/1.jpg", good(10), etag='"new"')
    site.answers["/2.jpg"] = (404, {}, b"")
    site.picture("/3.jpg", good(12))
    show(site, "/0.jpg", "/1.jpg", "/2.jpg", "/small.jpg", "/3.jpg")
    kept, _ = run(url, tmp_path)
    assert kept == [*before, "/3.jpg"]
    now = {line["url"]: line["file"] for line in lines(tmp_path)}
    assert {path_of(url) for url in files if files[url] != now[url]} == {"/1.jpg"}
    conditions = [each["if-none-match"] for each in site.headers if "if-none-match" in each]
    assert conditions == ['"0"', '"1"', '"2"', '"s"']
    # Other options: what was left out is looked at once more, without conditions.
    site.headers.clear()
    assert "/small.jpg" in run(url, tmp_path, min_size=10, near=0)[0]
    conditions = [each["if-none-match"] for each in site.headers if "if-none-match" in each]
    assert conditions == ['"0"', '"new"', '"2"']


def test_marks_that_no_header_can_hold(site: Site, tmp_path: Path) -> None:
    site.picture("/0.jpg", good(0), etag='"b\xfccher"')
    url = show(site, "/0.jpg")
    for _ in range(2):
        assert run(url, tmp_path)[0] == ["/0.jpg"]
    assert site.asked["/0.jpg"] == 2
    assert not any("if-none-match" in each for each in site.headers)


def test_pictures_removed_by_hand_stay_away(site: Site, tmp_path: Path) -> None:
    for number in range(2):
        site.picture(f"/{number}.jpg", good(2 * number))
    url = show(site, "/0.jpg", "/1.jpg")
    run(url, tmp_path)
    (tmp_path / lines(tmp_path)[0]["file"]).unlink()
    assert run(url, tmp_path)[0] == ["/1.jpg"]
    assert site.asked["/0.jpg"] == 1
    assert [line["reason"] for line in lines(tmp_path, "log.jsonl")] == ["removed"]


def test_nor_do_they_come_back_as_their_duplicates(site: Site, tmp_path: Path) -> None:
    site.picture("/0.jpg", good(0))
    site.picture("/same.jpg", good(0))
    site.picture("/near.jpg", near(0))
    site.picture("/other.jpg", good(2))
    url = show(site, "/0.jpg", "/same.jpg", "/near.jpg", "/other.jpg")
    run(url, tmp_path)
    (tmp_path / lines(tmp_path)[0]["file"]).unlink()
    for _ in range(2):
        kept, refused = run(url, tmp_path, limit=2)
        assert kept == ["/other.jpg"]
        assert refused == {"/same.jpg": "duplicate", "/near.jpg": "near-duplicate"}


def test_a_page_that_was_found_and_is_given_now_is_a_start(site: Site, tmp_path: Path) -> None:
    for number in range(2):
        site.picture(f"/{number}.jpg", good(2 * number))
    site.page("/", '<a href="/found">f</a>', etag='"1"')
    site.page("/found", '<img src="/0.jpg"><a href="/deep">d</a>', etag='"2"')
    site.page("/deep", '<img src="/1.jpg">')
    assert run(f"{site.url}/", tmp_path, depth=1)[0] == ["/0.jpg"]
    given = [f"{site.url}/found", f"{site.url}/0.jpg"]
    assert run(given, tmp_path, depth=1)[0] == ["/0.jpg", "/1.jpg"]
    # Where a picture was found is not forgotten.
    assert [path_of(line["page"]) for line in lines(tmp_path)] == ["/found", "/deep"]


def test_other_options_start_over_though_something_is_pending(site: Site, tmp_path: Path) -> None:
    for number in range(3):
        site.picture(f"/{number}.jpg", good(2 * number))
    site.page("/", '<img src="/0.jpg"><img src="/1.jpg"><a href="/deep">d</a>')
    site.page("/deep", '<img src="/2.jpg">')
    assert run(f"{site.url}/", tmp_path, limit=1)[0] == ["/0.jpg"]
    assert run(f"{site.url}/", tmp_path, depth=1)[0] == ["/0.jpg", "/1.jpg", "/2.jpg"]


@pytest.mark.parametrize("moment", ["before the name", "before the line"])
def test_killed_between_name_and_line(
    site: Site, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.picture("/0.jpg", good(0))
    site.picture("/1.jpg", good(2))
    url = show(site, "/0.jpg", "/1.jpg")

    class KilledError(BaseException):
        pass

    write, seen = StateDB.write, list[str]()

    def killed(db: StateDB, name: str, data: bytes) -> None:
        if name.endswith(".jpg"):
            if moment == "before the line":
                write(db, name, data)
            else:
                (tmp_path / ".collect.part").write_bytes(data[:99])
            seen.append(name)
            raise KilledError
        if not seen:
            write(db, name, data)

    with monkeypatch.context() as patched:
        patched.setattr(StateDB, "write", killed)
        # Nothing is brought in order by who is dead.
        patched.setattr(StateDB, "tidy", lambda _: None)
        with pytest.raises(KilledError):
            list(collect([url], tmp_path, CollectOptions(min_size=64)))
    left = {path.name for path in tmp_path.iterdir()} - {NAME, "manifest.jsonl", "log.jsonl"}
    assert len(left) == 1
    assert run(url, tmp_path)[0] == ["/0.jpg", "/1.jpg"]
    assert lines(tmp_path)[0]["file"] in left or moment == "before the name"
    assert site.asked["/"] == 1


def test_somebodys_files_are_left_alone(site: Site, tmp_path: Path) -> None:
    site.picture("/0.jpg", good(0))
    url = show(site, "/0.jpg")
    run(url, tmp_path / "a")
    (name,) = (line["file"] for line in lines(tmp_path / "a"))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / name).write_bytes(b"mine")
    list(collect([url], tmp_path / "b", CollectOptions(min_size=64)))
    assert (tmp_path / "b" / name).read_bytes() == b"mine"
    assert lines(tmp_path / "b")[0]["file"] != name


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(CollectError, match="name another folder"):
        list(collect(["https://a.example/"], tmp_path / "file"))
    (tmp_path / NAME).write_bytes(b"no database " * 100)
    with pytest.raises(CollectError, match=r"or remove its \.collect\.sqlite"):
        list(collect(["https://a.example/"], tmp_path))
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    with pytest.raises(CollectError, match=r"cannot be used \(unable to open"):
        list(collect(["https://a.example/"], tmp_path))


def test_a_database_that_is_damaged_is_closed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def recorded(path: Path, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 (as it has them)
        made.append(connect(path, **options))
        return made[-1]

    (tmp_path / NAME).write_bytes(b"no database " * 100)
    monkeypatch.setattr(sqlite3, "connect", recorded)
    with pytest.raises(sqlite3.DatabaseError):
        StateDB(tmp_path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")


def test_the_database_is_not_in_use_after_a_run(site: Site, tmp_path: Path) -> None:
    run(f"{site.url}/", tmp_path)
    with sqlite3.connect(tmp_path / NAME) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()
