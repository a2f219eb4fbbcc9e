"""The any-style network as two ONNX graphs that need nothing around them.

`any_style.onnx` paints:

====================  ===========================================================================
input `picture`       (1, H, W, 3), float32 in [0, 1], any height and width
input `code`          (K,): a style, from the other graph, or a weighted mean of several
input `strength`      (): from 0, the picture itself, to 1
input `grain`         (1, 8, h, w), standard normal noise; h = max(ceil(H / 16), 2) · 4, w likewise
input `held`          (K,): statistics that count besides the picture's own; zeros where none do
input `pace`          (): how much the picture's own count, from 0 to 1; 1 where none are held
output `stylized`     (1, H, W, 3) in [0, 1]
output `statistics`   (K,): what was used; `held` for the next frame of a video
====================  ===========================================================================

`style_reader.onnx` reads `picture` (1, H, W, 3) and gives `code` (K,).

Codes and statistics are made alike: of colors, coarse, middle and fine map in turn the mean and
then a matrix, row by row: in codes the root of the covariance, in statistics the covariance itself.
"""

from collections.abc import Mapping, Sequence

from impasto.fast.graph import Graph, Values
from impasto.networks.any_style import AnyStyleShape
from impasto.networks.whitening import CONSTANT, OF_COLORS, RELATIVE
from impasto.training.whitening_graph import (
    CodedMap,
    Transfer,
    flat_map,
    flattened,
    map_statistics,
    matrix_roots,
)
from impasto.weights.any_style import CELL, FADES_BELOW, GRAIN_CELL, PLANES

#: Inputs that come in cells, and the side of the cells: ONNX orders these otherwise than torch.
IN_CELLS = {"reader.stem": GRAIN_CELL, "reader.to_middle": 2, "reader.to_coarse": 2}


def _maps(shape: AnyStyleShape) -> list[CodedMap]:
    """Return the maps in the order of codes."""
    widths = {"coarse": shape.coarse, "middle": shape.middle, "fine": shape.fine}
    features = [CodedMap(name, width, (RELATIVE, CONSTANT)) for name, width in widths.items()]
    return [CodedMap("colors", 3, OF_COLORS), *features]


def code_length(shape: AnyStyleShape) -> int:
    """Return how many numbers a style is."""
    return sum(each.width + each.width**2 for each in _maps(shape))


def painter_graph(
    parameters: Mapping[str, Values], shape: AnyStyleShape, code: Values | None = None
) -> bytes:
    """Return `any_style.onnx`.

    Args:
        parameters: Of `AnyStyle`, by name.
        shape: Its widths and depths.
        code: A style (K,); the graph has no input for others then, and its kernels have 8 bits.
    """
    graph = Graph("any style", parameters, half=True, bytes=code is not None)
    picture = graph.input("picture", (1, "height", "width", 3))
    if code is None:
        style = graph.input("code", (code_length(shape),))
    else:
        style = graph.tensor("code", code)
    strength = graph.input("strength", ())
    grain = graph.input("grain", (1, PLANES, "grain rows", "grain columns"))
    held, pace = graph.input("held", (code_length(shape),)), graph.input("pace", ())
    transfer = Transfer(graph, _maps(shape), style, strength, held, pace)

    content = _padded_image(graph, picture)
    colors, *maps = _maps(shape)
    recolored = graph.clipped(transfer(content, colors))
    pools = {"coarse": 4, "middle": 2, "fine": 1}
    features: dict[str, str] = {}
    for each, x in zip(maps, _read(graph, recolored, shape), strict=True):
        planes = _pooled(graph, grain, pools[each.name])
        mixing = graph.tensor(f"grain.{len(features)}")
        features[each.name] = transfer(x, each, (mixing, planes))
    painted = _paint(graph, features, shape)
    fade = graph.add("Min", graph.add("Div", strength, graph.number(FADES_BELOW)), graph.number(1))
    change = graph.add("Mul", fade, graph.add("Sub", painted, content))
    stylized = graph.pixels(graph.clipped(graph.add("Add", content, change)))
    size = graph.add("Slice", graph.add("Shape", picture), graph.whole(1), graph.whole(3))
    stylized = graph.add("Slice", stylized, graph.whole(0, 0), size, graph.whole(1, 2))
    graph.output(stylized, "stylized", (1, "height", "width", 3))
    graph.output(graph.add("Concat", *transfer.used, axis=0), "statistics", (code_length(shape),))
    return graph.model()


def style_reader_graph(parameters: Mapping[str, Values], shape: AnyStyleShape) -> bytes:
    """Return `style_reader.onnx`.

    Args:
        parameters: Of `AnyStyle`, by name.
        shape: Its widths and depths.
    """
    graph = Graph("style reader", parameters, half=True)
    image = _padded_image(graph, graph.input("picture", (1, "height", "width", 3)))
    parts = []
    for each, x in zip(_maps(shape), (image, *_read(graph, image, shape)), strict=True):
        mean, covariance = map_statistics(graph, flat_map(graph, x), each)
        root, _ = matrix_roots(graph, covariance, each)
        parts += [flattened(graph, mean), flattened(graph, root)]
    graph.output(graph.add("Concat", *parts, axis=0), "code", (code_length(shape),))
    return graph.model()


def _padded_image(graph: Graph, picture: str) -> str:
    """Return (1, 3, h, w) in whole cells, two at least, borders repeated right and below."""
    graph.exact = True
    size = graph.add("Slice", graph.add("Shape", picture), graph.whole(1), graph.whole(3))
    rest = graph.add("Mod", graph.add("Neg", size), graph.whole(CELL))
    after = graph.add("Max", rest, graph.add("Sub", graph.whole(2 * CELL), size))
    none, zero = graph.whole(0, 0, 0, 0, 0), graph.whole(0)
    pads = graph.add("Concat", none, after, zero, axis=0)
    image = graph.image(graph.add("Pad", picture, pads, mode="edge"))
    graph.exact = False
    return image


def _read(graph: Graph, image: str, shape: AnyStyleShape) -> Sequence[str]:
    """Return the coarse, middle and fine map of (1, 3, H, W) in [0, 1]."""
    blocks = dict(zip(("fine", "middle", "coarse"), shape.reader_blocks, strict=True))
    cells = graph.unshuffled(graph.add("Sub", image, graph.number(0.5)), GRAIN_CELL)
    maps = {}
    x = graph.relu(graph.convolution(cells, "reader.stem", GRAIN_CELL))
    for name in ("fine", "middle", "coarse"):
        if name != "fine":
            cells = graph.unshuffled(graph.relu(x), 2)
            x = graph.relu(graph.convolution(cells, f"reader.to_{name}", 2))
        maps[name] = x = _residual(graph, x, f"reader.{name}", blocks[name])
    skips = (graph.convolution(maps[n], f"reader.{n}_skip") for n in ("middle", "fine"))
    return [maps["coarse"], *skips]


def _paint(graph: Graph, maps: Mapping[str, str], shape: AnyStyleShape) -> str:
    """Return (1, 3, H, W), not clamped."""
    fine, middle, coarse = shape.painter_blocks
    x = graph.relu(_residual(graph, maps["coarse"], "painter.coarse", coarse))
    for name, blocks in (("middle", middle), ("fine", fine)):
        raised = graph.shuffled(graph.convolution(x, f"painter.to_{name}"), 2)
        x = graph.add("Add", raised, maps[name])
        x = graph.relu(_residual(graph, x, f"painter.{name}", blocks))
    cells = graph.shuffled(graph.convolution(x, "painter.head"), GRAIN_CELL)
    return graph.add("Add", cells, graph.number(0.5))


def _residual(graph: Graph, x: str, part: str, count: int) -> str:
    for number in range(count):
        inner = graph.relu(graph.convolution(x, f"{part}.{number}.first"))
        x = graph.add("Add", x, graph.convolution(inner, f"{part}.{number}.second"))
    return x


def _pooled(graph: Graph, grain: str, side: int) -> str:
    """Return noise of a coarser map, as strong."""
    if side == 1:
        return grain
    pooled = graph.add("AveragePool", grain, kernel_shape=[side, side], strides=[side, side])
    return graph.add("Mul", pooled, graph.number(side))
