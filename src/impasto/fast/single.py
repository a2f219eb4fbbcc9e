"""Networks of one style: picture in, picture out, from a user's file.

A .safetensors file is one of Johnson et al. 2016, as fast-style-transfer (Engstrom 2016) has it:
kernels by `conv1.kernel_hwio` … `out.kernel_hwio` (transposed ones with outputs before inputs), and
shift and scale of the instance normalization after each. An .onnx file may be our own network with
its style built in, or any network from picture to picture; how that takes pictures is found by
trial.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from impasto.errors import WeightsError
from impasto.fast.any_style import ONE_STYLE, open_one_style
from impasto.fast.graph import Graph, Values
from impasto.fast.network import Files, Network, StyleCode
from impasto.fast.reading import read_entries
from impasto.fast.sessions import Array, Session, choose_runtime, open_session
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
#: Sides of pictures are multiples of this where a network allows it: most halve them thrice.
CELL = 8
_ONE, _NONE, _BYTES = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (255.0, 255.0, 255.0)


class Convention(NamedTuple):
    """The range of values that a network takes and gives.

    With x · scale + offset, for each color, it takes [0, 1]. What it gives is y; then
    (y − result_offset) / result_scale is the picture.
    """

    scale: Sequence[float] = _ONE
    offset: Sequence[float] = _NONE
    result_scale: float = 1.0
    result_offset: float = 0.0

    def given(self, pixels: Array) -> Array:
        """Return (H, W, 3) in [0, 1] as the network takes it."""
        return pixels * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)

    def taken(self, pixels: Array) -> Array:
        """Return what the network gave as (H, W, 3) about in [0, 1]."""
        return (pixels - np.float32(self.result_offset)) / np.float32(self.result_scale)


_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
#: The convention of numbers from 0 to 255.
BYTES = Convention(_BYTES, result_scale=255.0)
#: What networks may take, and may give back.
TAKEN = (
    (_BYTES, _NONE),
    (_ONE, _NONE),
    ((2.0, 2.0, 2.0), (-1.0, -1.0, -1.0)),
    (tuple(1 / _DEVIATION), tuple(-_MEAN / _DEVIATION)),
)
GIVEN = ((255.0, 0.0), (1.0, 0.0), (2.0, -1.0))


class Form(NamedTuple):
    """Shapes of what a network takes and gives."""

    entry: str  # name of its input
    layout: str  # its dimensions: `NCHW`, `NHWC`, `CHW` or `HWC`
    kind: str = "float32"  # type of its numbers, as numpy names it
    batch: int = 1  # pictures that it takes at once; all are the same
    fixed: Sequence[int] = (0, 0)  # height and width, 0 where it takes any
    cell: int = CELL  # other heights and widths are multiples of this
    output: int = 0  # number of the output that is the picture
    margin: int = 0  # rows and columns that its result lacks; below 0: has more

    def shown(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width that a picture is scaled to before the network sees it."""
        free = [each and each - max(self.margin, 0) for each in self.fixed]
        if all(free):
            return free[0], free[1]
        factor = max(free) / (height if free[0] else width) if any(free) else 1
        return free[0] or max(1, round(height * factor)), free[1] or max(1, round(width * factor))

    def run(self, session: Session, pixels: Array) -> Array:
        """Return what a network makes of (H, W, 3), of that size unless it enlarges or reduces."""
        more, sides, cell = max(self.margin, 0), pixels.shape[:2], self.cell
        whole = [
            fixed or max(-(-(side + more) // cell), 2) * cell
            for side, fixed in zip(sides, self.fixed, strict=True)
        ]
        edges = [(more // 2, w - s - more // 2) for s, w in zip(sides, whole, strict=True)]
        picture = np.pad(pixels, [*edges, (0, 0)], mode="reflect")
        made = self.picture(self.raw(session, picture)[self.output])
        skip = max(-self.margin, 0) // 2
        made = made[skip:, skip:]
        extra = max(-self.margin, 0) - skip
        ends = [
            max(1, round((has - extra) * side / (w - more)))
            for has, side, w in zip(made.shape, sides, whole, strict=False)
        ]
        return np.asarray(made[: ends[0], : ends[1]], np.float32)

    def raw(self, session: Session, pixels: Array) -> list[Any]:
        """Return all outputs for (H, W, 3), which is as large as the network takes it."""
        kind = np.dtype(self.kind)
        picture = pixels.round().clip(np.iinfo(kind).min) if kind.kind in "iu" else pixels
        if self.layout.endswith("CHW"):
            picture = picture.transpose(2, 0, 1)
        if self.layout.startswith("N"):
            picture = np.repeat(picture[None], self.batch, 0)
        return list(session(**{self.entry: np.ascontiguousarray(picture, kind)}))

    def picture(self, made: Any) -> Array:  # noqa: ANN401
        """Return an output as (H, W, 3), or raise a `ValueError` with its shape."""
        array = np.asarray(made)
        if array.ndim == 4:
            array = array[0]
        if array.ndim == 3 and array.dtype.kind in "fiu" and min(array.shape) > 0:
            planar = self.layout.endswith("CHW")
            for first in (planar, not planar):
                if array.shape[0 if first else 2] == 3:
                    return array.transpose(1, 2, 0) if first else array
        raise ValueError(" x ".join(map(str, np.shape(made))) or "one number")


@dataclass
class SingleNetwork(Network):
    """Paints in its one style, with pictures of a form and pixels of a convention."""

    form: Form
    convention: Convention

    def paint(self, content: Picture, code: StyleCode, strength: float, shot: Shot | None) -> Array:
        """Return stylized pixels."""
        whole = content.filled()
        height, width = self.form.shown(whole.height, whole.width)
        shown = whole.resized((width, height))
        try:
            made = self.form.run(self.session, self.convention.given(shown.pixels))
        except (ValueError, IndexError) as error:
            raise WeightsError(f"{self.title} does not give a picture, but {error}") from error
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
        session = open_session(johnson_graph(path), settings.runtime, settings.device)
        form = Form("picture", "NHWC")
        return SingleNetwork(replace(row, sentence=path.name), files, session, form, BYTES)
    entries = read_entries(path)
    if entries.keys() == ONE_STYLE:
        return open_one_style(replace(METHODS["fast"], sentence=path.name), settings, path, entries)
    runtimes = [choose_runtime(settings.runtime, settings.device).name]
    if settings.runtime == "auto" and runtimes != ["onnxruntime"]:
        runtimes.append("onnxruntime")
    found = tried(path, "impasto.fast.probing:probe", path=str(path), runtimes=runtimes)
    runtime, form, convention = found[0], Form(*found[1]), Convention(*found[2])
    session = open_session(path, runtime, settings.device)
    sides = [str(side or "any") for side in reversed(form.fixed)]
    always = f", always at {'x'.join(sides)} pixels" if any(form.fixed) else ""
    row = replace(row, sentence=path.name + always)
    return SingleNetwork(row, files, session, form, convention)


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
        return _written(Graph("network", parameters))
    except Exception as error:  # onnx's own, where shapes do not fit after all
        raise WeightsError(f"{path} has another network's shapes: name one of one style") from error


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
