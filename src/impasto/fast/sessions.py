"""Sessions: networks, ready to run, in one of the runtimes."""

import re
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError, MissingExtraError, WeightsError
from impasto.machine import cores
from impasto.settings.declaration import load
from impasto.settings.runtimes import RUNTIMES, Runtime, runtime_for_many_sizes

Array = NDArray[np.float32]
#: How the names of operations begin that need float32 also where a runtime computes in less.
EXACT = "exact_"
#: Characters of what a runtime says; threads of a session, 0: as the runtime likes.
_LONGEST, _THREADS = 300, 0


def limit_threads(count: int) -> None:
    """Let sessions that are opened from now on, and numpy, compute in so many threads each.

    For processes that share a machine; 0: as the runtime likes, and numpy in all cores.
    """
    global _THREADS
    from threadpoolctl import threadpool_limits

    _THREADS = count
    threadpool_limits(count or cores())


def thread_limit() -> int:
    """Return the threads that sessions opened now compute in; 0: as the runtime likes."""
    return _THREADS


class Session(Protocol):
    """A network, ready to run; several threads may call it at once.

    Its name says what runs it, and where: `onnxruntime on CPU`. The runtime's name comes first.
    """

    name: str
    outputs: list[str]

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its outputs for its named inputs."""
        ...


def choose_runtime(name: str = "auto", device: str = "auto") -> Runtime:
    """Return the runtime of a name; `"auto"`: the fastest there is for a device."""
    if name != "auto":
        return RUNTIMES[name]
    return max(RUNTIMES.values(), key=lambda row: load(row.speed)(device))


def open_session(
    source: Path | bytes, runtime: str = "auto", device: str = "auto", *, precise: bool = False
) -> Session:
    """Open a network, an ONNX file or what is in one, in a runtime and on a device of `Settings`.

    If `precise`, it has to compute in float32. A device that is not there, or that the runtime does
    not know, is a `SettingsError`, a file that is no network a `WeightsError`.
    """
    if isinstance(source, Path) and not source.is_file():
        raise WeightsError(f"there is no {source}: name what `impasto export` wrote")
    row = choose_runtime(runtime, device)
    opened = load(row.session)
    try:
        return cast("Session", opened(source, device, precise=precise))
    except ImpastoError:
        raise
    except Exception as error:  # each runtime has kinds of its own
        if isinstance(error, ImportError) and row.extra:
            raise MissingExtraError(f"runtime {row.name}", row.extra) from error
        what = source if isinstance(source, Path) else "it"
        raise WeightsError(f"{what} cannot be read as a network: {_reason(error)}") from error


def open_style_reader(source: Path | bytes, device: str) -> Session:
    """Open a network for styles of many sizes, in a runtime that does not compile for each size."""
    return open_session(source, runtime_for_many_sizes(), device)


def failure(error: Exception) -> Exception:
    """Return the error to raise for one of a runtime."""
    text = str(error)
    if "alloc" in text:
        return MemoryError(text)
    return ImpastoError(f"the network failed: {_reason(error)}")


def _reason(error: Exception) -> str:
    """Return the line that says what is wrong, without where in a runtime it was said."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    # OpenVINO says places in its source first, ONNX Runtime its name and a number.
    places = lines[0].startswith(("Exception from", "Check '"))
    said = lines[-1] if places else " ".join(lines).rpartition(" was false. ")[2][:_LONGEST]
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", said)
