"""What a run takes: its memory, the tiles that make it fit, and its seconds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch

from impasto.errors import SettingsError
from impasto.images import fitted_size
from impasto.machine import check_fits, free_memory, parse_size
from impasto.networks import Encoder
from impasto.networks.devices import describe
from impasto.optimize.objective import needs_full_resolution
from impasto.optimize.schedule import FINISH, SETUP_STEPS, Octave
from impasto.optimize.style_targets import StyleReader
from impasto.optimize.tiles import UNIT, tiles_of
from impasto.runs import Plan, Stage
from impasto.settings import Settings
from impasto.settings.choices import DEFAULT_LEARNING_RATE
from impasto.settings.encoders import ENCODERS

#: Bytes a pixel of a style picture, which passes without gradients; of a pixel of the picture, seen
#: whole or in tiles (see `PixelOptimizer`: lean); and what libraries and weights take. Measured
#: (benchmarks/RESULTS.md), as those of a pixel that is looked at are (`EncoderRow`).
STYLE_BYTES_PER_PIXEL = {torch.float32: 650, torch.bfloat16: 400}
STATE_BYTES_PER_PIXEL, LEAN_BYTES_PER_PIXEL = 100, 83
#: What an average of iterates adds.
AVERAGE_BYTES_PER_PIXEL = 36
#: What the history of L-BFGS adds.
HISTORY_BYTES_PER_PIXEL = 524
#: What the best picture adds, which is kept where the learning rate is above the default.
BEST_BYTES_PER_PIXEL = 12
BASE_BYTES = 0.43e9
#: What a step in tiles takes more: everything is looked at twice, once without gradients.
_TWICE = 1.55
#: A pixel of a tile takes more: features of its inner part are copied out of those of all of it,
#: and many pieces of many sizes leave gaps.
#: Longest side up to which more memory is advised where it is short, and above it a smaller size.
_COUNTED = 2048
_CUT = 1.5
#: What a pixel of the content takes, which waits at its last size.
_CONTENT = 12
#: What a pixel of a style picture takes while it is made as large as it is looked at, and the part
#: of the picture's own bytes that are there by then: no gradient yet, nor features of the content.
_STYLE_ITSELF, _BEGUN = 36, 0.6
#: The part of the free memory that is planned with: others want some, too.
_PLANNED = 0.9
#: Tiles are no smaller, in pixels: most of what is looked at would be seen twice.
LEAST_SIDE = 192
#: Longest side of the picture that is probed, in pixels, and the steps that are timed there.
_PROBE, _TIMED = 512, 3


class TileSides(NamedTuple):
    """How large parts of pictures are looked at at once; None: pictures are seen whole.

    Attributes:
        sides: Longest side of a tile of the content, for each octave.
        style: That of style pictures.
        bytes: What the run will take at the peak.
    """

    sides: tuple[int | None, ...]
    style: int | None
    bytes: float

    def smaller(self, octave: int, longest: int) -> TileSides | None:
        """Return tiles of half the side for an octave this long; None: they cannot be smaller."""
        half = (self.sides[octave] or longest) // 2 // UNIT * UNIT
        if half < LEAST_SIDE // 2:
            return None
        return self._replace(sides=(*self.sides[:octave], half, *self.sides[octave + 1 :]))


def plan_tiles(
    octaves: Sequence[Octave],
    encoders: Mapping[str, Encoder],
    settings: Settings,
    precision: torch.dtype,
    device: torch.device,
) -> TileSides:
    """Return how to look at each octave, coarse to fine, so that all fits into memory.

    Raises:
        ImpastoError: Not even in tiles; it says what is needed, what there is, and what would fit.
    """
    budget, last = budget_bytes(settings, device), octaves[-1].size
    # The largest first: it is what a size is advised for.
    fitted = [
        _fitted(octave, last, encoders[octave.encoder].reach, settings, precision, budget)
        for octave in reversed(octaves)
    ][::-1]
    sides, needed = zip(*fitted, strict=True)
    longest = max(max(octave.size) for octave in octaves) * settings.style_scale
    seen = STYLE_BYTES_PER_PIXEL[precision]
    state = max(
        _state_bytes(octave, last, settings, lean=side is not None)
        for octave, side in zip(octaves, sides, strict=True)
    )
    fixed = BASE_BYTES + _BEGUN * state + longest**2 * _STYLE_ITSELF
    room = math.inf if budget is None else max(0.0, budget - fixed)
    if longest**2 * seen <= room:
        return TileSides(sides, None, max(*needed, fixed + longest**2 * seen))
    halo = 2 * max(encoder.reach for encoder in encoders.values())
    side = max(LEAST_SIDE, int((room / seen) ** 0.5 - halo) // UNIT * UNIT)
    return TileSides(sides, side, max(*needed, fixed + (side + halo) ** 2 * seen))


def pixels_seen(octave: Octave, reach: int, side: int | None) -> float:
    """Return how many pixels a step of an octave looks at in tiles of this side; None: whole."""
    tiles = tiles_of(octave.size, side, reach)
    return sum(each.outer.pixels for each in tiles) * (_TWICE if len(tiles) > 1 else 1.0)


def budget_bytes(settings: Settings, device: torch.device) -> float | None:
    """Return the bytes a run may take; None: nobody tells what is free."""
    limits: list[float] = [] if settings.memory is None else [parse_size(settings.memory)]
    free: float | None = None
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
    elif device.type == "cpu":
        free = free_memory()
    limits += [] if free is None else [_PLANNED * free]
    return min(limits, default=None)


def _state_bytes(octave: Octave, last: tuple[int, int], settings: Settings, *, lean: bool) -> float:
    """Return what picture, moments and content take; `lean`: where it is seen in tiles."""
    rate = LEAN_BYTES_PER_PIXEL if lean else STATE_BYTES_PER_PIXEL
    rate += HISTORY_BYTES_PER_PIXEL if settings.optimizer == "lbfgs" else 0
    rate += AVERAGE_BYTES_PER_PIXEL if settings.ema else 0
    higher = settings.step_length > DEFAULT_LEARNING_RATE[settings.optimizer]
    rate += BEST_BYTES_PER_PIXEL if higher else 0
    pixels = octave.size[0] * octave.size[1]
    return pixels * rate + (last[0] * last[1] - pixels) * _CONTENT


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether that is what an error says; torch has several ways to."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "alloc" in str(error)


def _fitted(
    octave: Octave,
    last: tuple[int, int],
    reach: int,
    settings: Settings,
    precision: torch.dtype,
    budget: float | None,
) -> tuple[int | None, float]:
    """Return the side of the tiles of an octave (None: whole) and what it takes."""
    (width, height), row = octave.size, ENCODERS[octave.encoder]
    rate: float = row.bytes_per_pixel[str(precision).removeprefix("torch.")]
    rate += row.full_bytes_per_pixel if needs_full_resolution(settings) else 0
    whole = BASE_BYTES + _state_bytes(octave, last, settings, lean=False) + width * height * rate
    if budget is None or whole <= budget:
        return None, whole
    fixed = BASE_BYTES + _state_bytes(octave, last, settings, lean=True)
    what = f"painting at {width}x{height}, in small tiles,"
    if settings.memory is None or max(octave.size) > _COUNTED:
        check_fits(fixed, budget, BASE_BYTES, max(octave.size), what)
    rate *= _CUT
    needed = {}
    for side in range(LEAST_SIDE, max(LEAST_SIDE, width, height) + UNIT, UNIT):
        outer = max(tile.outer.pixels for tile in tiles_of(octave.size, side, reach))
        needed[side] = fixed + outer * rate
    least = needed[LEAST_SIDE]
    if settings.memory is not None and parse_size(settings.memory) < least:
        raise SettingsError(
            f"memory is {settings.memory}, but {what} takes {-(-least // 1e6):.0f}MB: allow at "
            "least that, or leave it out to use what is free"
        )
    check_fits(needed[LEAST_SIDE], budget, BASE_BYTES, max(octave.size), what)
    side = max(side for side, each in needed.items() if each <= budget)
    return side, needed[side]


def make_plan(
    octaves: Sequence[Octave],
    steps: Sequence[int],
    tiles: TileSides,
    reader: StyleReader,
    probe: Callable[[Octave, int], Sequence[float]],
) -> Plan:
    """Return what a run takes; `probe` returns the seconds of so many steps at an octave."""
    size, stages = octaves[-1].size, []
    rates = {
        name: _seconds_a_pixel(octaves, tiles, reader, name, probe) for name in reader.encoders
    }
    total = FINISH * size[0] * size[1] / 1e6
    for octave, count, side in zip(octaves, steps, tiles.sides, strict=True):
        pixels = pixels_seen(octave, reader.encoders[octave.encoder].reach, side)
        total += (count + SETUP_STEPS) * pixels * rates[octave.encoder]
        many = len(tiles_of(octave.size, side, 0))
        stages.append(Stage(octave.size, count, octave.encoder, many, side))
    seconds = reader.settings.time or total
    return Plan(stages, tiles.bytes, seconds, describe(reader.device, reader.precision))


def _seconds_a_pixel(
    octaves: Sequence[Octave],
    tiles: TileSides,
    reader: StyleReader,
    encoder: str,
    probe: Callable[[Octave, int], Sequence[float]],
) -> float:
    """Time some steps and return the seconds of one of its pixels."""
    # Not too narrow for the deepest layers, nor larger than what the run looks at at once.
    whole = octaves[-1].size
    least = math.ceil(reader.narrowest * max(whole) / min(whole))
    seen = zip(octaves, tiles.sides, strict=True)
    most = max(side or max(each.size) for each, side in seen if each.encoder == encoder)
    size = fitted_size(whole, min(max(min(_PROBE, most), least), max(whole)))
    took = probe(Octave(size, encoder), _TIMED + 1)
    return statistics.median(took[1:]) / (size[0] * size[1])
