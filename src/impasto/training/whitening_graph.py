"""Whitening and coloring as parts of an ONNX graph; see `impasto.networks.whitening`."""

from typing import NamedTuple

from impasto.fast.graph import Graph

#: Steps of Newton-Schulz iteration: enough for the least eigenvalue that the ridge leaves.
ITERATIONS = 16
#: How far off held statistics are before they follow at once: in logarithms and deviations.
_NEAR = 0.5


class CodedMap(NamedTuple):
    """One map and its part of codes and statistics.

    Attributes:
        name: Of the map.
        width: Its channels.
        start: Where its part begins.
        ridge: What is added to variances: a part of the mean one, and a constant.
    """

    name: str
    width: int
    start: int
    ridge: tuple[float, float]


class Transfer:
    """Adds what gives a map the statistics of a style.

    Args:
        graph: Is added to.
        code: Of the style.
        strength: Part of the change.
        held: Statistics that count besides a map's own.
        pace: How much a map's own count.

    Attributes:
        used: The statistics that maps were taken to have.
    """

    def __init__(self, graph: Graph, code: str, strength: str, held: str, pace: str) -> None:
        self.graph, self.code, self.strength = graph, code, strength
        self.held, self.pace = held, pace
        self.rest = graph.add("Sub", graph.number(1), strength)
        self.used: list[str] = []

    def __call__(self, x: str, of: CodedMap, grain: tuple[str, str] | None = None) -> str:
        """Return x (1, C, h, w), changed.

        Args:
            x: The map.
            of: What it is.
            grain: How much of each plane each channel gets, and the planes (1, `PLANES`, h, w).
        """
        graph = self.graph
        flat = flat_map(graph, x)
        mean, covariance = self._followed(*map_statistics(graph, flat, of), of)
        self.used += [flattened(graph, mean), flattened(graph, covariance)]
        wanted, root = (graph.add("Mul", self.strength, p) for p in _parts(graph, self.code, of))
        if grain is not None:
            energy = graph.add("ReduceSumSquare", grain[0], graph.whole(1), keepdims=0)
            added = graph.add("Sqrt", graph.add("Add", graph.number(1), energy))
            root = graph.add("Div", root, added)
        _, white = matrix_roots(graph, covariance, of)
        matrix = graph.add("MatMul", root, white)
        offset = graph.add("Sub", wanted, graph.add("MatMul", matrix, mean))
        same = graph.add("Mul", self.rest, graph.identity(of.width))
        changed = graph.add("MatMul", graph.add("Add", matrix, same), flat)
        changed = graph.add("Add", changed, offset)
        if grain is not None:
            noise = graph.add(
                "MatMul", graph.add("MatMul", root, grain[0]), flat_map(graph, grain[1])
            )
            changed = graph.add("Add", changed, noise)
        return graph.add("Reshape", changed, graph.add("Shape", x))

    def _followed(self, mean: str, covariance: str, of: CodedMap) -> tuple[str, str]:
        """Return held statistics, moved towards a map's own: at once where they are far off."""
        graph = self.graph
        held_mean, held = _parts(graph, self.held, of)
        now, before = (_spread(graph, each, of.width) for each in (covariance, held))
        apart = graph.add("Abs", graph.add("Log", graph.add("Div", now, before)))
        moved = graph.add("Abs", graph.add("Sub", mean, held_mean))
        moved = graph.add("ReduceMean", moved, keepdims=0)
        moved = graph.add("Div", moved, graph.add("Sqrt", graph.add("Min", now, before)))
        far = graph.add("Sub", graph.add("Add", apart, moved), graph.number(_NEAR))
        pace = graph.add("Add", self.pace, graph.add("Relu", far))
        pace = graph.add("Min", pace, graph.number(1))
        kept = graph.add("Sub", graph.number(1), pace)
        mean, covariance = (
            graph.add("Add", graph.add("Mul", pace, own), graph.add("Mul", kept, other))
            for own, other in ((mean, held_mean), (covariance, held))
        )
        return mean, covariance


def flat_map(graph: Graph, x: str) -> str:
    """Return (C, h · w) of (1, C, h, w)."""
    return graph.add("Squeeze", graph.add("Reshape", x, graph.whole(0, 0, -1)), graph.whole(0))


def flattened(graph: Graph, x: str) -> str:
    """Return all numbers of x as a list."""
    return graph.add("Reshape", x, graph.whole(-1))


def _parts(graph: Graph, code: str, of: CodedMap) -> tuple[str, str]:
    """Return the mean (C, 1) and the matrix (C, C) of a map in a code or in statistics."""
    middle, end = of.start + of.width, of.start + of.width + of.width**2
    mean = graph.add("Slice", code, graph.whole(of.start), graph.whole(middle))
    matrix = graph.add("Slice", code, graph.whole(middle), graph.whole(end))
    return (
        graph.add("Reshape", mean, graph.whole(of.width, 1)),
        graph.add("Reshape", matrix, graph.whole(of.width, of.width)),
    )


def map_statistics(graph: Graph, flat: str, of: CodedMap) -> tuple[str, str]:
    """Return mean (C, 1) and covariance (C, C) of (C, n), a little added to variances."""
    mean = graph.add("ReduceMean", flat, graph.whole(1), keepdims=1)
    centered = graph.add("Sub", flat, mean)
    # Divided before they are multiplied: half precision has no room for the sum.
    pixels = graph.add("Slice", graph.add("Shape", flat), graph.whole(1), graph.whole(2))
    scale = graph.add("Sqrt", graph.add("Cast", pixels, to=1))
    scaled = graph.add("Div", centered, scale)
    covariance = graph.add("MatMul", scaled, graph.add("Transpose", scaled, perm=(1, 0)))
    relative, constant = of.ridge
    variance = graph.add("Div", _trace(graph, covariance, of.width), graph.number(of.width))
    ridge = graph.add("Mul", variance, graph.number(relative))
    ridge = graph.add("Add", ridge, graph.number(constant))
    added = graph.add("Mul", ridge, graph.identity(of.width))
    return mean, graph.add("Add", covariance, added)


def _trace(graph: Graph, matrix: str, width: int) -> str:
    diagonal = graph.add("Mul", matrix, graph.identity(width))
    return graph.add("ReduceSum", diagonal, keepdims=0)


def _spread(graph: Graph, covariance: str, width: int) -> str:
    """Return the mean variance, a little at least."""
    mean = graph.add("Div", _trace(graph, covariance, width), graph.number(width))
    return graph.add("Max", mean, graph.number(1e-8))


def matrix_roots(graph: Graph, matrix: str, of: CodedMap) -> tuple[str, str]:
    """Return root and inverse root (Newton-Schulz; Higham 2008, "Functions of Matrices", 6.7)."""
    norm = graph.add("Sqrt", graph.add("ReduceSumSquare", matrix, keepdims=0))
    root, inverse = graph.add("Div", matrix, norm), graph.identity(of.width)
    three = graph.identity(of.width, 1.5)
    for number in range(ITERATIONS):
        product = graph.add("MatMul", inverse, root) if number else root
        step = graph.add("Sub", three, graph.add("Mul", product, graph.number(0.5)))
        root = graph.add("MatMul", root, step)
        inverse = graph.add("MatMul", step, inverse) if number else step
    norm = graph.add("Sqrt", norm)
    return graph.add("Mul", root, norm), graph.add("Div", inverse, norm)
