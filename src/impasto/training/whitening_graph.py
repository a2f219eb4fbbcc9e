"""Whitening and coloring as parts of an ONNX graph; see `impasto.networks.whitening`."""

from collections.abc import Sequence
from typing import NamedTuple

from impasto.fast.graph import Graph
from impasto.fast.shot import NEAR

#: Steps of Newton-Schulz iteration: enough for the least eigenvalue that the ridge leaves.
ITERATIONS = 16


class CodedMap(NamedTuple):
    """One map and its part of codes and statistics.

    Attributes:
        name: Of the map.
        width: Its channels.
        ridge: What is added to variances: a part of the mean one, and a constant.
    """

    name: str
    width: int
    ridge: tuple[float, float]


class Transfer:
    """Adds what gives a map the statistics of a style.

    Args:
        graph: Is added to.
        maps: All of them, in the order of codes.
        code: Of the style.
        strength: Part of the change.
        held: Statistics that count besides a map's own.
        pace: How much a map's own count.

    Attributes:
        used: The statistics that maps were taken to have.
    """

    def __init__(
        self, graph: Graph, maps: Sequence[CodedMap], code: str, strength: str, held: str, pace: str
    ) -> None:
        self.graph, self.strength, self.pace = graph, strength, pace
        graph.exact = True
        self.code, self.held = (_parts(graph, each, maps) for each in (code, held))
        graph.exact = False
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
        graph.exact = True
        flat = flat_map(graph, x)
        mean, covariance = self._followed(*map_statistics(graph, flat, of), of)
        self.used += [flattened(graph, mean), flattened(graph, covariance)]
        wanted, root = (graph.add("Mul", self.strength, p) for p in self.code[of.name])
        if grain is not None:
            energy = graph.add("ReduceSumSquare", grain[0], graph.whole(1), keepdims=0)
            added = graph.power(graph.add("Add", graph.number(1), energy), -0.5)
            root = graph.add("Mul", root, added)
        _, white = matrix_roots(graph, covariance, of)
        matrix = graph.add("MatMul", root, white)
        same = graph.add("Mul", self.rest, graph.identity(of.width))
        matrix = graph.add("Add", matrix, same)
        # Less the mean first: what is left is small, and half precision is enough for it.
        centered = graph.add("Sub", flat, mean)
        offset = graph.add("Add", wanted, graph.add("Mul", self.rest, mean))
        graph.exact = of.name == "colors"
        changed = graph.add("Add", graph.add("MatMul", matrix, centered), offset)
        if grain is not None:
            noise = graph.add(
                "MatMul", graph.add("MatMul", root, grain[0]), flat_map(graph, grain[1])
            )
            changed = graph.add("Add", changed, noise)
        graph.exact = False
        return graph.add("Reshape", changed, graph.add("Shape", x))

    def _followed(self, mean: str, covariance: str, of: CodedMap) -> tuple[str, str]:
        """Return held statistics, moved towards a map's own: at once where they are far off."""
        graph = self.graph
        held_mean, held = self.held[of.name]
        now, before = (_spread(graph, each, of.width) for each in (covariance, held))
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


def flat_map(graph: Graph, x: str) -> str:
    """Return (C, h · w) of (1, C, h, w)."""
    return graph.add("Squeeze", graph.add("Reshape", x, graph.whole(0, 0, -1)), graph.whole(0))


def flattened(graph: Graph, x: str) -> str:
    """Return all numbers of x as a list."""
    return graph.add("Reshape", x, graph.whole(-1))


def _parts(graph: Graph, code: str, maps: Sequence[CodedMap]) -> dict[str, tuple[str, str]]:
    """Return mean (C, 1) and matrix (C, C) of each map, by its name, in a code or in statistics."""
    sizes = [size for each in maps for size in (each.width, each.width**2)]
    names = iter(graph.split(code, sizes))
    return {
        each.name: (
            graph.add("Reshape", next(names), graph.whole(each.width, 1)),
            graph.add("Reshape", next(names), graph.whole(each.width, each.width)),
        )
        for each in maps
    }


def map_statistics(graph: Graph, flat: str, of: CodedMap) -> tuple[str, str]:
    """Return mean (C, 1) and covariance (C, C) of (C, n), a little added to variances."""
    mean = graph.add("ReduceMean", flat, graph.whole(1), keepdims=1)
    centered = graph.add("Sub", flat, mean)
    # Divided before they are multiplied: half precision has no room for the sum.
    pixels = graph.add("Slice", graph.add("Shape", flat), graph.whole(1), graph.whole(2))
    scale = graph.power(graph.add("Cast", pixels, to=1), -0.5)
    scaled = graph.add("Mul", centered, scale)
    covariance = graph.add("Gemm", scaled, scaled, transB=1)
    relative, constant = of.ridge
    variance = graph.add("Mul", _trace(graph, covariance, of.width), graph.number(1 / of.width))
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
    square = graph.add("ReduceSumSquare", matrix, keepdims=0)
    # Minus half the inverse: OpenVINO would take factors and signs into the products, and forget
    # that they are exact.
    root, other = (
        graph.add("Mul", matrix, graph.power(square, -0.5)),
        graph.identity(of.width, -0.5),
    )
    for _ in range(ITERATIONS):
        product = graph.add("MatMul", other, root)
        step = graph.add("Add", graph.identity(of.width, 1.5), product)
        root, other = graph.add("MatMul", root, step), graph.add("MatMul", step, other)
    scale = graph.add("Mul", graph.power(square, -0.25), graph.number(-2))
    return graph.add("Mul", root, graph.power(square, 0.25)), graph.add("Mul", other, scale)
