"""The studio as a program."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from filelock import FileLock
from tests.studio.conftest import running

from impasto.errors import ImpastoError, SettingsError
from impasto.studio import StudioOptions, serve
from impasto.studio.serving import _PREFIX
from impasto.studio.studio import Studio


def test_it_serves_beside_another(studio: str, tmp_path: Path) -> None:
    with running(tmp_path) as url:  # a port that is taken is answered with the next one
        assert url != studio
        about = json.load(urllib.request.urlopen(f"{url}api/studio", timeout=20))
        assert about["public"] is False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_can_be_ended_at_once(tmp_path: Path, name: str) -> None:
    """The first network is still being warmed up then."""
    number = getattr(signal, name)
    command = [sys.executable, "-m", "impasto", "studio", "--port", "0", "--history", str(tmp_path)]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline().startswith("http")
        begun = time.monotonic()
        program.send_signal(number)
        said, complaints = program.communicate(timeout=30)
        assert time.monotonic() - begun < 5
    assert program.returncode == 128 + number
    assert (said, complaints) == ("closing\n", "")


def test_what_killed_studios_left_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed, other = tmp_path / f"{_PREFIX}killed", tmp_path / f"{_PREFIX}other"
    history = tmp_path / f"{_PREFIX}history"
    for folder in (killed, other, history / "results"):
        (folder / "files").mkdir(parents=True)
    Path(f"{killed}.lock").touch()
    with (
        FileLock(f"{other}.lock"),  # as a studio has that runs
        serve(StudioOptions(port=0, history=str(history))),
    ):
        assert not killed.exists()
        assert len([p for p in tmp_path.glob(f"{_PREFIX}*") if p.is_dir()]) == 3
    assert (history / "results" / "files").is_dir()
    assert {p.name for p in tmp_path.iterdir()} - {f"{other.name}.lock"} == {
        other.name,
        history.name,
    }


def test_what_is_not_answered_when_it_ends_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = threading.Event()

    def slow(_studio: Studio) -> dict[str, Path]:
        asked.set()
        time.sleep(4)
        return {}

    def ask(address: str) -> None:
        with suppress(httpx.HTTPError):  # its connection is cut
            httpx.get(address, timeout=20)

    monkeypatch.setattr(Studio, "examples", property(slow))
    with serve(StudioOptions(port=0, history=str(tmp_path))) as url:
        asking = threading.Thread(target=ask, args=(f"{url}api/examples/coffee",))
        asking.start()
        assert asked.wait(20)
    asking.join()
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("host", ["192.0.2.7", "no-such-host.invalid"])
def test_an_address_of_another_machine(tmp_path: Path, host: str) -> None:
    options = StudioOptions(host=host, history=str(tmp_path))
    with pytest.raises(ImpastoError, match="not an address of this machine"), serve(options):
        pass


def test_no_port_is_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 65535))
        options = StudioOptions(port=65535, history=str(tmp_path))
        with pytest.raises(ImpastoError, match="no free port from 65535"), serve(options):
            pass


def test_a_history_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    options = StudioOptions(history=str(tmp_path / "file" / "history"))
    with pytest.raises(ImpastoError, match="name another folder with --history"), serve(options):
        pass


@pytest.mark.parametrize(
    "wrong",
    [{"port": 99999}, {"max_size": 1}, {"queue": 0}, {"auth": ["a"]}, {"root_path": "a"}],
)
def test_options_out_of_range(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        StudioOptions(**wrong)  # type: ignore[arg-type]


def test_the_page_is_there(studio: str) -> None:
    with urllib.request.urlopen(studio, timeout=20) as answer:
        assert b"impasto" in answer.read()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{studio}server.py", timeout=20)
