"""The any-style network as two ONNX graphs that need nothing around them.

`any_style.onnx` paints:

input `picture`       (1, H, W, 3), float32 in [0, 1], any height and width
input `code`          (K,): a style, from the other graph, or a weighted mean of several
input `strength`      (): from 0, the picture itself, to 1
input `grain`         (1, 8, h, w), standard normal noise; h = max(ceil(H / 16), 2) · 4, w likewise
input `held`          (K,): statistics that count besides the picture's own; zeros where none do
input `pace`          (): how much the picture's own count, from 0 to 1; 1 where none are held
output `stylized`     (1, H, W, 3) in [0, 1]
output `statistics`   (K,): what was used; `held` for the next frame of a video

`style_reader.onnx` reads `picture` (1, H, W, 3) and gives `code` (K,).

Codes and statistics are made alike: of colors, middle and fine map in turn the mean and then a
matrix, row by row: in codes the root of the covariance, in statistics the covariance itself.
The mathematics are those of `impasto.networks.whitening`.
"""

from collections.abc import Mapping

from impasto.fast.graph import Graph, Values
from impasto.fast.shot import NEAR
from impasto.networks.any_style import AnyStyleShape
from impasto.networks.pocket import TAIL
from impasto.networks.whitening import CONSTANT, OF_COLORS, RELATIVE
from impasto.weights.any_style import CELL, COVARIANCE, FADES_BELOW, GRAIN_CELL, PLANES

#: Inputs that come in cells, and the side of the cells: ONNX orders these otherwise than torch.
IN_CELLS = {"reader.stem": 2, "painter.to_coarse": 2, "painter.pixels": GRAIN_CELL}
#: Steps of Newton-Schulz iteration: enough for the least eigenvalue that the ridge leaves.
_ITERATIONS = 16


def _widths(shape: AnyStyleShape) -> dict[str, int]:
    """Return the channels of the maps in the order of codes."""
    return {"colors": 3, "middle": shape.middle, "fine": shape.fine}


def code_length(shape: AnyStyleShape) -> int:
    """Return how many numbers a style is."""
    return sum(width + width**2 for width in _widths(shape).values())


def painter_graph(
    parameters: Mapping[str, Values], shape: AnyStyleShape, code: Values | None = None
) -> bytes:
    """Return `any_style.onnx`; with a `code` for that style alone, with all kernels in 8 bits."""
    eight_bits = "reader." if code is None else ""
    graph = Graph("any style", parameters, half=True, eight_bits=eight_bits)
    picture, length = graph.input("picture", (1, "height", "width", 3)), code_length(shape)
    style = graph.input("code", (length,)) if code is None else graph.tensor("code", code)
    strength = graph.input("strength", ())
    grain = graph.input("grain", (1, PLANES, "grain rows", "grain columns"))
    held, pace = graph.input("held", (length,)), graph.input("pace", ())
    transfer = _Transfer(graph, _widths(shape), style, strength, held, pace)

    content = _padded_image(graph, picture)
    recolored = graph.clipped(transfer(content, "colors"))
    halved = graph.add("AveragePool", grain, kernel_shape=[2, 2], strides=[2, 2])
    planes = {"middle": graph.add("Mul", halved, graph.number(2)), "fine": grain}  # as strong
    maps = {
        name: transfer(x, name, (graph.tensor(f"grain.{number}"), planes[name]))
        for number, (name, x) in enumerate(_read(graph, content, shape).items())
    }
    painted = _paint(graph, maps, recolored, shape)
    fade = graph.add("Min", graph.add("Div", strength, graph.number(FADES_BELOW)), graph.number(1))
    change = graph.add("Mul", fade, graph.add("Sub", painted, content))
    stylized = graph.pixels(graph.clipped(graph.add("Add", content, change)))
    size = graph.add("Slice", graph.add("Shape", picture), graph.whole(1), graph.whole(3))
    stylized = graph.add("Slice", stylized, graph.whole(0, 0), size, graph.whole(1, 2))
    graph.output(stylized, "stylized", (1, "height", "width", 3))
    graph.output(graph.add("Concat", *transfer.used, axis=0), "statistics", (length,))
    return graph.model()


def style_reader_graph(parameters: Mapping[str, Values], shape: AnyStyleShape) -> bytes:
    """Return `style_reader.onnx`."""
    graph = Graph("style reader", parameters, half=True, eight_bits="reader.")
    image = _padded_image(graph, graph.input("picture", (1, "height", "width", 3)))
    parts, widths = [], _widths(shape)
    for name, x in {"colors": image, **_read(graph, image, shape)}.items():
        width = widths[name]
        mean, covariance = _statistics(graph, _flat_map(graph, x), name, width)
        root, _ = _roots(graph, covariance, width)
        parts += [_flattened(graph, mean), _flattened(graph, root)]
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


def _read(graph: Graph, image: str, shape: AnyStyleShape) -> dict[str, str]:
    """Return the middle and the fine map of (1, 3, H, W) in [0, 1]."""
    graph.exact = True  # in half precision a picture would have steps
    around = graph.add("Pad", image, graph.whole(0, 0, 2, 2, 0, 0, 2, 2), mode="edge")
    x = graph.convolution(graph.unshuffled(around, 2), "reader.stem", 2, padded=True)
    graph.exact = False
    for unit in shape.encoder.units():
        if unit.name != "stem":
            x = graph.convolution(x, f"reader.{unit.name}", stride=unit.stride)
        x = graph.relu(x)
    fine = x = graph.relu(graph.convolution(x, "reader.relu3_1"))
    for step in TAIL[: TAIL.index("relu4_1") + 1]:
        if step.startswith("conv"):
            x = graph.convolution(x, f"reader.{step}_down")
            x = graph.convolution(x, f"reader.{step}_across")
        elif step.startswith("pool"):
            x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        else:
            x = graph.relu(x)
    return {
        "middle": graph.convolution(x, "reader.middle"),
        "fine": graph.convolution(fine, "reader.fine"),
    }


def _paint(graph: Graph, maps: Mapping[str, str], recolored: str, shape: AnyStyleShape) -> str:
    """Return (1, 3, H, W), not clamped."""
    fine, middle, coarse = shape.blocks
    cells = graph.unshuffled(maps["middle"], 2)
    x = graph.relu(graph.convolution(cells, "painter.to_coarse", 2))
    x = graph.relu(_residual(graph, x, "painter.coarse", coarse))
    x = graph.shuffled(graph.convolution(x, "painter.to_middle"), 2)
    x = _residual(graph, graph.add("Add", maps["middle"], x), "painter.middle", middle)
    x = graph.shuffled(graph.convolution(graph.relu(x), "painter.to_fine"), 2)
    cells = graph.unshuffled(graph.add("Sub", recolored, graph.number(0.5)), GRAIN_CELL)
    pixels = graph.convolution(cells, "painter.pixels", GRAIN_CELL)
    features = graph.convolution(maps["fine"], "painter.features")
    x = graph.relu(graph.add("Add", graph.add("Add", x, features), pixels))
    x = graph.relu(_residual(graph, x, "painter.fine", fine))
    cells = graph.shuffled(graph.convolution(x, "painter.head"), GRAIN_CELL)
    return graph.add("Add", cells, graph.number(0.5))


def _residual(graph: Graph, x: str, part: str, count: int) -> str:
    for number in range(count):
        inner = graph.relu(graph.convolution(x, f"{part}.{number}.first"))
        x = graph.add("Add", x, graph.convolution(inner, f"{part}.{number}.second"))
    return x


class _Transfer:
    """Adds what gives a map the statistics of a style; `used` are those it was taken to have."""

    def __init__(
        self, graph: Graph, widths: dict[str, int], code: str, strength: str, held: str, pace: str
    ) -> None:
        self.graph, self.widths, self.strength, self.pace = graph, widths, strength, pace
        graph.exact = True
        self.code, self.held = (_parts(graph, each, widths) for each in (code, held))
        graph.exact = False
        self.rest = graph.add("Sub", graph.number(1), strength)
        self.used: list[str] = []

    def __call__(self, x: str, name: str, grain: tuple[str, str] | None = None) -> str:
        """Return a map x (1, C, h, w), changed.

        The `grain` is how much of each plane each channel gets, and the planes (1, `PLANES`, h, w).
        """
        graph, width = self.graph, self.widths[name]
        graph.exact = True
        flat = _flat_map(graph, x)
        mean, covariance = self._followed(*_statistics(graph, flat, name, width), name)
        self.used += [_flattened(graph, mean), _flattened(graph, covariance)]
        wanted, root = (graph.add("Mul", self.strength, p) for p in self.code[name])
        _, white = _roots(graph, covariance, width)
        part = graph.number(1 if name == "colors" else COVARIANCE)
        kept = graph.add("Sub", graph.number(1), graph.add("Mul", self.strength, part))
        matrix = graph.add("MatMul", graph.add("Mul", root, part), white)
        matrix = graph.add("Add", matrix, graph.add("Mul", kept, graph.identity(width)))
        # Less the mean first: what is left is small, and half precision is enough for it.
        centered = graph.add("Sub", flat, mean)
        offset = graph.add("Add", wanted, graph.add("Mul", self.rest, mean))
        graph.exact = name == "colors"
        changed = graph.add("Add", graph.add("MatMul", matrix, centered), offset)
        if grain is not None:
            mixed = graph.add("MatMul", root, grain[0])
            noise = graph.add("MatMul", mixed, _flat_map(graph, grain[1]))
            changed = graph.add("Add", changed, noise)
        graph.exact = False
        return graph.add("Reshape", changed, graph.add("Shape", x))

    def _followed(self, mean: str, covariance: str, name: str) -> tuple[str, str]:
        """Return held statistics, moved towards a map's own: at once where they are far off."""
        graph = self.graph
        held_mean, held = self.held[name]
        now, before = (_spread(graph, each, self.widths[name]) for each in (covariance, held))
        apart = graph.add("Abs", graph.add("Log", graph.add("Div", now, before)))
        moved = graph.add("Abs", graph.add("Sub", mean, held_mean))
        moved = graph.add("ReduceMean", moved, keepdims=0)
        moved = graph.add("Div", moved, graph.add("Sqrt", graph.add("Min", now, before)))
        far = graph.add("Sub", graph.add("Add", apart, moved), graph.number(NEAR))
        pace = graph.add("Add", self.pace, graph.add("Relu", far))
        pace = graph.add("Min", pace, graph.number(1))
        kept = graph.add("Sub", graph.number(1), pace)
        mean, covariance = (
            graph.add("Add", graph.add("Mul", pace, own), graph.add("Mul", kept, other))
            for own, other in ((mean, held_mean), (covariance, held))
        )
        return mean, covariance


def _flat_map(graph: Graph, x: str) -> str:
    """Return (C, h · w) of (1, C, h, w)."""
    return graph.add("Squeeze", graph.add("Reshape", x, graph.whole(0, 0, -1)), graph.whole(0))


def _flattened(graph: Graph, x: str) -> str:
    return graph.add("Reshape", x, graph.whole(-1))


def _parts(graph: Graph, code: str, widths: dict[str, int]) -> dict[str, tuple[str, str]]:
    """Return mean (C, 1) and matrix (C, C) of each map, by its name, in a code or in statistics."""
    sizes = [size for width in widths.values() for size in (width, width**2)]
    lists, parts = iter(graph.split(code, sizes)), {}
    for name, width in widths.items():
        mean = graph.add("Reshape", next(lists), graph.whole(width, 1))
        parts[name] = mean, graph.add("Reshape", next(lists), graph.whole(width, width))
    return parts


def _statistics(graph: Graph, flat: str, name: str, width: int) -> tuple[str, str]:
    """Return mean (C, 1) and covariance (C, C) of (C, n), a little added to variances."""
    mean = graph.add("ReduceMean", flat, graph.whole(1), keepdims=1)
    centered = graph.add("Sub", flat, mean)
    # Divided before they are multiplied: half precision has no room for the sum.
    pixels = graph.add("Slice", graph.add("Shape", flat), graph.whole(1), graph.whole(2))
    scaled = graph.add("Mul", centered, graph.power(graph.add("Cast", pixels, to=1), -0.5))
    covariance = graph.add("Gemm", scaled, scaled, transB=1)
    relative, constant = OF_COLORS if name == "colors" else (RELATIVE, CONSTANT)
    variance = graph.add("Mul", _trace(graph, covariance, width), graph.number(1 / width))
    ridge = graph.add("Mul", variance, graph.number(relative))
    ridge = graph.add("Add", ridge, graph.number(constant))
    return mean, graph.add("Add", covariance, graph.add("Mul", ridge, graph.identity(width)))


def _trace(graph: Graph, matrix: str, width: int) -> str:
    return graph.add("ReduceSum", graph.add("Mul", matrix, graph.identity(width)), keepdims=0)


def _spread(graph: Graph, covariance: str, width: int) -> str:
    mean = graph.add("Div", _trace(graph, covariance, width), graph.number(width))
    return graph.add("Max", mean, graph.number(1e-8))


def _roots(graph: Graph, matrix: str, width: int) -> tuple[str, str]:
    """Return root and inverse root (Newton-Schulz; Higham 2008, "Functions of Matrices", 6.7)."""
    square = graph.add("ReduceSumSquare", matrix, keepdims=0)
    # Minus half the inverse: OpenVINO would take factors and signs into the products, and forget
    # that they are exact.
    root = graph.add("Mul", matrix, graph.power(square, -0.5))
    other = graph.identity(width, -0.5)
    for _ in range(_ITERATIONS):
        step = graph.add("Add", graph.identity(width, 1.5), graph.add("MatMul", other, root))
        root, other = graph.add("MatMul", root, step), graph.add("MatMul", step, other)
    scale = graph.add("Mul", graph.power(square, -0.25), graph.number(-2))
    return graph.add("Mul", root, graph.power(square, 0.25)), graph.add("Mul", other, scale)
