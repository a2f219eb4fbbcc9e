"""Networks that know one style: pictures in, pictures out, from a file of one's own.

A .safetensors file is one of Johnson et al. 2016, as fast-style-transfer (Engstrom 2016) has it:
kernels by `conv1.kernel_hwio` … `out.kernel_hwio` (transposed ones with outputs before inputs), and
shift and scale of the instance normalization after each. An .onnx file may be our own network with
its style within, or any network from picture to picture; how that takes pictures is found out by
trying.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from impasto.errors import WeightsError
from impasto.fast.any_style import ONE_STYLE, open_one_style
from impasto.fast.forms import BYTES, Convention, Form
from impasto.fast.graph import Graph, Values
from impasto.fast.network import Files, Network, StyleCode
from impasto.fast.reading import read_entries
from impasto.fast.sessions import Array, choose_runtime, open_session
from impasto.fast.shot import Shot
from impasto.fast.trial import tried
from impasto.files import check_file
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import METHODS, Method
from impasto.weights.formats import load_parameters

#: Of the network of Johnson et al.
_EPSILON = 1e-3
_RESIDUALS = 5
_LARGER = ("up1", "up2")
_LAYERS = (
    *("conv1", "conv2", "conv3"),
    *(f"residual{n}.conv{part}" for n in range(1, _RESIDUALS + 1) for part in (1, 2)),
    *(*_LARGER, "out"),
)


@dataclass
class SingleNetwork(Network):
    """Paints in the one style it knows, with pictures of a form and pixels of a convention."""

    form: Form
    convention: Convention

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        whole = content.filled()
        height, width = self.form.shown(whole.height, whole.width)
        shown = whole.resized((width, height))
        try:
            made = self.form.run(self.painter, self.convention.given(shown.pixels))
        except (ValueError, IndexError) as error:
            said = f"{self.title} does not give a picture, but {error}"
            raise WeightsError(said) from error
        painted = self.convention.taken(made).clip(0, 1)
        if painted.shape != whole.pixels.shape:
            painted = Picture(np.ascontiguousarray(painted)).resized(whole.size).pixels
        part = np.float32(strength)
        return painted if part == 1 else whole.pixels + part * (painted - whole.pixels)


def open_file(row: Method, settings: Settings, files: Files) -> Network:
    """Open a network of one style, or say what is wrong with its file."""
    (path,) = files.values()
    check_file(path, WeightsError)
    if path.suffix.lower() != ".onnx":
        painter = open_session(johnson_graph(path), settings.runtime, settings.device)
        form = Form("picture", "NHWC")
        return SingleNetwork(replace(row, sentence=path.name), files, painter, form, BYTES)
    entries = read_entries(path)
    if entries.keys() == ONE_STYLE:
        return open_one_style(replace(METHODS["fast"], sentence=path.name), settings, path, entries)
    runtimes = [choose_runtime(settings.runtime, settings.device).name]
    if settings.runtime == "auto" and runtimes != ["onnxruntime"]:
        runtimes.append("onnxruntime")
    found = tried(path, "impasto.fast.probing:probe", path=str(path), runtimes=runtimes)
    runtime, form, convention = found[0], Form(*found[1]), Convention(*found[2])
    painter = open_session(path, runtime, settings.device)
    sides = [str(side or "any") for side in reversed(form.fixed)]
    always = f", always at {'x'.join(sides)} pixels" if any(form.fixed) else ""
    row = replace(row, sentence=path.name + always)
    return SingleNetwork(row, files, painter, form, convention)


def johnson_graph(path: Path) -> bytes:
    """Return the network as an ONNX model: `picture` (1, H, W, 3) in [0, 255] -> such a picture."""
    parameters = load_parameters(path)
    _check(path, parameters)
    for name, array in parameters.items():
        if name.endswith("kernel_hwio"):
            # (height, width, in, out) -> OIHW; transposed kernels, (height, width, out, in), are
            # (in, out, …) in ONNX too.
            parameters[name] = array.transpose(3, 2, 0, 1)
    try:
        return _written(Graph("painter", parameters))
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


def _written(graph: Graph) -> bytes:
    x = graph.image(graph.input("picture", (1, "height", "width", 3)))
    for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2)):
        x = graph.relu(_layer(graph, x, name, stride))
    for number in range(1, _RESIDUALS + 1):
        inner = graph.relu(_layer(graph, x, f"residual{number}.conv1"))
        x = graph.add("Add", x, _layer(graph, inner, f"residual{number}.conv2"))
    for name in _LARGER:
        x = graph.relu(_layer(graph, x, name, 2))
    shown = graph.add("Mul", graph.add("Tanh", _layer(graph, x, "out")), graph.number(150.0))
    image = graph.add("Add", shown, graph.number(127.5))
    graph.output(graph.pixels(image), "stylized", (1, "height", "width", 3))
    return graph.model()


def _layer(graph: Graph, x: str, name: str, stride: int = 1) -> str:
    kernel, scale, shift = (graph.tensor(f"{name}.{p}") for p in ("kernel_hwio", "scale", "shift"))
    strides = [stride, stride]
    if name in _LARGER:
        x = graph.add("ConvTranspose", x, kernel, strides=strides, pads=[0, 0, 1, 1])
    else:
        x = graph.add("Conv", x, kernel, strides=strides, auto_pad="SAME_UPPER")
    return graph.add("InstanceNormalization", x, scale, shift, epsilon=_EPSILON)
