"""A studio that runs, and pictures for it."""

import atexit
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

# Read when Gradio's client is imported: what tests upload and download is not among the user's.
os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="impasto-gradio-")
atexit.register(shutil.rmtree, os.environ["GRADIO_TEMP_DIR"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gradio leaves event loops open where a page is only laid out."""
    for item in items:
        if "studio" in item.path.parts:
            item.add_marker(
                pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
            )


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="session")
def studio(folder: Path) -> Iterator[str]:
    """The address of a studio that is for this machine only."""
    with running(folder, "--max-upload", "5") as url:
        yield url


@contextmanager
def running(folder: Path, *options: str) -> Iterator[str]:
    """Run a studio as a program, with its files in a folder; yield its address."""
    (folder / "tmp").mkdir(exist_ok=True)
    home = {"IMPASTO_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    command = [sys.executable, "-m", "impasto", "studio", "--history", str(folder / "history")]
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
            assert program.wait(30) == 0
    assert not list((folder / "tmp").glob("impasto-studio-*"))


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of 128 x 128 pixels."""
    path = tmp_path_factory.mktemp("pictures") / "cat.jpg"
    Image.fromarray(skimage.data.chelsea()[:256, 100:356]).resize((128, 128)).save(path)
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found
