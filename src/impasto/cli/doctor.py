"""`impasto doctor`: what is here, how fast it is, and how to get what is not."""

from __future__ import annotations

import importlib.util
import platform
import re
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from impasto.cli.options import own
from impasto.cli.terminal import echo
from impasto.errors import ImpastoError

#: Names of imports, where they are not those of the packages.
_IMPORTS = {
    "opencv-python-headless": "cv2",
    "pygame-ce": "pygame",
    "scikit-image": "skimage",
    "ai-edge-litert": "ai_edge_litert",
}
#: What each extra is for.
_EXTRAS = {
    "video": "video, flicker, live",
    "lab": "plots, evaluate, compare, faces",
    "openvino": "a faster network on the CPU",
    "magenta": "method magenta",
    "studio": "the studio",
    "collect": "pictures from the web",
    "scale": "data sets on a cluster",
    "medical": "DICOM and NIfTI",
}


def doctor(
    probe: bool = own(True, "Paint a little and say how fast it is.", "--probe/--no-probe"),
) -> None:
    """Say what is installed, what it computes with, which weights and cameras there are.

    For each thing that is missing it names the command that adds it.

    Example: impasto doctor
    """
    for title, said in _findings(probe):
        echo(f"{title:<9} {said}")


def _findings(probe: bool) -> Iterator[tuple[str, str]]:
    from impasto.machine import cores, free_memory
    from impasto.version import __version__

    yield "impasto", f"{__version__}, Python {platform.python_version()}, {platform.system()}"
    free = free_memory()
    memory = "unknown" if free is None else f"{free / 2**30:.1f} GiB"
    yield "machine", f"{cores()} cores, {memory} of memory free"
    yield from _devices()
    yield from _extras()
    yield from _weights()
    yield "cameras", _cameras()
    if probe:
        yield from _speeds()


def _devices() -> Iterator[tuple[str, str]]:
    import onnxruntime
    import torch

    from impasto.networks.devices import choose_device, choose_precision, describe

    device = choose_device("auto")
    yield "torch", f"{torch.__version__}, {describe(device, choose_precision('auto', device))}"
    providers = [name.removesuffix("ExecutionProvider") for name in _providers()]
    yield "runtimes", f"onnxruntime {onnxruntime.__version__} ({', '.join(providers)})"


def _providers() -> list[str]:
    import onnxruntime

    names: list[str] = onnxruntime.get_available_providers()
    return [name for name in names if not name.startswith("Azure")]  # which computes elsewhere


def _extras() -> Iterator[tuple[str, str]]:
    """Tell of each extra whether all its packages are here."""
    for extra, purpose in _EXTRAS.items():
        absent = [name for name in _packages(extra) if not _is_here(name)]
        if absent:
            what = f"missing {', '.join(absent)}: "
            yield extra, f'{purpose}: {what}pip install "impasto[{extra}]"'
        else:
            yield extra, f"{purpose}: ready"


def _packages(extra: str) -> list[str]:
    """Return the packages of an extra, those of extras that it names among them."""
    found = []
    for line in metadata.requires("impasto") or []:
        need, _, marker = line.partition(";")
        if re.search(rf"extra\s*==\s*['\"]{extra}['\"]", marker):
            name = re.match(r"[\w.-]+", need.strip())
            found.append(name[0] if name else need)
    return [name for name in found if name != "impasto"]


def _is_here(package: str) -> bool:
    name = _IMPORTS.get(package, package.replace("-", "_"))
    return importlib.util.find_spec(name) is not None


def _weights() -> Iterator[tuple[str, str]]:
    from impasto.settings import Settings
    from impasto.settings.encoders import ENCODERS
    from impasto.settings.methods import METHODS
    from impasto.stylizers import needed_weights
    from impasto.weights import find

    for name in (row.file for row in ENCODERS.values() if row.file):
        yield name, str(find(name) or f"not here: impasto weights fetch {name}")
    for method in (name for name, row in METHODS.items() if not row.steps):
        absent = [name for name in needed_weights(Settings(method=method)) if find(name) is None]
        fetch = " && ".join(f"impasto weights fetch {name}" for name in absent)
        yield method, f"files not here: {fetch}" if absent else "files: ready"


def _cameras() -> str:
    found = sorted(str(path) for path in Path("/dev").glob("video*"))
    if found:
        return ", ".join(found)
    if platform.system() == "Linux":
        return "none found: plug one in; impasto live takes files and streams, too"
    return "not listed on this system: impasto live opens one when it starts"


def _speeds() -> Iterator[tuple[str, str]]:
    """Paint small pictures: one pass of the network, and some steps."""
    from impasto.gallery import open_style
    from impasto.settings import Settings
    from impasto.stylizers import stylizer

    content, style = open_style("mosaic", 256), open_style("strokes", 256)
    for method, steps in (("fast", None), ("optimize", (4,))):
        try:
            settings = Settings(method=method, size=256, steps=steps)
            painter = stylizer([style], settings)
            painter(content)
            begun = time.perf_counter()
            painter(content)
            seconds = (time.perf_counter() - begun) / sum(steps or (1,))
        except ImpastoError as error:
            yield method, str(error)
            continue
        each = "a step" if steps else "a picture"
        yield method, f"{1e3 * seconds:.0f} ms {each} of 256x256, {painter.describe()}"
