"""Writing an ONNX graph, operation by operation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
from numpy.typing import NDArray

from impasto.errors import WeightsError
from impasto.fast.reading import read_model
from impasto.fast.sessions import EXACT

Values = NDArray[Any]
_OPSET, _IR, _FLOAT = 18, 9, onnx.TensorProto.FLOAT
_SCALE = " scale"  # after the name of a kernel


@dataclass
class Graph:
    """A graph under construction; values are strings, the names of outputs."""

    name: str  # of the graph
    parameters: Mapping[str, Values]  # kernels (OIHW), matrices, biases by name, as torch has them
    borders: str = "edge"  # how they are padded: `edge`, `reflect`, or `constant` (with zeros)
    #: Whether parameters are kept in float16, and widened when the graph is loaded.
    half: bool = False
    #: Kernels whose names begin so are kept as 8-bit numbers, scaled for each output channel.
    eight_bits: str | None = None
    #: Whether operations that are added now need float32 even in a runtime of lower precision:
    #: their names begin with `EXACT`.
    exact: bool = False

    def __post_init__(self) -> None:
        self._nodes: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._used: dict[str, str] = {}

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add an operation with one output and return the output's name."""
        name = f"{EXACT if self.exact else ''}{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def split(self, x: str, sizes: Sequence[int]) -> list[str]:
        """Return the parts of a list that are so long, in turn."""
        number, prefix = len(self._nodes), EXACT if self.exact else ""
        names = [f"{prefix}split_{number}_{part}" for part in range(len(sizes))]
        self._nodes.append(onnx.helper.make_node("Split", [x, self.whole(*sizes)], names, axis=0))
        return names

    def power(self, x: str, exponent: float) -> str:
        """Return x to a power: OpenVINO would compute divisions in half precision."""
        return self.add("Pow", x, self.number(exponent))

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        """Declare a float32 input; words are sizes that are not fixed."""
        self._inputs.append(onnx.helper.make_tensor_value_info(name, _FLOAT, list(shape)))
        return name

    def output(self, source: str, name: str, shape: Sequence[int | str]) -> None:
        """Declare what the graph returns."""
        self._nodes.append(onnx.helper.make_node("Identity", [source], [name]))
        self._outputs.append(onnx.helper.make_tensor_value_info(name, _FLOAT, list(shape)))

    def number(self, value: float) -> str:
        """Return a constant number."""
        return self._constant(f"number_{value}", np.float32(value))

    def identity(self, width: int, value: float = 1) -> str:
        """Return a constant matrix (width, width) with a value on its diagonal."""
        name = f"identity_{width}_{value}"
        if name not in self._used:
            ones = self._widened(f"identity_{width}", np.eye(width, dtype=np.int8))
            self._used[name] = ones if value == 1 else self.add("Mul", ones, self.number(value))
        return self._used[name]

    def whole(self, *values: int) -> str:
        """Return a constant list of whole numbers."""
        return self._constant("whole_" + "_".join(map(str, values)), np.array(values, np.int64))

    def _constant(self, name: str, value: Values | np.float32) -> str:
        if name not in self._constants:
            self._constants[name] = onnx.numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def tensor(self, name: str, value: Values | None = None) -> str:
        """Return a parameter, or a value under its name."""
        if name in self._used:
            return self._used[name]
        value = self.parameters[name] if value is None else value
        if self.eight_bits is not None and value.ndim == 4 and name.startswith(self.eight_bits):
            scale = np.abs(value).max((1, 2, 3), keepdims=True).clip(1e-12) / 127
            whole = self._widened(name, (value / scale).round().astype(np.int8))
            scales = self._constant(name + _SCALE, scale.astype(np.float32))
            made = self.add("Mul", whole, scales)
        elif self.half:
            made = self._widened(name, value.astype(np.float16))
        else:
            made = self._constant(name, value.astype(np.float32))
        self._used[name] = made
        return made

    def _widened(self, name: str, value: Values) -> str:
        return self.add("Cast", self._constant(name, value), to=_FLOAT)

    def convolution(
        self,
        x: str,
        name: str,
        cells: int = 0,
        *,
        stride: int = 1,
        groups: int = 1,
        padded: bool = False,
    ) -> str:
        """Return a convolution of x, with the bias of its name if there is one.

        The `cells` are the side of those that `unshuffled` made of x, if it did; `padded` says that
        x has borders already.
        """
        kernel = self.parameters[f"{name}.weight"]
        if cells:
            kernel = for_space_to_depth(kernel, cells)
        down, across = (0 if padded else (side - 1) // 2 for side in kernel.shape[2:])
        if down or across:
            pads = self.whole(0, 0, down, across, 0, 0, down, across)
            x = self.add("Pad", x, pads, mode=self.borders)
        given = [x, self.tensor(f"{name}.weight", kernel)]
        if f"{name}.bias" in self.parameters:
            given.append(self.tensor(f"{name}.bias"))
        return self.add("Conv", *given, strides=[stride, stride], group=groups)

    def relu(self, x: str) -> str:
        """Return x, or 0 where it is negative."""
        return self.add("Relu", x)

    def enlarged(self, x: str, mode: str = "nearest") -> str:
        """Return x twice as large: `nearest` or `linear`, as torch's `interpolate`."""
        scales = self._constant("scales_2", np.array([1, 1, 2, 2], np.float32))
        how = {"coordinate_transformation_mode": "half_pixel"}
        if mode == "nearest":
            how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.add("Resize", x, "", scales, mode=mode, **how)

    def image(self, x: str) -> str:
        """Return (1, 3, H, W) of (1, H, W, 3)."""
        return self.add("Transpose", x, perm=(0, 3, 1, 2))

    def pixels(self, x: str) -> str:
        """Return (1, H, W, 3) of (1, 3, H, W)."""
        return self.add("Transpose", x, perm=(0, 2, 3, 1))

    def mean(self, x: str) -> str:
        """Return the mean of each channel: (1, C, 1, 1)."""
        return self.add("ReduceMean", x, self.whole(2, 3), keepdims=1)

    def unshuffled(self, x: str, side: int) -> str:
        """Return cells of side · side pixels as channels, in ONNX's order."""
        return self.add("SpaceToDepth", x, blocksize=side)

    def shuffled(self, x: str, side: int) -> str:
        """Return channels as cells of side · side pixels, in torch's order."""
        return self.add("DepthToSpace", x, blocksize=side, mode="CRD")

    def clipped(self, x: str) -> str:
        """Return x within [0, 1]."""
        return self.add("Clip", x, self.number(0.0), self.number(1.0))

    def model(self) -> bytes:
        """Return the model, checked."""
        helper, constants = onnx.helper, list(self._constants.values())
        graph = helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, constants)
        ids = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=ids, ir_version=_IR, producer_name="impasto")
        onnx.checker.check_model(model, full_check=True)
        return cast("bytes", model.SerializeToString())


def for_space_to_depth(kernel: Values, side: int, *, undo: bool = False) -> Values:
    """Reorder the inputs of a kernel (O, C · side², h, w) from torch's cells to ONNX's, or back.

    torch's `pixel_unshuffle` has the channel first and the place in the cell last, ONNX's
    SpaceToDepth the other way round.
    """
    outputs, inputs, *size = kernel.shape
    parts = (side**2, inputs // side**2) if undo else (inputs // side**2, side**2)
    return kernel.reshape(outputs, *parts, *size).swapaxes(1, 2).reshape(kernel.shape)


def written_parameters(path: Path) -> dict[str, Values]:
    """Read, as `load_parameters`, those of a model that a `Graph` wrote with half precision."""
    found = {each.name: each for each in read_model(path).graph.initializer}
    half = [n for n, each in found.items() if each.data_type == onnx.TensorProto.FLOAT16]
    kernels = [n.removesuffix(_SCALE) for n in found if n.endswith(_SCALE)]
    try:
        read = onnx.numpy_helper.to_array
        parameters = {name: read(found[name]).astype(np.float32) for name in half}
        return parameters | {n: read(found[n]) * read(found[n + _SCALE]) for n in kernels}
    except Exception as error:  # of many kinds, where sizes are not those of the data
        raise WeightsError(f"{path} is damaged: name what `impasto export` wrote") from error
