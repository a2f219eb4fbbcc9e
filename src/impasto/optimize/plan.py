"""What a run takes: octaves, tiles, memory and seconds, told after a few steps at a small size."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from impasto.images import fitted_size
from impasto.networks.devices import describe
from impasto.optimize.memory import TileSides, pixels_seen
from impasto.optimize.schedule import FINISH, SETUP_STEPS, Octave
from impasto.optimize.style_targets import StyleReader
from impasto.optimize.tiles import tiles_of
from impasto.runs import Plan, Stage

#: Longest side of the picture that is probed, in pixels, and the steps that are timed there.
_PROBE, _TIMED = 512, 3


def make_plan(
    octaves: Sequence[Octave],
    steps: Sequence[int],
    tiles: TileSides,
    reader: StyleReader,
    probe: Callable[[Octave, int], Sequence[float]],
) -> Plan:
    """Return what a run takes.

    Args:
        octaves: Coarse to fine.
        steps: Of each.
        tiles: How each is seen.
        reader: Which has settings and encoders.
        probe: Takes so many steps at an octave and returns the seconds of each.
    """
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
