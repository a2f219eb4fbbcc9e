"""What a training wrote, as ONNX files that run without torch.

Of `impasto train fast` come two:

`reader.onnx`: picture (1, H, W, 3) in [0, 1], sides multiples of 8, color matrix (3, 3) and offset
(3,) (color, as a row, · matrix + offset) -> features far (1, C, H / 8, W / 8) and near (1, c,
H / 4, W / 4).
`painter.onnx`: such features -> picture (1, H, W, 3) in [0, 1].
What happens between the two is in `impasto.fast.statistics`.

Of `impasto train style` comes one: picture (1, H, W, 3) in [0, 1], sides multiples of 8 -> such a
picture.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import WeightsError
from impasto.fast.graph import Graph, Values, from_space_to_depth, written_parameters
from impasto.fast.single import NOTE
from impasto.training.painter import load_trained, shape_of_parameters
from impasto.training.single import EPSILON, NEAR_BLOCKS, shape_of_single
from impasto.weights.atomic import replacing

PAINTER, READER = "painter.onnx", "reader.onnx"
#: Kernels whose inputs are cells of pixels, and the cells' sides: ONNX orders these otherwise.
IN_CELLS = {"reader.stem.weight": 4, "reader.down.weight": 2}


def export(trained: Path, output: Path) -> list[Path]:
    """Write what a training wrote as ONNX files, weights in float16.

    Args:
        trained: What `impasto train fast` or `impasto train style` wrote.
        output: Where to: a folder for the two files of the former, made if it is not there; the
            file for the network of one style of the latter.

    Returns:
        The paths of what was written.

    Raises:
        WeightsError: The file cannot be read or holds something else, or nothing can be written
            there.
    """
    parameters, architecture = load_trained(trained, "painter", "one style")
    if architecture == "painter":
        graphs = {
            output / READER: reader_graph(parameters),
            output / PAINTER: painter_graph(parameters),
        }
    elif output.suffix == ".onnx":
        graphs = {output: single_graph(parameters)}
    else:
        raise WeightsError(f"{output} does not end in .onnx: a network of one style is one file")
    for path, content in graphs.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as part:
                part.write_bytes(content)
        except OSError as error:
            reason = error.strerror or error
            raise WeightsError(
                f"{path} cannot be written ({reason}): name another output"
            ) from error
    return list(graphs)


def imported(painter: Path) -> dict[str, Tensor]:
    """Read all parameters back from what `export` wrote: the painter, its reader beside it.

    Raises:
        WeightsError: A file is missing, damaged or something else.
    """
    parameters: dict[str, Tensor] = {}
    for path in (painter.with_name(READER), painter):
        parameters |= {name: torch.from_numpy(a) for name, a in written_parameters(path).items()}
    for name, cells in IN_CELLS.items():
        if name not in parameters:
            raise WeightsError(f"{painter} is not what `impasto export` writes")
        kernel = from_space_to_depth(parameters[name].numpy(), cells)
        parameters[name] = torch.from_numpy(kernel)
    return parameters


def reader_graph(parameters: Mapping[str, Tensor]) -> bytes:
    """Return the reader as an ONNX model."""
    shape = shape_of_parameters(parameters)
    graph = Graph("reader", _arrays(parameters), half=True)
    picture = graph.input("picture", (1, "height", "width", 3))
    matrix, offset = graph.input("matrix", (3, 3)), graph.input("offset", (3,))
    colored = graph.clipped(graph.add("Add", graph.add("MatMul", picture, matrix), offset))
    centered = graph.add("Sub", colored, graph.number(0.5))
    image = graph.image(centered)
    near = graph.relu(graph.convolution(graph.unshuffled(image, 4), "reader.stem", 4))
    far = graph.relu(graph.convolution(graph.unshuffled(near, 2), "reader.down", 2))
    far = _blocks(graph, far, "reader.far", shape.read_blocks)
    near = graph.convolution(near, "reader.skip")
    graph.output(far, "far", (1, shape.far, "rows", "columns"))
    graph.output(near, "near", (1, shape.near, "near rows", "near columns"))
    return graph.model()


def painter_graph(parameters: Mapping[str, Tensor]) -> bytes:
    """Return the painter as an ONNX model."""
    shape = shape_of_parameters(parameters)
    graph = Graph("painter", _arrays(parameters), half=True)
    far = graph.input("far", (1, shape.far, "rows", "columns"))
    near = graph.input("near", (1, shape.near, "near rows", "near columns"))
    far = graph.relu(_blocks(graph, far, "painter.far", shape.far_blocks))
    raised = graph.shuffled(graph.convolution(far, "painter.up"), 2)
    near = _blocks(graph, graph.add("Add", raised, near), "painter.near", shape.near_blocks)
    cells = graph.convolution(graph.relu(near), "painter.head")
    image = graph.clipped(graph.add("Add", graph.shuffled(cells, 4), graph.number(0.5)))
    graph.output(graph.pixels(image), "stylized", (1, "height", "width", 3))
    return graph.model()


def single_graph(parameters: Mapping[str, Tensor]) -> bytes:
    """Return a network of one style as an ONNX model: a picture in [0, 1] -> such a picture."""
    graph = Graph("one style", _arrays(parameters), half=True)
    picture = graph.input("picture", (1, "height", "width", 3))
    cells = graph.unshuffled(graph.image(picture), 4)
    near = graph.relu(_normalized(graph, cells, "stem", 4))
    far = graph.relu(_normalized(graph, graph.unshuffled(near, 2), "down", 2))
    shape = shape_of_single(parameters)
    for number in range(shape.blocks):
        far = _block(graph, far, f"far.{number}")
    raised = graph.shuffled(graph.convolution(graph.relu(far), "up"), 2)
    near = graph.add("Add", raised, near)
    for number in range(NEAR_BLOCKS):
        near = _block(graph, near, f"near.{number}")
    cells = graph.clipped(graph.convolution(graph.relu(near), "head"))
    graph.output(graph.pixels(graph.shuffled(cells, 4)), "stylized", (1, "height", "width", 3))
    return graph.model(NOTE)


def _normalized(graph: Graph, x: str, name: str, cells: int = 0) -> str:
    return graph.normalized(graph.convolution(x, f"{name}.conv", cells), f"{name}.norm", EPSILON)


def _block(graph: Graph, x: str, name: str) -> str:
    inner = graph.relu(_normalized(graph, x, f"{name}.first"))
    return graph.add("Add", x, _normalized(graph, inner, f"{name}.second"))


def _blocks(graph: Graph, x: str, part: str, count: int) -> str:
    for number in range(count):
        inner = graph.relu(graph.convolution(x, f"{part}.{number}.0"))
        x = graph.add("Add", x, graph.convolution(inner, f"{part}.{number}.1"))
    return x


def _arrays(parameters: Mapping[str, Tensor]) -> dict[str, Values]:
    return {name: tensor.numpy() for name, tensor in parameters.items()}
