"""Downloads from a server that misbehaves in every way we know."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from impasto.errors import WeightsError
from impasto.weights import downloading, fetch
from impasto.weights.catalogue import WeightsFile
from impasto.weights.fetching import show_downloads

if TYPE_CHECKING:
    from tests.weights.conftest import Answer, Server

BODY = bytes(range(256)) * 40_000  # ten megabytes: more than one chunk


@pytest.fixture
def file(server: Server, catalogued: Callable[[WeightsFile], WeightsFile]) -> WeightsFile:
    return catalogued(
        WeightsFile(
            name="small",
            filename="small.bin",
            group="small",
            purpose="testing",
            license="CC0",
            source="here",
            url=f"{server.url}/small.bin",
            size_bytes=len(BODY),
            published_hash=f"md5:{hashlib.md5(BODY).hexdigest()}",
        )
    )


def nothing_left(cache: Path) -> bool:
    return not cache.exists() or list(cache.iterdir()) == []


def failure(name: str = "small") -> str:
    with pytest.raises(WeightsError) as caught:
        fetch(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_file_arrives_once(
    server: Server,
    answer: type[Answer],
    file: WeightsFile,
    cache: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    server.answers = [answer(BODY)]
    path = fetch("small")
    assert path == cache / "small.bin"
    assert path.read_bytes() == BODY
    assert [path] == list(cache.iterdir())
    assert fetch("small") == path
    assert server.requests == 1
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_the_file_may_be_read_by_whom_the_umask_lets(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(BODY)]
    before = os.umask(0o022)
    try:
        assert fetch("small").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


def test_what_is_coming_is_told_before_the_first_byte(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(BODY[:99], missing_bytes=1), answer(BODY)]
    told = []
    show_downloads(lambda *args: told.append((*args, server.requests)))
    try:
        fetch("small")
        assert told == [(file, cache / "small.bin", 0)]
        fetch("small")
    finally:
        show_downloads()
    assert len(told) == 1


def test_a_wrong_hash_is_refused_at_once(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(BODY[:-1] + b"!")]
    message = failure()
    assert "another file" in message
    assert str(file.published_hash) in message
    assert str(file.url) in message
    assert server.requests == 1
    assert nothing_left(cache)


@pytest.mark.parametrize("good", [True, False])
def test_the_published_first_digits_of_a_hash_are_enough(
    good: bool,
    server: Server,
    answer: type[Answer],
    catalogued: Callable[[WeightsFile], WeightsFile],
    cache: Path,
) -> None:
    digits = hashlib.sha256(BODY).hexdigest()[:8] if good else "00000000"
    url = f"{server.url}/p"
    published = f"sha256:{digits}..."
    catalogued(WeightsFile("p", "p", "p", "", "", "", url, len(BODY), published))
    server.answers = [answer(BODY)]
    if good:
        assert fetch("p") == cache / "p"
    else:
        assert "sha256:00000000..." in failure("p")
        assert nothing_left(cache)


def test_a_missing_file_is_not_asked_for_twice(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(b"no", 404)]
    assert "404" in failure()
    assert server.requests == 1
    assert nothing_left(cache)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(
    status: int, server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(b"later", status), answer(b"later", status), answer(BODY)]
    assert fetch("small").read_bytes() == BODY


@pytest.mark.parametrize("length", [0, 1000, 3_000_000])
def test_a_cut_connection_is_tried_again_from_the_start(
    length: int, server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    cut = answer(BODY[:length], missing_bytes=len(BODY) - length)
    server.answers = [cut, cut, answer(BODY)]
    assert fetch("small").read_bytes() == BODY
    assert server.requests == 3
    assert [cache / "small.bin"] == list(cache.iterdir())


def test_a_connection_that_is_always_cut_is_given_up(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(BODY[:5000], missing_bytes=len(BODY) - 5000)]
    message = failure()
    assert "the connection was cut, 3 times" in message
    assert "`impasto weights fetch small`" in message
    assert server.requests == 3
    assert nothing_left(cache)


def test_a_short_answer_that_claims_to_be_whole_counts_as_cut(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(BODY[:5000]), answer(BODY)]
    assert fetch("small").read_bytes() == BODY


def test_no_network(catalogued: Callable[[WeightsFile], WeightsFile], cache: Path) -> None:
    catalogued(WeightsFile("far", "far", "far", "", "", "", "http://127.0.0.1:9/far"))
    message = failure("far")
    assert "no connection to the server" in message
    assert "IMPASTO_WEIGHTS" in message
    assert nothing_left(cache)


def test_offline_asks_no_server(
    server: Server, file: WeightsFile, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    assert "unset IMPASTO_OFFLINE" in failure()
    assert server.requests == 0
    assert not cache.exists()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device")])
def test_a_full_disk(
    error: OSError, file: WeightsFile, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_halfway(monkeypatch, error)
    message = failure()
    assert "No space left on device" in message
    assert "needs 10 MB" in message
    assert "IMPASTO_HOME" in message
    assert nothing_left(cache)


def test_interrupting_leaves_nothing(
    file: WeightsFile, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_halfway(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch("small")
    assert nothing_left(cache)


def test_what_a_killed_download_left_is_removed_after_a_day(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    cache.mkdir(parents=True)
    names = (".small.bin.01234567.part", ".small.bin.89abcdef.part", ".other.bin.01234567.part")
    stale, running, other = (cache / name for name in names)
    for path in (stale, running, other):
        path.write_bytes(b"half")
    for path in (stale, other):
        os.utime(path, times=(0, 0))
    server.answers = [answer(BODY)]
    path = fetch("small")
    assert set(cache.iterdir()) == {path, running, other}


def break_halfway(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def download(_url: str, part: Path) -> None:
        part.write_bytes(BODY[:1000])
        raise error

    monkeypatch.setattr(downloading, "get_file", download)


def test_a_cache_that_is_no_folder(
    server: Server, file: WeightsFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "taken"))
    told: list[Path] = []
    show_downloads(lambda file, path: told.append(path))
    with pytest.raises(WeightsError, match=r"cannot be written .*IMPASTO_HOME"):
        fetch("small")
    show_downloads()
    assert told == []
    assert server.requests == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_cache_that_may_not_be_written(server: Server, file: WeightsFile, cache: Path) -> None:
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    try:
        assert "cannot be written" in failure()
    finally:
        cache.chmod(0o700)
    assert server.requests == 0
