"""``impasto weights``, from the outside."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from impasto.cli.weights import app
from impasto.errors import WeightsError
from impasto.weights.catalogue import CATALOGUE, WeightsFile

if TYPE_CHECKING:
    from tests.weights.conftest import Answer, Server


def run(*arguments: str, status: int = 0) -> list[str]:
    result = CliRunner().invoke(app, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status
    return result.output.splitlines()


def line_of(lines: list[str], name: str) -> str:
    (line,) = (line for line in lines if line.startswith(name))
    return line


@pytest.fixture
def file(server: Server, catalogued: Callable[[WeightsFile], WeightsFile]) -> WeightsFile:
    url, md5 = f"{server.url}/small.bin", hashlib.md5(b"abc").hexdigest()
    return catalogued(
        WeightsFile("small", "small.bin", "small", "", "CC0", "here", url, 3, f"md5:{md5}")
    )


def test_list_shows_every_file_and_where_it_is(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / "vgg19.safetensors").write_bytes(b"")
    lines = run("list")
    assert lines[0].split() == ["NAME", "SIZE", "LICENSE", "PURPOSE", "WHERE"]
    assert len(lines) == 1 + len(CATALOGUE)
    assert line_of(lines, "vgg19-safetensors").endswith(str(cache / "vgg19.safetensors"))
    assert line_of(lines, "vgg19-keras").endswith("not here; downloaded when needed")
    assert "80 MB" in line_of(lines, "vgg19-keras")
    assert CATALOGUE["vgg19-keras"].purpose in line_of(lines, "vgg19-keras")
    column = lines[0].index("LICENSE")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)


def test_fetch_says_size_and_license_and_then_the_path(
    server: Server, answer: type[Answer], file: WeightsFile, cache: Path
) -> None:
    server.answers = [answer(b"abc")]
    said, path = run("fetch", "small")
    assert "0 MB" in said
    assert "CC0" in said
    assert "from here" in said
    assert str(file.url) in said
    assert path == str(cache / "small.bin")
    assert run("fetch", "small") == [path]


def test_errors_are_left_to_the_program_around_it(cache: Path) -> None:
    with pytest.raises(WeightsError, match="known: pocket, any-style"):
        run("fetch", "nothing")
    with pytest.raises(WeightsError, match="IMPASTO_WEIGHTS"):
        run("verify", "vgg19")


@pytest.mark.parametrize("command", ["fetch", "verify"])
@pytest.mark.parametrize("name", ["x" * 300, "~nouser/x", "~a\0b"])
def test_names_that_no_disk_can_hold_are_unknown_names(command: str, name: str) -> None:
    with pytest.raises(WeightsError, match="known: pocket, any-style"):
        run(command, name)


def test_folders_that_cannot_be_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_HOME", "~nouser/x")
    monkeypatch.setenv("IMPASTO_WEIGHTS", "y" * 300)
    mine, cache = run("where")[2:4]
    assert "missing" in mine
    assert cache.endswith(os.path.join("~nouser/x", "weights"))  # noqa: PTH118 (no such user)


def test_verify_takes_a_path_in_the_home_folder(file: WeightsFile, home: Path) -> None:
    (home / "small.bin").write_bytes(b"abc")
    assert "  ok  " in line_of(run("verify", "~/small.bin"), "small.bin")


def test_where_lists_the_folders_in_order(
    home: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", os.pathsep.join([str(home), str(home / "none")]))
    lines = run("where")
    assert [line.split()[0] for line in lines] == ["ORDER", "1", "2", "3", "4", "5", "6"]
    assert "bundled" in lines[1]
    assert "exists" in lines[2]
    assert lines[2].endswith(str(home))
    assert "missing" in lines[3]
    assert lines[4].endswith(str(cache))


def test_verify_finds_every_copy_and_fails_if_one_is_wrong(
    file: WeightsFile, cache: Path, home: Path
) -> None:
    assert len(run("verify")) == 4  # the bundled files, and nothing wrong
    cache.mkdir(parents=True)
    (cache / "small.bin").write_bytes(b"abc")
    (cache / "vgg19.safetensors").write_bytes(b"mine")
    lines = run("verify")
    assert "  ok  " in line_of(lines, "small.bin")
    assert hashlib.sha256(b"abc").hexdigest() in line_of(lines, "small.bin")
    assert "no published hash" in line_of(lines, "vgg19.safetensors")
    models = home / ".keras" / "models"
    models.mkdir(parents=True)
    (models / "small.bin").write_bytes(b"abd")
    wrong = [line for line in run("verify", "small", status=1) if "  wrong  " in line]
    assert len(wrong) == 1
    assert wrong[0].endswith(str(models))
    assert len(run("verify", "vgg19")) == 2


def test_verify_takes_a_path(file: WeightsFile, tmp_path: Path) -> None:
    path = tmp_path / "small.bin"
    path.write_bytes(b"abc")
    assert "  ok  " in line_of(run("verify", str(path)), "small.bin")
    path.write_bytes(b"abcd")
    assert "  wrong  " in line_of(run("verify", str(path), status=1), "small.bin")
    other = path.rename(tmp_path / "other.bin")
    assert "no published hash" in line_of(run("verify", str(other)), "other.bin")


def test_a_file_that_several_names_share_is_verified_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [name for file in CATALOGUE.values() for name in {file.filename, file.kept_as} if name]
    shared = next(name for name in names if names.count(name) > 1)
    (home / shared).write_bytes(b"abc")
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(home))
    assert sum(line.startswith(shared) for line in run("verify", status=0)) == 1
