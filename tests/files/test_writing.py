"""Files: whole or not at all, and none lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from impasto.errors import ImageError, ImpastoError
from impasto.files import working_alone, write_atomically


def test_threads_never_share_a_name(tmp_path: Path) -> None:
    _eight_threads_write(tmp_path)


def test_without_hard_links_no_name_is_shared_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    _eight_threads_write(tmp_path)


def _eight_threads_write(folder: Path) -> None:
    written: list[Path] = []
    barrier = threading.Barrier(8)

    def write(number: int) -> None:
        barrier.wait()
        written.append(write_atomically(folder / "a.png", bytes([number])))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = {"a.png", *(f"a-{number}.png" for number in range(2, 9))}
    assert {path.name for path in written} == names
    assert {path.name for path in folder.iterdir()} == names
    assert {path.read_bytes() for path in folder.iterdir()} == {bytes([n]) for n in range(8)}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_name_never_stands_for_less_than_the_whole(overwrite: bool, tmp_path: Path) -> None:
    path, seen = tmp_path / "a.png", set()

    def look(*_: Any) -> Any:  # noqa: ANN401
        if path.exists():
            seen.add(path.read_bytes())
        return look

    sys.settrace(look)  # at every line, as if it were the last before a power cut
    try:
        write_atomically(path, b"whole", overwrite)
    finally:
        sys.settrace(None)
    assert seen == {b"whole"}


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_a_link_to_another_disk_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").mkdir()
    target, link = tmp_path / "disk" / "b.png", tmp_path / "a.png"
    link.symlink_to(Path("disk") / "b.png")
    replace = Path.replace

    def on_one_disk(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", on_one_disk)
    for content in (b"first", b"second"):  # the link leads nowhere at first
        assert write_atomically(link, content, overwrite=True) == link
        assert target.read_bytes() == content
    assert link.is_symlink()
    assert list(target.parent.iterdir()) == [target]
    numbered = write_atomically(link, b"third")
    assert numbered == tmp_path / "a-2.png"
    assert target.read_bytes() == b"second"


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_links_that_lead_to_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, target in (("a.png", "folder"), ("b.png", "missing/b.png")):
        (tmp_path / name).symlink_to(target)
        with pytest.raises(ImageError):
            write_atomically(tmp_path / name, b"", overwrite=True)
        assert (tmp_path / name).is_symlink()


_HOLDING = """
import pathlib, sys, time
from impasto.files import working_alone
with working_alone(pathlib.Path(sys.argv[1])):
    print("here", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such locks")
def test_a_folder_is_one_process_s_until_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLDING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "here\n"
        with (
            pytest.raises(ImpastoError, match="another run is working in"),
            working_alone(tmp_path),
        ):
            raise AssertionError
        other.kill()
    with working_alone(tmp_path):
        (tmp_path / "ours").touch()
    assert [each.name for each in tmp_path.iterdir()] == ["ours"]  # nothing is left of the lock


def test_a_folder_of_no_disk_is_not_locked(tmp_path: Path) -> None:
    with working_alone(tmp_path / "s3:" / "elsewhere"):
        pass
