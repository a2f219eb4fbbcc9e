"""A printed circuit board: chips, bundles of traces that turn by 45 degrees, rings of gold."""

import numpy as np
from tools.gallery.canvas import Array, Brush, colors, finish, grid
from tools.gallery.noise import Noise

from impasto.images import Picture

BOARD, POUR, TRACE, GOLD, HOLE, CHIP, SILK, MASK = colors(
    "053033", "0b5a55", "37c894", "f8cf66", "1a1410", "14161d", "f4f6ea", "e8843a"
)
CELLS = 84
#: The eight ways from a cell to the next.
STEPS = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)])


class _Board:
    """The board as cells that are taken or free."""

    def __init__(self, size: int, random: np.random.Generator) -> None:
        self.random = random
        self.brush = Brush(size, BOARD)
        self.taken = np.zeros((CELLS, CELLS), bool)

    def free(self, cell: Array) -> bool:
        """Say whether a trace can enter a cell; outside the board it can not."""
        return bool((cell >= 0).all() and (cell < CELLS).all()) and not self.taken[tuple(cell)]

    def chip(self, corner: Array, sides: Array) -> None:
        """Set a chip with pins on two sides, if there is room for it."""
        low, high = np.maximum(corner - 2, 0), corner + sides + 2
        if self.taken[low[0] : high[0], low[1] : high[1]].any():
            return
        self.taken[low[0] : high[0], low[1] : high[1]] = True
        left, top = corner / CELLS
        right, bottom = (corner + sides) / CELLS
        for pin in np.arange(left + 0.5 / CELLS, right, 1 / CELLS):
            for end in (top, bottom):
                leg = [(pin, end - 1.4 / CELLS), (pin, end + 1.4 / CELLS)]
                self.brush.line(leg, GOLD, 0.0055)
        box = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        self.brush.polygon(box, CHIP)
        self.brush.line([*box, box[0]], SILK, 0.0014)
        self.brush.dot((left + 0.012, top + 0.012), 0.005, SILK)

    def trace(self, start: Array, way: int, length: int, color: Array) -> None:
        """Draw a trace from a free cell until it is blocked, rings at its ends."""
        path, cell = [start], start
        for _ in range(length):
            turns = [way, *(way + self.random.permutation([-1, 1]))]
            if self.random.random() < 0.12:
                turns = turns[1:] + turns[:1]
            ways = [turn % 8 for turn in turns if self.free(cell + STEPS[turn % 8])]
            if not ways:
                break
            way = ways[0]
            cell = cell + STEPS[way]
            self.taken[tuple(cell)] = True
            path.append(cell)
        points = (np.array(path) + 0.5) / CELLS
        if len(path) > 2:
            self.brush.line(points, color, 0.0048)
            for end in (points[0], points[-1]):
                self.brush.dot(end, 0.0052, GOLD)
                self.brush.dot(end, 0.0024, HOLE)


def circuit(size: int, seed: int = 0) -> Picture:
    """Lay out a board.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of chips and traces.
    """
    random = np.random.default_rng(seed)
    board = _Board(size, random)
    _pours(board)
    for longest in (20, 14, 10, *30 * (7,)):
        board.chip(random.integers(0, CELLS, 2), random.integers(longest // 2, longest + 1, 2))
    for _ in range(600):
        start, way = random.integers(0, CELLS, 2), int(random.integers(8))
        color = MASK if random.random() < 0.2 else TRACE
        aside, length = STEPS[(way + 2) % 8], int(random.integers(6, 50))
        for lane in range(random.integers(1, 8)):
            cell = start + lane * aside
            if board.free(cell):
                board.taken[tuple(cell)] = True
                board.trace(cell, way, length, color)
    x, y = grid(size)
    sheen = 1 + 0.09 * Noise(random, 3, 4)(x, y) + 0.03 * Noise(random, 120, 2)(x, y)
    return finish(board.brush.pixels() * sheen[..., None], "circuit")


def _pours(board: _Board) -> None:
    """Flood parts of the board with copper, seen through the mask."""
    for _ in range(16):
        corner = board.random.uniform(-0.1, 0.9, 2)
        across, down = board.random.uniform(0.1, 0.35, 2)
        cut = 0.25 * min(across, down)
        shape = np.array(
            [(cut, 0), (across, 0), (across, down - cut), (across - cut, down), (0, down), (0, cut)]
        )
        board.brush.polygon(shape + corner, POUR * board.random.uniform(0.75, 1.25))
