"""What a run takes: its memory, the tiles that make it fit, and its seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from impasto.errors import SettingsError
from impasto.images import fitted_size
from impasto.machine import check_fits, free_memory, parse_size
from impasto.networks.devices import describe
from impasto.optimize.objective import needs_full_resolution
from impasto.optimize.schedule import FINISH, SETUP_STEPS, Octave
from impasto.optimize.style_targets import StyleReader
from impasto.optimize.tiles import UNIT, Tile, tiles_of
from impasto.runs import Plan, Stage
from impasto.settings import Settings
from impasto.settings.choices import DEFAULT_LEARNING_RATE
from impasto.settings.encoders import ENCODERS

#: Bytes of libraries and weights. All bytes are measured (benchmarks/RESULTS.md), as those of a
#: pixel that the encoder sees are (`EncoderRow.bytes_per_pixel`).
BASE_BYTES = 0.43e9
#: Bytes of a pixel of a style picture: to encode it without gradients, and to resize it.
_STYLE_BYTES, _STYLE_RESIZING_BYTES = {torch.float32: 650, torch.bfloat16: 400}, 36
#: The part of the picture's own bytes that exists while styles are read.
_STATE_WHILE_READING = 0.6
#: Bytes of a pixel of the picture, seen whole or in tiles, and of a content that waits.
_WHOLE_BYTES, _TILES_BYTES, _CONTENT_BYTES = 100, 83, 12
#: Bytes of a pixel that an average of iterates, the history of L-BFGS and the best picture add.
_AVERAGE_BYTES, _HISTORY_BYTES, _BEST_BYTES = 36, 524, 12
#: A step in tiles takes this many times as long: each is encoded twice, once without gradients.
_TILED_COST = 1.55
#: A pixel of a tile takes this many times the memory: features of the inner part are copied out.
_TILED_BYTES = 1.5
#: Longest side up to which more memory is advised where it is short, and above it a smaller size.
_ADVISED_SIZE = 2048
#: The part of the free memory that a plan uses.
_MEMORY_SHARE = 0.9
#: The smallest side of a tile in pixels: below it most pixels would be encoded twice.
LEAST_SIDE = 192
#: Longest side of the picture that is probed, in pixels, and the steps that are timed there.
_PROBE, TIMED = 512, 3


class TileSides(NamedTuple):
    """Longest sides of tiles: of octaves, of styles (None: seen whole); and bytes at the peak."""

    sides: tuple[int | None, ...]
    style: int | None
    bytes: float

    def smaller(self, octave: int, longest: int) -> TileSides | None:
        """Return tiles of half the side for an octave this long; None: they cannot be smaller."""
        half = (self.sides[octave] or longest) // 2 // UNIT * UNIT
        if half < LEAST_SIDE // 2:
            return None
        return self._replace(sides=(*self.sides[:octave], half, *self.sides[octave + 1 :]))


def plan_tiles(octaves: Sequence[Octave], reader: StyleReader) -> TileSides:
    """Return the tiles of each octave, coarse to fine, so that all fits into memory."""
    settings, last = reader.settings, octaves[-1].size
    budget = budget_bytes(settings, reader.device)
    # The largest first: an error advises a size for it.
    fitted = [_largest_side(octave, last, reader, budget) for octave in reversed(octaves)]
    sides, needed = zip(*reversed(fitted), strict=True)
    longest = max(max(octave.size) for octave in octaves) * settings.style_scale
    seen = _STYLE_BYTES[reader.precision]
    state = max(
        _state_bytes(octave, last, settings, low_memory=side is not None)
        for octave, side in zip(octaves, sides, strict=True)
    )
    fixed = BASE_BYTES + _STATE_WHILE_READING * state + longest**2 * _STYLE_RESIZING_BYTES
    room = math.inf if budget is None else max(0.0, budget - fixed)
    if longest**2 * seen <= room:
        return TileSides(sides, None, max(*needed, fixed + longest**2 * seen))
    halo = 2 * max(encoder.reach for encoder in reader.encoders.values())
    side = max(LEAST_SIDE, int((room / seen) ** 0.5 - halo) // UNIT * UNIT)
    return TileSides(sides, side, max(*needed, fixed + (side + halo) ** 2 * seen))


def pixels_seen(octave: Octave, reader: StyleReader, side: int | None) -> float:
    """Return how many pixels a step of an octave encodes in tiles of this side; None: whole."""
    tiles = _tiles(octave, reader, side)
    return sum(each.outer.pixels for each in tiles) * (_TILED_COST if len(tiles) > 1 else 1.0)


def _tiles(octave: Octave, reader: StyleReader, side: int | None) -> list[Tile]:
    reach = reader.encoders[octave.encoder].reach
    return tiles_of(octave.size, side, reach, reader.settings.tileable)


def budget_bytes(settings: Settings, device: torch.device) -> float | None:
    """Return the bytes a run may take; None: the system does not tell what is free."""
    limits = [] if settings.memory is None else [parse_size(settings.memory)]
    if device.type == "cuda":
        limits.append(_MEMORY_SHARE * torch.cuda.mem_get_info(device)[0])
    elif device.type == "cpu" and (free := free_memory()) is not None:
        limits.append(_MEMORY_SHARE * free)
    return min(limits, default=None)


def _state_bytes(
    octave: Octave, last: tuple[int, int], settings: Settings, *, low_memory: bool
) -> float:
    """Return the bytes of picture, moments and content; `low_memory`: where there are tiles."""
    higher = settings.step_length > DEFAULT_LEARNING_RATE[settings.optimizer]
    rate = _TILES_BYTES if low_memory else _WHOLE_BYTES
    rate += _HISTORY_BYTES * (settings.optimizer == "lbfgs") + _AVERAGE_BYTES * bool(settings.ema)
    rate += _BEST_BYTES * higher
    pixels = octave.size[0] * octave.size[1]
    return pixels * rate + (last[0] * last[1] - pixels) * _CONTENT_BYTES


def is_out_of_memory(error: Exception) -> bool:
    """Tell whether an error is one of memory; torch raises several kinds."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or "alloc" in str(error)


def _largest_side(
    octave: Octave, last: tuple[int, int], reader: StyleReader, budget: float | None
) -> tuple[int | None, float]:
    """Return the side of the tiles of an octave (None: whole) and what it takes."""
    (width, height), row, settings = octave.size, ENCODERS[octave.encoder], reader.settings
    rate: float = row.bytes_per_pixel[str(reader.precision).removeprefix("torch.")]
    rate += row.full_bytes_per_pixel if needs_full_resolution(settings) else 0
    whole = BASE_BYTES + _state_bytes(octave, last, settings, low_memory=False)
    whole += _tiles(octave, reader, None)[0].outer.pixels * rate
    if budget is None or whole <= budget:
        return None, whole
    fixed = BASE_BYTES + _state_bytes(octave, last, settings, low_memory=True)
    what = f"painting at {width}x{height}, in small tiles,"
    if settings.memory is None or max(octave.size) > _ADVISED_SIZE:
        check_fits(fixed, budget, BASE_BYTES, max(octave.size), what)
    rate *= _TILED_BYTES
    needed = {}
    for side in range(LEAST_SIDE, max(LEAST_SIDE, width, height) + UNIT, UNIT):
        outer = max(tile.outer.pixels for tile in _tiles(octave, reader, side))
        needed[side] = fixed + outer * rate
    least = needed[LEAST_SIDE]
    if settings.memory is not None and parse_size(settings.memory) < least:
        raise SettingsError(
            f"memory is {settings.memory}, but {what} takes {-(-least // 1e6):.0f}MB: allow at "
            "least that, or leave it out to use what is free"
        )
    check_fits(least, budget, BASE_BYTES, max(octave.size), what)
    side = max(side for side, each in needed.items() if each <= budget)
    return side, needed[side]


def make_plan(
    octaves: Sequence[Octave],
    steps: Sequence[int],
    tiles: TileSides,
    reader: StyleReader,
    rates: Mapping[str, float],
) -> Plan:
    """Return what a run takes, by the seconds of a pixel in a step of each encoder."""
    total, stages = FINISH * math.prod(octaves[-1].size) / 1e6, []
    for octave, count, side in zip(octaves, steps, tiles.sides, strict=True):
        total += (count + SETUP_STEPS) * pixels_seen(octave, reader, side) * rates[octave.encoder]
        many = len(tiles_of(octave.size, side, 0))
        stages.append(Stage(octave.size, count, octave.encoder, many, side))
    seconds = reader.settings.time or total
    return Plan(stages, tiles.bytes, seconds, describe(reader.device, reader.precision))


def probed_size(
    octaves: Sequence[Octave], tiles: TileSides, shortest_side: int, encoder: str
) -> tuple[int, int]:
    """Return the (width, height) at which steps with an encoder are timed.

    Not too narrow for the deepest layers, nor larger than what the run encodes at once.
    """
    whole = octaves[-1].size
    least = math.ceil(shortest_side * max(whole) / min(whole))
    seen = zip(octaves, tiles.sides, strict=True)
    most = max(side or max(each.size) for each, side in seen if each.encoder == encoder)
    return fitted_size(whole, min(max(min(_PROBE, most), least), max(whole)))
