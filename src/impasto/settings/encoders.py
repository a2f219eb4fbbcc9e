"""The encoders, one frozen row each: all that other folders know of one stands here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class EncoderRow:
    """A network that compares pictures."""

    name: str  # a value of `Settings.encoder`, or a part of one joined by +
    sentence: str  # what it is, for people
    # What makes the network, of the path of its file, the canonical names of layers, the pooling
    # and the precision, as `"module:name"`.
    build: str | Callable[..., Any] = ""
    layers: tuple[str, ...] = ()  # canonical names of the layers it has; empty: all of VGG-19's
    poolings: tuple[str, ...] = ()  # kinds of pooling to choose from; empty: it has none to choose
    file: str = ""  # name of its file in the catalogue of weights; "": it has none
    # Of an encoder of your own nothing is known: as much as the dearest.
    cost: float = 3.6  # of a pixel of a step, beside pocket's
    # Of memory, of a pixel that is looked at at once at the peak, by precision; measured
    # (benchmarks/RESULTS.md).
    bytes_per_pixel: Mapping[str, int] = field(
        default_factory=lambda: {"float32": 3750, "bfloat16": 2250}
    )
    full_bytes_per_pixel: int = 0  # more, where its largest layers are not subsampled
    # In how many parts its largest layers can be seen, one a step; 1: only whole, as all but
    # pocket, whose geometry `Encoder.shape` knows.
    subsamples: int = 1
    # About the part of the photograph's distance to a style that is left at full strength.
    remaining_distance: float = 0.05
    bounded: bool = False  # whether its features are known to stay within the range of 16 bits


_POCKET = EncoderRow(
    name="pocket",
    sentence="VGG-19 distilled to a few megabytes; comes with the package",
    build="impasto.networks.pocket:open_pocket",
    layers=("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"),
    file="pocket",
    cost=1.0,
    bytes_per_pixel={"float32": 2150, "bfloat16": 1250},
    full_bytes_per_pixel=500,
    subsamples=4,
    remaining_distance=0.065,
    bounded=True,
)
_VGG19 = EncoderRow(
    name="vgg19",
    sentence="VGG-19, for the best quality",
    build="impasto.networks.vgg:open_vgg19",
    poolings=("max", "average"),
    file="vgg19",
    bounded=True,
)
ENCODERS = {row.name: row for row in (_POCKET, _VGG19)}  # all encoders by name
#: Values of `Settings.encoder`: one encoder, or several that take turns.
ENCODER_CHOICES = [*ENCODERS, "pocket+vgg19"]


def add_encoder_row(row: EncoderRow) -> None:
    """Add an encoder under its name, or replace the one of that name, in this process."""
    ENCODERS[row.name] = row
    if row.name not in ENCODER_CHOICES:
        ENCODER_CHOICES.append(row.name)
