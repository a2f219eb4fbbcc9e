"""What `impasto train fast` wrote, as two ONNX files that run without torch.

`reader.onnx`: style picture (1, H, W, 3), sides multiples of 16 -> numbers (1, M).
`painter.onnx`: content (1, H, W, 3), sides multiples of 8, color matrix (3, 3) and offset (3,)
(color, as a row, · matrix + offset), numbers (1, M) -> stylized picture (1, H, W, 3) in [0, 1].
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import WeightsError
from impasto.perception.pocket import PocketShape
from impasto.training.graph import Graph
from impasto.training.painter import EPSILON, TAPS, PainterShape, load_trained, shape_of_parameters
from impasto.weights import fetch, load_pocket
from impasto.weights.atomic import replacing

PAINTER, READER = "painter.onnx", "reader.onnx"


def export(trained: Path, folder: Path) -> list[Path]:
    """Write both files, weights in float16.

    Args:
        trained: What `impasto train fast` wrote.
        folder: Where to; made if it is not there.

    Returns:
        The two paths.

    Raises:
        WeightsError: The file cannot be read or holds something else, or the folder not written.
        MissingExtraError: The package `onnx` is not installed.
    """
    parameters = load_trained(trained)
    trunk = {name: torch.from_numpy(a) for name, a in load_pocket(fetch("pocket")).items()}
    graphs = {PAINTER: painter_graph(parameters), READER: reader_graph(parameters, trunk)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in graphs.items():
            with replacing(folder / name) as part:
                part.write_bytes(content)
    except OSError as error:
        reason = error.strerror or error
        raise WeightsError(f"{folder} cannot be written to ({reason}): name another") from error
    return [folder / name for name in graphs]


def painter_graph(parameters: Mapping[str, Tensor]) -> bytes:
    """Return the painter as an ONNX model."""
    shape = shape_of_parameters(parameters)
    graph = Graph("painter", parameters)
    content = graph.input("content", (1, "height", "width", 3))
    matrix, offset = graph.input("matrix", (3, 3)), graph.input("offset", (3,))
    numbers = graph.input("numbers", (1, 2 * sum(shape.norms)))
    colored = graph.add("Add", graph.add("MatMul", content, matrix), offset)
    matched = graph.add("Transpose", graph.clipped(colored), perm=(0, 3, 1, 2))
    parts = [graph.add("Squeeze", part, graph.whole(0)) for part in _parts(graph, numbers, shape)]

    def modulated(x: str) -> str:
        deviation, mean = parts.pop(0), parts.pop(0)
        return graph.add("InstanceNormalization", x, deviation, mean, epsilon=EPSILON)

    near = _way(graph, matched, shape, modulated)
    added = graph.shuffled(graph.convolution(near, "painter.head"), 4)
    painted = graph.clipped(graph.add("Add", matched, added))
    graph.output(
        graph.add("Transpose", painted, perm=(0, 2, 3, 1)), "stylized", (1, "height", "width", 3)
    )
    return graph.model()


def _way(graph: Graph, matched: str, shape: PainterShape, norm: Callable[[str], str]) -> str:
    """Return what the painter's head looks at; `norm` is what happens at each normalization."""

    def blocks(x: str, part: str, count: int) -> str:
        for number in range(count):
            name = f"painter.{part}.{number}"
            inner = graph.add("Relu", norm(graph.convolution(x, f"{name}.0")))
            x = graph.add("Add", x, graph.convolution(inner, f"{name}.1"))
        return graph.add("Relu", norm(x))

    centered = graph.add("Sub", matched, graph.number(0.5))
    near = graph.add("Relu", graph.convolution(graph.unshuffled(centered, 4), "painter.stem", 4))
    far = graph.add("Relu", graph.convolution(graph.unshuffled(near, 2), "painter.down", 2))
    far = blocks(far, "far", shape.far_blocks)
    raised = graph.shuffled(graph.convolution(far, "painter.up"), 2)
    near = graph.add("Add", raised, graph.convolution(near, "painter.skip"))
    return blocks(near, "near", shape.near_blocks)


def _parts(graph: Graph, numbers: str, shape: PainterShape) -> list[str]:
    return graph.split(numbers, [width for width in shape.norms for _ in range(2)])


def reader_graph(parameters: Mapping[str, Tensor], trunk: Mapping[str, Tensor]) -> bytes:
    """Return the reader as an ONNX model.

    Args:
        parameters: Of painter and reader.
        trunk: Of the pocket encoder.
    """
    graph = Graph("reader", {**trunk, **parameters})
    style = graph.input("style", (1, "height", "width", 3))
    image = graph.add("Transpose", style, perm=(0, 3, 1, 2))
    seen = _descriptor(graph, image)
    x = graph.unshuffled(graph.padded(image, 2), 2)
    for unit in PocketShape().units():
        if unit.name == "stem":
            x = graph.add("Relu", graph.convolution(x, "stem", 2, pad=0))
        else:
            x = graph.add("Relu", graph.convolution(x, unit.name, pad=1, stride=unit.stride))
        if unit.tap in TAPS:
            seen += _descriptor(graph, x)
        if unit.tap == TAPS[-1]:
            break
    seen_all = graph.add("Concat", *seen, axis=1)
    difference = graph.add("Sub", seen_all, graph.tensor("reader.mean"))
    normalized = graph.add("Div", difference, graph.tensor("reader.deviation"))
    hidden = graph.add("Relu", graph.linear(normalized, "reader.first"))
    shape = shape_of_parameters(parameters)
    changes = _parts(graph, graph.linear(hidden, "reader.second"), shape)
    corrected: list[str] = []

    def noted(x: str) -> str:
        deviation, mean = _moments(graph, x, EPSILON)
        gain = graph.add("Add", changes.pop(0), graph.number(1.0))
        shift = graph.add("Mul", changes.pop(0), deviation)
        corrected.extend([graph.add("Mul", deviation, gain), graph.add("Add", mean, shift)])
        return x

    _way(graph, image, shape, noted)
    graph.output(graph.add("Concat", *corrected, axis=1), "numbers", (1, "count"))
    return graph.model()


def _descriptor(graph: Graph, x: str) -> list[str]:
    """Return means and logarithms of deviations of the channels: (1, C) each."""
    deviation, mean = _moments(graph, x, 0.0)
    return [mean, graph.add("Log", graph.add("Add", deviation, graph.number(1e-3)))]


def _moments(graph: Graph, x: str, epsilon: float) -> tuple[str, str]:
    """Return deviations and means of the channels: (1, C) each."""
    mean = graph.add("ReduceMean", x, graph.whole(2, 3), keepdims=1)
    centered = graph.add("Sub", x, mean)
    square = graph.add("Mul", centered, centered)
    variance = graph.add("ReduceMean", square, graph.whole(2, 3), keepdims=0)
    if epsilon:
        variance = graph.add("Add", variance, graph.number(epsilon))
    return graph.add("Sqrt", variance), graph.add("Squeeze", mean, graph.whole(2, 3))
