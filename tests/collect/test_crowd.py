"""The site of 260 pictures: exactly the right 200, in bounded memory, after kills too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.collect.crowd import CLOSED, DEPTH, GOOD, NEAR, Wanted, build
from tests.collect.server import Site, serving

from impasto.files import sha256_of
from impasto.images import open_picture

MOST_MEGABYTES = 200


class Served:
    """The two sites, and what must come of the first."""

    def __init__(self, site: Site, private: Site) -> None:
        self.site, self.private = site, private
        self.wanted: Wanted = build(site, private.url)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(Site()) as private, serving(Site()) as site:
        private.picture("/secret.jpg", b"secret")
        yield Served(site, private)


@pytest.fixture(autouse=True)
def again(served: Served) -> None:
    served.site.asked.clear()
    served.site.headers.clear()


#: Runs a command and writes the peak of its memory in kilobytes: that of a child of this process
#: would begin with this process's own.
MEASURED = (
    "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


def start(served: Served, folder: Path, *before: str) -> subprocess.Popen[str]:
    """Start the command, perhaps by another one before it."""
    options = "--limit 2000 --delay 0 --min-size 64 --timeout 2 --max-bytes 1000000 --depth"
    command = [
        *before,
        sys.executable,
        "-m",
        "impasto",
        "collect",
        served.site.url,
        "-o",
        str(folder),
    ]
    command += [*options.split(), str(DEPTH)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check(served: Served, folder: Path) -> list[str]:
    """Compare a folder with what must be in it; return the names of its pictures."""
    site, wanted = served.site, served.wanted
    manifest = lines(folder / "manifest.jsonl")
    paths = [line["url"].removeprefix(site.url) for line in manifest]
    assert len(paths) == GOOD
    assert set(paths) == wanted.right
    names = [line["file"] for line in manifest]
    others = {"manifest.jsonl", "log.jsonl", ".collect.sqlite"}
    assert {path.name for path in folder.iterdir()} == {*names, *others}
    for line in manifest[::20]:
        assert sha256_of(folder / line["file"]) == line["sha256"]
        assert open_picture(folder / line["file"]).size == (line["width"], line["height"])
    log = {
        line["url"].removeprefix(site.url): line["reason"] for line in lines(folder / "log.jsonl")
    }
    assert log == {path: reason for path, reason in wanted.reasons.items() if reason}
    assert not served.private.asked
    assert not any(path.startswith("/closed/") for path in site.asked)
    return names


@pytest.mark.slow
def test_exactly_the_right_ones_in_bounded_memory(served: Served, tmp_path: Path) -> None:
    run = start(served, tmp_path, sys.executable, "-c", MEASURED)
    report = run.communicate(timeout=240)[0]
    assert run.returncode == 0
    megabytes = int(report.splitlines()[-1]) / 1024
    assert megabytes < MOST_MEGABYTES
    assert report.startswith(f"{GOOD} kept, {GOOD} of them new, in ")
    assert f"{NEAR} left out: near-duplicate" in report
    assert f"{CLOSED} left out: disallowed by robots.txt" in report
    check(served, tmp_path)
    asked, headers = served.site.asked, served.site.headers
    # Each once, but those that were busy, and what a trap leads to.
    twice = {path for path, times in asked.items() if times > 1}
    assert twice == {"/pictures/010.jpg", "/pictures/020.jpg"} | {
        path for path in twice if path.startswith("/trap/")
    }
    assert asked["/robots.txt"] == 1
    assert {each["user-agent"] for each in headers} == {headers[0]["user-agent"]}


@pytest.mark.slow
def test_the_same_after_it_was_stopped_and_killed(served: Served, tmp_path: Path) -> None:
    for moment, number in ((60, signal.SIGINT), (180, signal.SIGKILL)):
        run = start(served, tmp_path)
        while sum(served.site.asked.values()) < moment and run.poll() is None:
            time.sleep(0.002)
        run.send_signal(number)
        run.communicate(timeout=20)
        assert run.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
        if number == signal.SIGINT:
            nothing_is_lost(tmp_path)
        assert (tmp_path / ".collect.sqlite").is_file()
        manifest = (tmp_path / "manifest.jsonl").read_text(encoding="utf-8")
        assert manifest.count("\n") < GOOD
    run = start(served, tmp_path)
    run.communicate()
    assert run.returncode == 0
    names = check(served, tmp_path)
    assert len({name.lower() for name in names}) == GOOD
    times = Counter(served.site.asked)
    pictures = [times[path] for path in served.wanted.right]
    # What was kept before a kill was not asked for again; what was under way was.
    assert sum(pictures) <= GOOD + 2 * 20


def nothing_is_lost(folder: Path) -> None:
    """After Ctrl-C, the pictures in a folder are those of its manifest."""
    manifest = lines(folder / "manifest.jsonl")
    others = {"manifest.jsonl", "log.jsonl", ".collect.sqlite"}
    files = {path.name for path in folder.iterdir()} - others
    assert {line["file"] for line in manifest} == files
    assert 0 < len(files) < GOOD
