"""Studios that run, in this process and as programs, and pictures for them."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import skimage.data
from filelock import FileLock
from PIL import Image
from starlette.testclient import TestClient
from tools import web_page

from impasto.studio import StudioOptions, engine, run_routes
from impasto.studio.serving import make_app
from impasto.studio.studio import Studio
from impasto.studio.turns import Turns

HERE = "http://127.0.0.1"
#: A studio that reads one style before anybody chooses it, in place of a dozen, and no networks.
PROGRAM = """
import runpy
from impasto.studio import engine, studio
engine._AHEAD, studio.Studio.warm_up = 1, lambda _: None
runpy.run_module("impasto", run_name="__main__", alter_sys=True)
"""


class Client(TestClient):
    """A browser of a studio in this process."""

    def upload(self, path: Path, **query: str) -> dict[str, Any]:
        """Upload a file and return what the studio says of it."""
        answer = self.post(
            "/api/files", params=query, files={"file": (path.name, path.read_bytes())}
        )
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def run_to_the_end(self, **body: Any) -> dict[str, Any]:  # noqa: ANN401
        """Begin a run, watch it, and return its last state."""
        answer = self.post("/api/runs", json=body)
        assert answer.status_code == 201, answer.text
        events = self.get(f"/api/runs/{answer.json()['id']}/events").text
        state: dict[str, Any] = json.loads(events.strip().splitlines()[-1].removeprefix("data: "))
        return state


@contextmanager
def opened(folder: Path, warm: bool = False, **options: Any) -> Iterator[Client]:  # noqa: ANN401
    """Open a studio in this process; its files are in a folder."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    said = StudioOptions(**{"history": folder / "history", "max_upload": 5, **options})
    studio = Studio(said, folder / "files")
    if not warm:
        studio.warm_up = lambda: None  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_AHEAD", 1)
        patch.setattr(run_routes, "_LOOK", 0.02)
        with Client(make_app(studio), base_url=HERE, raise_server_exceptions=False) as client:
            yield client
        studio.close(10)


@contextmanager
def turn_taken(turns: Turns) -> Iterator[threading.Event]:
    """Let somebody have the turn for the block, or until the event is set."""
    begun, ended = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        ended.wait(60)

    job = turns.submit("somebody else", hold)
    assert begun.wait(60)
    try:
        yield ended
    finally:
        ended.set()
        job.result(60)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="session")
def client(folder: Path) -> Iterator[Client]:
    """The browser of a studio that is for this machine only."""
    with opened(folder / "shared") as client:
        yield client


@contextmanager
def running(folder: Path, *options: str) -> Iterator[str]:
    """Run a studio as a program, with its files in a folder; yield its address."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    home = {"IMPASTO_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, "-c", PROGRAM, "studio", "--history", str(folder / "history")]
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    port = 7860 + 100 * int(worker.removeprefix("gw"))  # others look for a free one as well
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*command, "--port", str(port), *options],
            env={**os.environ, **home, "IMPASTO_OFFLINE": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as program,
    ):
        assert program.stdout is not None
        address = program.stdout.readline().strip()
        try:
            assert address.startswith("http"), (folder / "log").read_text()
            yield address
        finally:
            program.send_signal(signal.SIGINT)
            assert program.wait(30) == 130
    assert not list((folder / "tmp").glob("impasto-studio-*"))
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture(scope="session")
def studio(folder: Path) -> Iterator[str]:
    """The address of a studio that runs as a program, for this machine only."""
    with running(folder / "program", "--max-upload", "5") as url:
        yield url


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of 128 x 128 pixels."""
    path = tmp_path_factory.mktemp("pictures") / "cat.jpg"
    Image.fromarray(skimage.data.chelsea()[:256, 100:356]).resize((128, 128)).save(path)
    return path


@pytest.fixture(scope="session")
def built_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the page that paints without a studio."""
    if not (web_page.RUNTIME.is_dir() and web_page.ZIP.is_dir()):
        pytest.skip("`npm ci` has not fetched what the page paints with")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # one page for all workers
    out = folder / "built_page"
    with FileLock(folder / "built_page.lock"):
        if not out.is_dir():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(web_page, "QUICK", 128)  # styles that are read in less time
                web_page.main(folder / "page_that_is_built")
            (folder / "page_that_is_built").rename(out)
    return out


@contextmanager
def serving(*command: str, port: int) -> Iterator[None]:
    """Run a program that serves at a port."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            for _ in range(200):
                with socket.socket() as asks:
                    if asks.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield
        finally:
            program.terminate()


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def alone(built_page: Path) -> Iterator[str]:
    """The address of the page that paints without a studio, on a server of files."""
    port = free_port()
    program = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1")
    with serving(*program, "--directory", str(built_page), port=port):
        yield f"http://127.0.0.1:{port}/"


class Wire(socketserver.ThreadingTCPServer):
    """A wire to a server, which counts the bytes that come from it.

    Args:
        address: Of the server.
    """

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Carrier)
        self.behind = ("127.0.0.1", int(address.rstrip("/").rsplit(":", 1)[1]))
        self.bytes, self.cut = 0, False
        self.address = f"http://127.0.0.1:{self.server_address[1]}/"

    def __enter__(self) -> Wire:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut = True
        self.shutdown()
        self.server_close()


class _Carrier(socketserver.BaseRequestHandler):
    server: Wire

    def handle(self) -> None:
        with socket.create_connection(self.server.behind) as behind, suppress(OSError):
            other = {self.request: behind, behind: self.request}
            while not self.server.cut:
                for source in select.select(list(other), [], [], 0.2)[0]:
                    data = source.recv(1 << 16)
                    if not data:
                        return
                    self.server.bytes += len(data) if source is behind else 0
                    other[source].sendall(data)
