"""The runtimes, one frozen row each: what runs the network of a method of one pass.

A new runtime is a module and a row. Nothing here imports what a row names before it is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What runs networks that are ONNX files."""

    name: str  # a value of `Settings.runtime`
    # What opens a network, of an ONNX file or its content, the device, and whether it has to
    # compute in float32, as `"module:name"`. See `impasto.fast.sessions.Session`.
    session: str | Callable[..., Any]
    # What says how fast it is with a device (a value of `Settings.device`) on this machine,
    # relative to ONNX Runtime on the CPU, as `"module:name"`; 0: it cannot run.
    speed: str | Callable[..., Any]
    extra: str | None = None  # the extra that brings it; None: it comes with impasto
    many_sizes: bool = False  # whether it takes pictures of ever new sizes without compiling anew


_ONNX_RUNTIME = Runtime(
    name="onnxruntime",
    session="impasto.fast.onnx_runtime:OnnxSession",
    speed="impasto.fast.onnx_runtime:speed",
    many_sizes=True,
)
_OPENVINO = Runtime(
    name="openvino",
    session="impasto.fast.open_vino:OpenVinoSession",
    speed="impasto.fast.open_vino:speed",
    extra="openvino",
)
#: All runtimes by name; `add_runtime` adds yours.
RUNTIMES = {row.name: row for row in (_ONNX_RUNTIME, _OPENVINO)}
RUNTIME_CHOICES = ["auto", *RUNTIMES]  # values of `Settings.runtime`; `auto` is the fastest one


def add_runtime(row: Runtime) -> None:
    """Add a runtime under its name, or replace the one of that name, in this process."""
    RUNTIMES[row.name] = row
    if row.name not in RUNTIME_CHOICES:
        RUNTIME_CHOICES.append(row.name)


def runtime_for_many_sizes() -> str:
    """Return the name of the runtime that takes pictures of ever new sizes."""
    return next(row.name for row in RUNTIMES.values() if row.many_sizes)
