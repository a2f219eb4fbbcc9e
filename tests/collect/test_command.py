"""`impasto collect`: what it prints, and what it says to bad input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Impasto
from tests.collect.drawing import good
from tests.collect.server import Site


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
    assert 'pip install "impasto[collect]"' in outcome.only_line


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
