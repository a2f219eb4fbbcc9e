"""`impasto collect`: what it prints, and what it says to bad input."""

from __future__ import annotations

import http.server
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Impasto
from tests.collect.drawing import good
from tests.collect.server import Site

from impasto.collect.items import NAME
from impasto.errors import install_command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give web addresses, or words to search for: --search"),
        (["https://a.example/", "--search", "x"], "give web addresses, or words"),
        (
            ["a.example/art"],
            "'a.example/art' is not a web address: write it with https:// in front",
        ),
        (["ftp://a.example/"], "only http and https"),
        (["https://me:secret@a.example/"], "name or password"),
        (
            ["--search", "x", "--source", "google"],
            "source must be one of wikimedia, openverse, met",
        ),
        (["--search", ""], "search is empty"),
        (["https://a.example/", "--min-size", "0"], "--min-size must be at least 1"),
        (["https://a.example/", "--max-bytes", "0"], "--max-bytes must be at least 1"),
        (["https://a.example/", "--aspect", "2,1"], "--aspect must be two numbers"),
        (["https://a.example/", "--license", "mit"], "--license must be one of cc0"),
        (["https://a.example/", "--licence", "mit"], "--license must be one of cc0"),
    ],
)
def test_bad_input_is_one_line(
    impasto: Impasto, tmp_path: Path, arguments: list[str], message: str
) -> None:
    outcome = impasto("collect", *arguments, "-o", tmp_path / "out")
    assert outcome.status == 2
    assert message in outcome.only_line
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_to(impasto: Impasto, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    outcome = impasto("collect", "https://a.example/", "-o", tmp_path / "file")
    assert outcome.status == 1
    assert "name another folder" in outcome.only_line


def test_without_the_packages(
    impasto: Impasto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "selectolax", None)
    outcome = impasto("collect", "https://a.example/", "-o", tmp_path / "out")
    assert outcome.status == 1
    assert outcome.only_line.endswith(install_command("collect"))


def test_it_says_what_was_kept_and_what_was_not(
    impasto: Impasto, site: Site, tmp_path: Path
) -> None:
    site.picture("/a.jpg", good(0))
    site.page("/", '<img src="/a.jpg"><img src="/none.jpg"><img src="/gone.jpg">')
    arguments = ("collect", f"{site.url}/", "-o", tmp_path, "--min-size", 64, "--delay", 0)
    outcome = impasto(*arguments)
    assert outcome.status == 0
    assert outcome.out == f"1 kept, 1 of them new, in {tmp_path}\n  2 left out: server refused\n"
    assert outcome.err == ""
    (line,) = (tmp_path / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert (tmp_path / json.loads(line)["file"]).read_bytes() == good(0)
    assert impasto(*arguments).out.startswith("1 kept, 0 of them new")


def test_nothing_kept_is_an_error_that_says_why(
    impasto: Impasto, site: Site, tmp_path: Path
) -> None:
    site.page("/", '<img src="/none.jpg">')
    outcome = impasto("collect", f"{site.url}/", "-o", tmp_path, "--delay", 0)
    assert outcome.status == 1
    assert "no picture was kept (1 server refused): see" in outcome.only_line
    assert "log.jsonl" in outcome.only_line


@pytest.mark.slow
def test_a_stopped_run_is_resumed(site: Site, impasto: Impasto, tmp_path: Path) -> None:
    """Also while a server does not answer; what is there is not asked for again."""
    silent, free = threading.Event(), threading.Event()

    def answer(_: http.server.BaseHTTPRequestHandler) -> None:
        silent.set()
        free.wait(60)

    paths = [f"/{n}.jpg" for n in range(4)]
    for n, path in enumerate(paths):
        site.picture(path, good(2 * n))
    site.answers[paths[2]] = answer
    site.page("/", "".join(f'<img src="{path}">' for path in paths))
    command = ["collect", f"{site.url}/", "-o", str(tmp_path / "out"), "--min-size", "64"]
    command += ["--delay", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "impasto", *command], stderr=subprocess.PIPE, text=True
    ) as program:
        assert silent.wait(60)
        begun = time.monotonic()
        program.send_signal(signal.SIGHUP)
        _, err = program.communicate(timeout=60)
        assert time.monotonic() - begun < 10
    free.set()
    assert program.returncode == 128 + signal.SIGHUP, err
    assert err == "stopped; the same command resumes\n"
    with sqlite3.connect(tmp_path / "out" / NAME) as base:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    base.close()
    kept = (tmp_path / "out" / "manifest.jsonl").read_text("utf-8").splitlines()
    assert all((tmp_path / "out" / json.loads(line)["file"]).is_file() for line in kept)
    site.picture(paths[2], good(4))
    again = impasto(*command)
    assert again.out.startswith("4 kept, "), again.err
    assert [site.asked[path] for path in ("/", *paths)] == [1, 1, 1, 2, 1]
