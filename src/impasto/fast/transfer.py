"""Networks whose features get the statistics of a style's: AdaIN and WCT.

Readers of the form of VGG-19 take a picture apart into features, and painters put a picture
together again. AdaIN (Huang & Belongie 2017) has one reader, to relu4_1, whose channels get the
style's means and deviations. WCT (Li et al. 2017), its networks pruned 16 times (Wang et al. 2020),
gives features of VGG-19's five depths in turn, from deep to shallow, means and covariances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from impasto.fast.graph import Graph, Values
from impasto.fast.network import Files, Network, StyleCode, faded, padded, scaled
from impasto.fast.sessions import Array, Session, choose_runtime, open_session, open_style_reader
from impasto.fast.shot import Shot
from impasto.fast.statistics import Statistics, coloring, one_core, statistics, transferred
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import Method
from impasto.weights.formats import load_parameters

#: Subtracted from what AdaIN's reader sees, RGB.
MEAN = np.array([123.68, 116.779, 103.939], np.float32) / 255
#: WCT's depths, in the order of their turns: relu5_1 … relu1_1.
LEVELS = (5, 4, 3, 2, 1)
#: Convolutions of VGG-19's blocks.
_COUNTS = {1: 2, 2: 2, 3: 4, 4: 4}


class Stage(NamedTuple):
    """Picture (1, H, W, 3) -> features (1, C, h, w), and back; styles have many sizes."""

    style_reader: Session
    reader: Session
    painter: Session


@dataclass
class TransferNetwork(Network):
    """Features are given the statistics of a style's; in stages, from coarse features to fine ones.

    Attributes:
        stages: One, or several that each paint what the next one reads.
        cell: Sides of what the readers see are multiples of this.
        diagonal: Whether channels are taken one by one, without their covariances.
        strengths: Of each stage; None: 1.
    """

    stages: Sequence[Stage]
    cell: int
    diagonal: bool
    strengths: Sequence[float] | None = None

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return what is kept of a style."""
        picture = scaled(style, longest, self.cell)
        features = (stage.style_reader(picture=picture)[0] for stage in self.stages)
        return [coloring(statistics(each, diagonal=self.diagonal)) for each in features]

    def paint(
        self, content: Picture, code: StyleCode, strength: float, shot: Shot | None = None
    ) -> Array:
        """Return stylized pixels."""
        pixels = content.filled().pixels
        picture = padded(pixels, self.cell)[None]
        parts = self.strengths or [1.0] * len(self.stages)
        for number, (stage, wanted, part) in enumerate(zip(self.stages, code, parts, strict=True)):
            (features,) = stage.reader(picture=picture)
            with one_core():
                own = statistics(features, diagonal=self.diagonal)
                if shot is not None:
                    own = Statistics(*shot.followed(f"features {number}", *own))
                changed = transferred(features, own, wanted, part * strength)
            (picture,) = stage.painter(features=changed)
        return faded(picture[0], pixels, strength)


def open_adain(row: Method, settings: Settings, files: Files) -> Network:
    """Open AdaIN."""
    encoder, decoder = (load_parameters(path) for path in files.values())
    reader = _reader({**encoder, "mean": MEAN}, 4, "conv{}_{}")
    stage = _stage(reader, _painter(decoder, 4, "block{}_conv{}"), settings)
    return TransferNetwork(row, files, stage.painter, [stage], cell=8, diagonal=True)


def open_wct(row: Method, settings: Settings, files: Files) -> Network:
    """Open WCT."""
    parameters = [load_parameters(path) for path in files.values()]
    stages = []
    for level, encoder, decoder in zip(LEVELS, parameters[::2], parameters[1::2], strict=True):
        reader = _reader(encoder, level, "conv{}{}")
        painter = _painter(decoder, level, "conv{}{}", backwards=True, last=level == LEVELS[-1])
        # In bfloat16 the faintest directions of the features, which it makes as strong as all
        # others, would be rounding errors.
        stages.append(_stage(reader, painter, settings, precise=True))
    strengths = settings.level_strengths
    return TransferNetwork(row, files, stages[0].painter, stages, 16, False, strengths)


def _stage(reader: bytes, painter: bytes, settings: Settings, *, precise: bool = False) -> Stage:
    chosen, device = choose_runtime(settings.runtime, settings.device), settings.device
    read, paint = (
        open_session(model, chosen.name, device, precise=precise) for model in (reader, painter)
    )
    # A style is read once: compiling for its size would not pay.
    style_reader = read if chosen.many_sizes else open_style_reader(reader, device)
    return Stage(style_reader, read, paint)


def _counts(level: int) -> dict[int, int]:
    """Return how many convolutions each block has, down to the first one of the deepest."""
    return {**{block: _COUNTS[block] for block in range(1, level)}, level: 1}


def _reader(parameters: Mapping[str, Values], level: int, name: str) -> bytes:
    """Return a model that reads down to a block; the name is for its number and a layer's."""
    graph = Graph("reader", parameters, borders="reflect")
    picture = graph.input("picture", (1, "height", "width", 3))
    if "mean" in parameters:
        x = graph.image(graph.add("Sub", picture, graph.tensor("mean")))
    else:
        x = graph.convolution(graph.image(picture), "conv0")
    for block, count in _counts(level).items():
        x = x if block == 1 else graph.pooled(x)
        for number in range(1, count + 1):
            x = graph.relu(graph.convolution(x, name.format(block, number)))
    width = len(parameters[f"{name.format(level, 1)}.bias"])
    graph.output(x, "features", (1, width, "rows", "columns"))
    return graph.model()


def _painter(
    parameters: Mapping[str, Values],
    level: int,
    name: str,
    *,
    backwards: bool = False,
    last: bool = True,
) -> bytes:
    """Return a model that paints what `_reader` read; layers may be numbered backwards."""
    graph = Graph("painter", parameters, borders="reflect")
    width = parameters[f"{name.format(level, 1)}.weight"].shape[1]
    x = graph.input("features", (1, width, "rows", "columns"))
    for block, count in reversed(_counts(level).items()):
        x = x if block == level else graph.enlarged(x)
        numbers = range(1, count + 1)
        for number in reversed(numbers) if backwards else numbers:
            x = graph.relu(graph.convolution(x, name.format(block, number)))
    x = graph.clipped(x) if last else x
    graph.output(graph.pixels(x), "stylized", (1, "height", "width", 3))
    return graph.model()
