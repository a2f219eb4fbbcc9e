"""The network of Johnson et al. 2016 that knows one style, as fast-style-transfer has it.

A file has kernels by `conv1.kernel_hwio` … `out.kernel_hwio` (transposed ones with outputs before
inputs), and shift and scale of the instance normalization after each (Engstrom 2016, "Fast Style
Transfer").
"""

from pathlib import Path

from impasto.errors import WeightsError
from impasto.fast.graph import Graph, read_parameters

_EPSILON = 1e-3
_RESIDUALS = 5


def graph(path: Path) -> bytes:
    """Return the network as an ONNX model: `picture` (1, H, W, 3) in [0, 255] -> such a picture.

    Raises:
        WeightsError: The file cannot be read, or holds something else.
    """
    parameters = read_parameters(path)
    missing = {"conv1.kernel_hwio", "up1.kernel_hwio", "out.scale"} - parameters.keys()
    if missing:
        raise WeightsError(f"{path} has no network of one style: there is no {min(missing)} in it")
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
    except (KeyError, ValueError) as error:
        raise WeightsError(f"{path} has no network of one style: {error} is missing") from error


class _Johnson(Graph):
    def written(self) -> bytes:
        """Write the graph and return the model."""
        x = self.image(self.input("picture", (1, "height", "width", 3)))
        for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2)):
            x = self.relu(self._layer(x, name, stride))
        for number in range(1, _RESIDUALS + 1):
            inner = self.relu(self._layer(x, f"residual{number}.conv1"))
            x = self.add("Add", x, self._layer(inner, f"residual{number}.conv2"))
        for name in ("up1", "up2"):
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
