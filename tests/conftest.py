"""What all tests share: no network, no surprises from the user's own folders, real data if any."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Array = NDArray[np.uint8]
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads for which there is no core would spin
# Where tests run on all cores, each of them has one.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A job in the background of a script begins with Ctrl-C ignored, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):  # ignored below nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _downloads_are_not_announced() -> Iterator[None]:
    """A command of the test before may have asked for it."""
    from impasto.weights.fetching import show_downloads

    show_downloads()
    yield
    show_downloads()


#: What is slow to set up: the tests that have it are not in `make test-fast`.
SLOW = {"real_weights", "vgg_at_hand", "teacher", "style_network"}
#: Modules with the same lot.
SLOW_MODULES = (
    *("training/", "gallery/test_drawings.py", "optimize/test_golden.py"),
    *("studio/", "test_regions.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need what is slow to set up."""
    for item in items:
        where = item.path.relative_to(Path(__file__).parent).as_posix()
        if SLOW & set(getattr(item, "fixturenames", ())) or where.startswith(SLOW_MODULES):
            item.add_marker("slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one test more at once than there are cores that may be used: some only wait."""
    from impasto.machine import cores

    return cores() + 1


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch computes with two threads, as for most users: sums have another order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")


@pytest.fixture(scope="session")
def real_weights() -> Path:
    """A folder with a trained VGG-19."""
    for folder in os.environ.get("IMPASTO_WEIGHTS", "").split(os.pathsep):
        if folder and (Path(folder) / "vgg19.safetensors").is_file():
            return Path(folder)
    pytest.skip("no vgg19.safetensors in IMPASTO_WEIGHTS")


@pytest.fixture(scope="session")
def random_vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a VGG-19 without training, for whatever only its shape matters to."""
    from tests.networks.random_vgg import random_parameters

    from impasto.weights.vgg import write_vgg19

    path = tmp_path_factory.mktemp("vgg") / "random-vgg.safetensors"
    write_vgg19(random_parameters(4), path)
    return path


@pytest.fixture
def vgg_at_hand(random_vgg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That VGG-19 where one is looked for."""
    folder = tmp_path / "weights at hand"
    folder.mkdir()
    (folder / "vgg19.safetensors").symlink_to(random_vgg)
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(folder))


@pytest.fixture
def teacher(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A VGG-19 with random filters and an eighth of the channels: it teaches in less time."""
    from tests.networks.random_vgg import random_parameters

    from impasto.networks import POCKET_LAYERS
    from impasto.weights.vgg import VGG19_LAYERS, write_vgg19

    part: int = getattr(request, "param", 8)
    parameters, path = random_parameters(4, narrow=part), tmp_path / "narrow-vgg.safetensors"
    write_vgg19(parameters, path)
    for name, (inputs, outputs) in dict(VGG19_LAYERS).items():
        fewer = inputs if inputs == 3 else inputs // part, outputs // part
        monkeypatch.setitem(VGG19_LAYERS, name, fewer)
    for name, channels in dict(POCKET_LAYERS).items():
        monkeypatch.setitem(POCKET_LAYERS, name, channels // part)
    return str(path)


@pytest.fixture(scope="session")
def style_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a small network of one style, without training."""
    import torch

    from impasto.networks.any_style import AnyStyle, AnyStyleShape
    from impasto.training.export import CODE, export, save_half

    folder = tmp_path_factory.mktemp("exported")
    network = AnyStyle(AnyStyleShape(8, 16, 16))
    code = torch.cat([p.flatten() for c in network.encode(torch.rand(1, 3, 64, 64)) for p in c])
    trained = folder / "style.safetensors"
    save_half({**network.state_dict(), CODE: code.detach()}, "one style", trained, 1)
    (path,) = export(trained, folder / "style.onnx")
    return path


@pytest.fixture
def without_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings draw no curves of their log, as where matplotlib is not installed."""
    from impasto.errors import MissingExtraError

    def absent(*_given: object, **_how: object) -> None:
        raise MissingExtraError("plot", "lab")

    monkeypatch.setattr("impasto.records.save_plot", absent)


@pytest.fixture(scope="session")
def photo() -> Array:
    """A photograph of 96 x 64 pixels."""
    return shrunk(skimage.data.coffee(), 96, 64)


@pytest.fixture(scope="session")
def painting() -> Array:
    """A drawn style of 80 x 80 pixels."""
    from impasto.gallery import open_style

    return open_style("strokes", 80).to_array()


@pytest.fixture
def files(tmp_path: Path, photo: Array, painting: Array) -> tuple[Path, Path]:
    """The two as files in a folder of their own."""
    content, style = tmp_path / "photo.png", tmp_path / "painting.png"
    Image.fromarray(photo).save(content)
    Image.fromarray(painting).save(style)
    return content, style


def shrunk(pixels: Array, width: int, height: int) -> Array:
    """Return (H, W, 3) resized."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator["Browser"]:
    """A browser for the tests of one module: while it is open, no other event loop can run."""
    from playwright.sync_api import sync_playwright

    camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with sync_playwright() as drives:
        browser = drives.chromium.launch(executable_path=chromium, args=["--no-sandbox", *camera])
        yield browser
        browser.close()
