"""A sweater: bands of stars, diamonds and waves, knitted stitch by stitch."""

import numpy as np
from tools.gallery.canvas import Array, colors, finish, grid, smooth
from tools.gallery.noise import Noise

from impasto.images import Picture

WOOL = colors("a8232f", "f3e7cf", "1f3558", "3f7a63", "e2a33a", "7fa8b8", "5a2340")
#: Background and figure of bands, as places in `WOOL`.
PAIRS = ((0, 1), (2, 1), (1, 0), (3, 4), (1, 2), (6, 5), (4, 6), (2, 4), (5, 2), (0, 4), (1, 3))
COLUMNS, ROWS = 48, 60

#: Charts of one repeat each: stars, diamonds, hearts, waves, peaks, seeds.
MOTIFS = (
    """
    ....#.....#.....
    ....##...##.....
    ....###.###.....
    ....###.###....#
    ####.##.##.####.
    .####.#.#.####..
    ..####...####...
    .......#.......#
    ..####...####...
    .####.#.#.####..
    ####.##.##.####.
    ....###.###....#
    ....###.###.....
    ....##...##.....
    ....#.....#.....
    """,
    """
    .....#.....#
    ....###.....
    ...#####....
    ..###.###...
    .###...###..
    ###..#..###.
    .###...###..
    ..###.###...
    ...#####....
    ....###.....
    .....#.....#
    """,
    """
    ............
    ..##...##...
    .####.####.#
    .#########..
    .#########..
    ..#######..#
    ...#####....
    ....###.....
    .....#.....#
    """,
    """
    ##....##
    .##..##.
    ..####..
    ...##...
    ##....##
    .##..##.
    ..####..
    ...##...
    """,
    """
    ....
    #...
    ##.#
    ####
    """,
    """
    ....
    .#..
    ....
    ...#
    ....
    """,
)


def knitted(size: int, seed: int = 0) -> Picture:
    """Knit bands of motifs.

    Args:
        size: Side of the square picture, in pixels.
        seed: Of the order of bands and of the wool's fuzz.
    """
    random = np.random.default_rng(seed)
    x, y = grid(size)
    slack = Noise(random, 6, 3)
    u = COLUMNS * x + 0.12 * slack(x, y)
    side = u - np.floor(u) - 0.5
    v = ROWS * y + 0.12 * slack(x + 0.5, y) - 1.5 * np.abs(side)
    row, column = np.floor(v).astype(int) % ROWS, np.floor(u).astype(int) % COLUMNS
    along, across = v - np.floor(v) - 0.5, (np.abs(side) - 0.25) / 0.25
    height = np.sqrt(np.clip(1 - across**2 * 0.9 - (1.75 * along) ** 4, 0, 1))
    twist = 0.5 + 0.5 * np.sin(2 * np.pi * (1.6 * along + 1.3 * np.sign(side) * across))
    fuzz = Noise(random, 160, 1.5)(x, y)
    light = 0.24 + 0.66 * height + 0.14 * twist * height + 0.045 * fuzz
    light += 0.07 * np.sign(side) * across
    stitches = WOOL[_chart(random)] * random.normal(1, 0.035, (ROWS, COLUMNS, 1))
    halo = 18 * smooth(0.8, 2.2, fuzz)
    return finish(stitches[row, column] * light[..., None] + halo[..., None], "knitted")


def _chart(random: np.random.Generator) -> Array:
    """Return the color of each stitch, a place in `WOOL`, (rows, columns)."""
    bands: list[Array] = []
    motifs, ground = random.permutation(MOTIFS), -1
    while sum(map(len, bands)) < ROWS + 6:
        pairs = [pair for pair in PAIRS if pair[0] != ground]
        ground, figure = pairs[random.integers(len(pairs))]
        motif = motifs[len(bands) % len(motifs)].split()
        stitches = np.array([[stitch == "#" for stitch in row] for row in motif])
        across = np.arange(COLUMNS) % stitches.shape[1]
        bands.append(np.where(stitches[:, across], figure, ground))
    start = random.integers(0, 6)
    return np.concatenate(bands)[start : start + ROWS]
