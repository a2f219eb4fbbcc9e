"""The network of Johnson et al. 2016 that knows one style, as fast-style-transfer has it.

A file has kernels by `conv1.kernel_hwio` … `out.kernel_hwio` (transposed ones with outputs before
inputs), and shift and scale of the instance normalization after each (Engstrom 2016, "Fast Style
Transfer").
"""

from collections.abc import Mapping
from pathlib import Path

from impasto.errors import WeightsError
from impasto.fast.graph import Graph, Values, read_parameters

_EPSILON = 1e-3
_RESIDUALS = 5
_LARGER = ("up1", "up2")
_LAYERS = (
    *("conv1", "conv2", "conv3"),
    *(f"residual{n}.conv{part}" for n in range(1, _RESIDUALS + 1) for part in (1, 2)),
    *(*_LARGER, "out"),
)


def graph(path: Path) -> bytes:
    """Return the network as an ONNX model: `picture` (1, H, W, 3) in [0, 255] -> such a picture.

    Raises:
        WeightsError: The file cannot be read, or holds something else.
    """
    parameters = read_parameters(path)
    _check(path, parameters)
    named = {
        # (height, width, in, out) -> OIHW; and transposed kernels, (height, width, out, in), are
        # (in, out, …) in ONNX too.
        name.replace("kernel_hwio", "weight"): array.transpose(3, 2, 0, 1)
        if name.endswith("kernel_hwio")
        else array
        for name, array in parameters.items()
    }
    try:
        return _Johnson("painter", named).written()
    except Exception as error:  # onnx's own, where shapes do not fit after all
        raise WeightsError(
            f"{path} has shapes of another network: name one of one style"
        ) from error


def _check(path: Path, parameters: Mapping[str, Values]) -> None:
    width = 3
    for name in _LAYERS:
        names = [f"{name}.{part}" for part in ("kernel_hwio", "scale", "shift")]
        if absent := [each for each in names if each not in parameters]:
            raise WeightsError(f"{path} is not a network of one style: it has no {absent[0]}")
        kernel, scale, shift = (parameters[each] for each in names)
        inputs, outputs = kernel.shape[-2:] if kernel.ndim == 4 else (0, 0)
        if name in _LARGER:
            inputs, outputs = outputs, inputs
        if inputs != width or not scale.shape == shift.shape == (outputs,):
            raise WeightsError(f"{path} is not a network of one style: {name} has other shapes")
        width = outputs


class _Johnson(Graph):
    def written(self) -> bytes:
        """Write the graph and return the model."""
        x = self.image(self.input("picture", (1, "height", "width", 3)))
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2)):
            x = self.relu(self._layer(x, name, stride))
        for number in range(1, _RESIDUALS + 1):
            inner = self.relu(self._layer(x, f"residual{number}.conv1"))
            x = self.add("Add", x, self._layer(inner, f"residual{number}.conv2"))
        for name in _LARGER:
            weight = self.tensor(f"{name}.weight")
            larger = self.add("ConvTranspose", x, weight, strides=[2, 2], pads=[0, 0, 1, 1])
            x = self.relu(self._normalized(larger, name))
        shown = self.add("Mul", self.add("Tanh", self._layer(x, "out")), self.number(150.0))
        image = self.add("Add", shown, self.number(127.5))
        self.output(self.pixels(image), "stylized", (1, "height", "width", 3))
        return self.model()

    def _layer(self, x: str, name: str, stride: int = 1) -> str:
        weight = self.tensor(f"{name}.weight")
        made = self.add("Conv", x, weight, strides=[stride] * 2, auto_pad="SAME_UPPER")
        return self._normalized(made, name)

    def _normalized(self, x: str, name: str) -> str:
        scale, shift = self.tensor(f"{name}.scale"), self.tensor(f"{name}.shift")
        return self.add("InstanceNormalization", x, scale, shift, epsilon=_EPSILON)
