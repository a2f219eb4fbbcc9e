"""Magenta's arbitrary image stylization (Ghiasi et al. 2017) in its published TFLite form.

The style prediction network turns a style of 256x256 pixels into 100 numbers; the style transfer
network paints with them. As published, the latter makes pictures of 384x384 pixels of any content:
the sizes to which it enlarges are constants in the file. They are set here to those of the content.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from impasto import litert
from impasto.errors import WeightsError
from impasto.fast.network import CodeNetwork, Files, Network
from impasto.fast.sessions import Array, failure
from impasto.settings import Settings
from impasto.settings.methods import Method

CELL = 4
STYLE_SIZE = (256, 256)
#: Names of inputs by their last dimension, and of the output.
PREDICTION, TRANSFER = ({3: "picture"}, "code"), ({3: "content", 100: "code"}, "stylized")


def open_network(row: Method, _settings: Settings, files: Files) -> Network:
    """Open the network."""
    prediction, transfer = files.values()
    sessions = LiteRtSession(transfer, *TRANSFER), LiteRtSession(prediction, *PREDICTION)
    return CodeNetwork(row, files, *sessions, CELL, STYLE_SIZE)


class LiteRtSession:
    """A TFLite network for pictures of any size; `inputs`: names by the last dimension.

    A file that cannot be read as a network is a `WeightsError`.
    """

    def __init__(self, path: Path, inputs: Mapping[int, str], output: str) -> None:
        self._path, self._inputs, self.outputs = path, inputs, [output]
        self.name, self._lock = "litert on CPU, int8", threading.Lock()
        self._content = path.read_bytes()
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._interpreter = self._open(self._content)

    def _open(self, content: bytes) -> Any:  # noqa: ANN401
        try:
            return litert.opened(content, "method magenta", "magenta")
        except ValueError as error:
            raise WeightsError(f"{self._path} cannot be read as a network") from error

    def __call__(self, **inputs: Array) -> list[Array]:
        """Return its output for its named inputs; one call at a time."""
        with self._lock:
            try:
                self._resize({name: array.shape for name, array in inputs.items()})
                for name, place in self._places().items():
                    self._interpreter.set_tensor(place, inputs[name])
                self._interpreter.invoke()
            except (RuntimeError, ValueError) as error:
                raise failure(error) from error
            (made,) = self._interpreter.get_output_details()
            return [self._interpreter.get_tensor(made["index"])]

    def _places(self) -> dict[str, int]:
        found = self._interpreter.get_input_details()
        return {self._inputs[each["shape"][-1]]: each["index"] for each in found}

    def _resize(self, shapes: dict[str, tuple[int, ...]]) -> None:
        if shapes == self._shapes:
            return
        self._shapes = {}
        if "content" in shapes:
            self._interpreter = self._open(_for_size(self._content, *shapes["content"][1:3]))
        for name, place in self._places().items():
            self._interpreter.resize_tensor_input(place, shapes[name])
        with litert.without_messages():
            self._interpreter.allocate_tensors()
        self._shapes = shapes


def _for_size(content: bytes, height: int, width: int) -> bytes:
    """Return the style transfer network, a .tflite file, for contents of one size."""
    from ai_edge_litert import schema_py_generated as schema

    patched = bytearray(content)
    model = schema.Model.GetRootAs(patched, 0)
    graph = model.Subgraphs(0)
    codes = [model.OperatorCodes(n) for n in range(model.OperatorCodesLength())]
    resizing = schema.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR
    sizes = []
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = codes[operator.OpcodeIndex()]
        if resizing in (code.BuiltinCode(), code.DeprecatedBuiltinCode()):
            buffer = graph.Tensors(operator.Inputs(1)).Buffer()
            sizes.append(model.Buffers(buffer).DataAsNumpy().view(np.int32))
    largest = max(int(size[0]) for size in sizes)
    # Several operations may share one constant: all are read before any is written.
    parts = [largest // int(size[0]) for size in sizes]
    for size, part in zip(sizes, parts, strict=True):
        size[:] = (height // part, width // part)
    return bytes(patched)
