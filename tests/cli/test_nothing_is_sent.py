"""No command sends anything: not by Python's sockets, and not by libraries below Python."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.video.conftest import moving, write_clip

from impasto import NO_TELEMETRY

# Where Python starts, this refuses whatever does not stay on this machine, and notes it.
REFUSING = """
import os, socket

def refuse(real):
    def wrapped(self, *arguments):
        address = arguments[-1]
        outside = self.family in (socket.AF_INET, socket.AF_INET6)
        if outside and address[0] not in ("localhost", "127.0.0.1", "::1"):
            note(f"{real.__name__} {address}")
        return real(self, *arguments)
    return wrapped

def note(what):
    with open(os.environ["REFUSED"], "a") as file:
        file.write(f"{what}\\n")
    raise OSError(f"the tests refuse {what}")

def resolve(host, *arguments, real=socket.getaddrinfo, **options):
    if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
        note(f"getaddrinfo {host}")
    return real(host, *arguments, **options)

class Refusing(socket.socket):
    connect, connect_ex, sendto = map(
        refuse, (socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto)
    )

socket.socket, socket.getaddrinfo = Refusing, resolve
"""
#: System calls that leave the machine: to an address that is not that of the machine itself.
OUTSIDE = re.compile(
    r"(connect|send\w+)\(.*AF_INET6?,.*inet_\w+\((?!\"127\.|.*\"(::1|::ffff:127\.))"
)
COMPARISON = """
[pairs]
folder = "."
contents = ["photo.png"]
styles = ["painting.png"]
[settings]
size = 64
[methods.quick]
method = "fast"
"""
SMALL = "--method fast --size 64"
#: By what they have in common; the last one runs until it is stopped.
COMMANDS = {
    "torch": [
        "doctor --no-probe",
        "stylize photo.png mosaic --size 64 --steps 1 -o a.png",
        "evaluate -c photo.png -s painting.png -o photo.png --size 64",
        "compare methods.toml -o compared --judged 64",
    ],
    "pictures": [
        "methods --no-time",
        f"stylize photo.png mosaic {SMALL} --runtime onnxruntime -o b.png",
        f"stylize photo.png mosaic {SMALL} --runtime openvino -o c.png",
        f"batch photo.png -s mosaic {SMALL} -o batch",
    ],
    "clips and sets": [
        f"video clip.mp4 mosaic {SMALL} -o clip-mosaic.mp4",
        "live mosaic --source clip.mp4 --size 64 --once --no-window --record live.mp4",
        "dataset set mosaic -o painted --workers 1",
    ],
    "studio": ["studio --history history --port 7890"],
}
#: Runs commands in one process.
ONE_BY_ONE = """
import sys
from impasto.cli import main
for line in sys.argv[1:]:
    sys.argv = ["impasto", *line.split()]
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
"""
STRACE = shutil.which("strace")
Command = Callable[..., None]


def traced(calls: Path) -> list[str]:
    """Return what runs a program and notes what it and its children send."""
    return [
        "strace",
        "-f",
        "-qq",
        "--seccomp-bpf",
        "-e",
        "trace=connect,sendto,sendmsg,sendmmsg",
        "-o",
        str(calls),
    ]


def outside(calls: Path) -> list[str]:
    lines = calls.read_text(errors="replace").splitlines()
    return [line for line in lines if OUTSIDE.search(line)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def command(
    files: tuple[Path, Path], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run commands as a program, in a folder with pictures and a home of its own."""
    write_clip(tmp_path / "clip.mp4", moving(3))
    (tmp_path / "set").mkdir()
    shutil.copy(files[0], tmp_path / "set")
    (tmp_path / "methods.toml").write_text(COMPARISON)
    (tmp_path / "patched").mkdir()
    (tmp_path / "patched" / "sitecustomize.py").write_text(REFUSING)
    home.mkdir()
    for name in (*NO_TELEMETRY, "IMPASTO_HOME", "IMPASTO_OFFLINE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("IMPASTO_WEIGHTS", "")
    places = [tmp_path / "patched", Path(__file__).parents[2] / "src"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))
    monkeypatch.setenv("REFUSED", str(tmp_path / "refused"))

    def run(lines: list[str], *before: str) -> None:
        words, stopped = [*before, sys.executable, "-c", ONE_BY_ONE, *lines], "studio" in lines[0]
        with subprocess.Popen(
            words,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as program:
            assert program.stdout is not None
            program.stdout.readline()
            if stopped:
                os.killpg(program.pid, signal.SIGINT)
            _, err = program.communicate(timeout=100)
        assert program.returncode == (130 if stopped else 0), err

    return run


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.slow
def test_nothing_is_sent(name: str, command: Command, home: Path, tmp_path: Path) -> None:
    calls, refused = tmp_path / "calls", Path(os.environ["REFUSED"])
    calls.touch()
    command(COMMANDS[name], *(traced(calls) if STRACE else ()))
    assert not refused.exists(), refused.read_text()
    assert not outside(calls)
    # Nor is a number kept by which somebody is known again.
    kept = {path.relative_to(home).parts[:2] for path in home.rglob("*") if path.is_file()}
    assert kept <= {(".cache", "impasto"), (".cache", "matplotlib"), (".config", "matplotlib")}


@pytest.mark.skipif(not STRACE, reason="strace is not installed: calls below Python are not seen")
def test_what_would_be_sent_below_python_is_seen(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    asks = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    subprocess.run([*traced(calls), sys.executable, "-c", asks], check=False)
    assert len(outside(calls)) == 1


def test_what_would_be_sent_is_seen(command: Command, tmp_path: Path) -> None:
    asks = "import urllib.request as web; web.urlopen('http://sent.invalid')"
    found = subprocess.run(
        [sys.executable, "-c", asks],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "patched")},
        capture_output=True,
        text=True,
    )
    assert "the tests refuse getaddrinfo sent.invalid" in found.stderr
    line = 'connect(8, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.2.5.3")}, 16)'
    assert OUTSIDE.search(line)
    assert not OUTSIDE.search(line.replace("10.2.5.3", "127.0.0.1"))
    line = 'connect(8, {sa_family=AF_INET6, inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)}, 28)'
    assert OUTSIDE.search(line)
    assert not OUTSIDE.search(line.replace("2001:db8::1", "::1"))


def test_no_telemetry_of_dependencies_is_imported() -> None:
    source = """
import os, sys
import impasto
assert impasto.NO_TELEMETRY.items() <= os.environ.items()
import openvino, openvino.tools.ovc
assert sys.modules["openvino_telemetry"] is None
"""
    pytest.importorskip("openvino")
    subprocess.run([sys.executable, "-c", source], check=True)
