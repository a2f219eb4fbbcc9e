"""Consoles of any encoding, and names that would command a terminal."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.conftest import Impasto

from impasto import open_picture
from impasto.cli import main
from impasto.cli.terminal import escaped

HOSTILE = "a\x1b]0;owned\x07\x9b31m\u202eb\nc"
SMALL = ("--method", "fast", "--size", "64", "--runtime", "onnxruntime")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
@pytest.mark.parametrize("words", [("--help",), ("evaluate",), ("stylize",), ("nowhere",)])
@pytest.mark.slow
def test_a_console_without_the_characters(
    encoding: str,
    words: tuple[str, ...],
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", "")  # pocket measures: quicker than VGG-19
    photo, table = tmp_path / "фото.png", tmp_path / "t.csv"
    Image.open(files[0]).save(photo)
    more: dict[str, tuple[object, ...]] = {
        "evaluate": ("-c", photo, "-s", files[1], "-o", photo, "--size", 64, "--table", table),
        "stylize": (photo, "mosaic", *SMALL, "-o", tmp_path / "картина.png"),
    }
    arguments = [*words, *map(str, more.get(words[0], ()))]
    status, out, err = in_console(encoding, arguments)
    assert b"Traceback" not in err
    assert status == (2 if words[0] == "nowhere" else 0), err
    if words[0] == "evaluate":
        assert str(photo) in table.read_text(encoding="utf-8")
    if words[0] == "stylize":
        assert b"????" in out
        assert (tmp_path / "картина.png").is_file()


def in_console(encoding: str, arguments: list[str]) -> tuple[int, bytes, bytes]:
    """Run the command in this process, on streams as a console of an encoding has them."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
    status = 0
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
    ):
        patch.setattr(sys, "argv", ["impasto", *arguments])
        try:
            main()
        except SystemExit as end:
            status = int(end.code or 0)
    for stream in streams:
        stream.flush()
    out, err = (stream.buffer.getvalue() for stream in streams)
    return status, out, err


@pytest.mark.slow
def test_a_console_without_the_characters_as_a_program(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "impasto", "stylize", *map(str, files), *SMALL, "-o", "картина.png"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        cwd=tmp_path,
        capture_output=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, b"???????.png"), done.stderr
    assert (tmp_path / "картина.png").is_file()


def test_what_commands_a_terminal_is_spelled() -> None:
    assert escaped(HOSTILE) == r"a\u001b]0;owned\u0007\u009b31m\u202eb\nc"
    assert escaped("Öl, 油彩 🎨 \udcff") == "Öl, 油彩 🎨 " + r"\udcff"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_and_recipes_command_no_terminal(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path
) -> None:
    photo, painted = tmp_path / f"{HOSTILE}.png", tmp_path / f"{HOSTILE}-painted.png"
    photo.write_bytes(files[0].read_bytes())
    there = ("-o", tmp_path / "out")
    outcomes = [
        impasto("stylize", photo, "mosaic", *SMALL, "-o", painted),
        impasto("recipe", painted),
        impasto("recipe", painted, "--json"),
        impasto("stylize", tmp_path / f"{HOSTILE}-none.png", "mosaic"),
        impasto("stylize", photo, f"{HOSTILE}-none"),
        impasto("recipe", painted, painted),
        impasto("batch", photo, tmp_path / f"{HOSTILE}-none.png", "-s", "mosaic", *SMALL, *there),
    ]
    for said in (outcome.out + outcome.err for outcome in outcomes):
        assert not set("\x1b\x07\x9b") & set(said), said
    assert escaped(HOSTILE) in outcomes[0].out
    assert json.loads(outcomes[2].out)["content"]["name"] == photo.name
    assert outcomes[3].only_line.endswith("check the spelling and the folder")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.slow
def test_names_that_are_no_text(
    impasto: Impasto, files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", "")  # pocket measures: quicker than VGG-19
    photo = tmp_path / os.fsdecode(b"\xff\xfe.png")
    photo.write_bytes(files[0].read_bytes())
    made = impasto("batch", photo, "-s", "mosaic", *SMALL, "-o", tmp_path / "out")
    assert made.status == 0, made.err
    assert r"\udcff" in (tmp_path / "out" / "sheet.html").read_text(encoding="utf-8")
    table = tmp_path / "t.csv"
    given = ("-c", photo, "-s", files[1], "-o", photo, "--size", 64)
    measured = impasto("evaluate", *given, "--table", table)
    assert measured.status == 0, measured.err
    assert r"\udcff" in table.read_text(encoding="utf-8")


@pytest.mark.parametrize("address", ["https://a.example/x.jpg", "S3://bucket/x.jpg"])
def test_addresses_are_not_opened(impasto: Impasto, files: tuple[Path, Path], address: str) -> None:
    for words in (
        ("stylize", address, "mosaic"),
        ("stylize", files[0], address),
        ("video", address, "mosaic", *SMALL),
        ("recipe", address),
    ):
        outcome = impasto(*words)
        assert outcome.status == 1
        assert outcome.only_line == (
            f"impasto: {address} is an address, and addresses are not opened: download the file "
            "first, or use `impasto collect` for pictures"
        )


def test_no_network_offline(impasto: Impasto, tmp_path: Path) -> None:
    for words in (
        ("collect", "https://a.example/", "-o", tmp_path / "c"),
        ("collect", "--search", "sunflowers", "-o", tmp_path / "c"),
        ("live", "mosaic", "--source", "rtsp://192.0.2.1/x", "--no-window", "--serve"),
        ("dataset", "https://a.example/set", "mosaic", "-o", tmp_path / "d"),
    ):
        outcome = impasto(*words)
        assert outcome.status == 1
        assert "needs a network, and IMPASTO_OFFLINE is set" in outcome.err.splitlines()[-1]


def test_too_little_memory_is_the_reason(impasto: Impasto, files: tuple[Path, Path]) -> None:
    words = ("stylize", *files, "--size", "64", "--steps", "1", "--memory")
    outcome = impasto(*words, "10MB")
    assert outcome.status == 2
    assert outcome.only_line.startswith("impasto: --memory is 10MB, but painting at 64x43")
    least = outcome.only_line.partition(" takes ")[2].partition(":")[0]
    output = files[0].with_name("o.png")
    assert impasto(*words, least, "-o", output).status == 0
    assert open_picture(output).size == (64, 43)


#: The program, which tells when it begins to import itself.
IMPORTING = """
import sys
from impasto.cli import main
class Finder:
    def find_spec(self, name, *_):
        if name == "impasto.cli.app":
            print("begun", flush=True)
sys.meta_path.insert(0, Finder())
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.slow
def test_a_signal_ends_the_start_of_a_command(number: int) -> None:
    """One line and the usual status, whatever is imported; another signal changes nothing."""
    for moment in (0.0, 0.3, 0.6):
        with subprocess.Popen(
            [sys.executable, "-c", IMPORTING, "collect", "http://127.0.0.1:9/", "-o", "none"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "IMPASTO_OFFLINE": "1"},
        ) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "begun\n"
            time.sleep(moment)
            for each in (number, signal.SIGTERM):
                program.send_signal(each)
            _, err = program.communicate(timeout=60)
        assert err.count("\n") == 1, err
        # It may have come to its end before.
        assert program.returncode == 128 + number or "IMPASTO_OFFLINE is set" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_what_a_signal_becomes_in_a_compiled_module_is_no_traceback() -> None:
    code = (
        "import signal\nfrom impasto.cli import main, app\n"
        "def run():\n"
        "    try:\n        signal.raise_signal(signal.SIGTERM)\n"
        "    except KeyboardInterrupt as error:\n        raise ImportError('failed') from error\n"
        "app.run = run\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (143, "stopped\n")
