"""Networks whose features get the statistics of a style's: AdaIN and WCT.

Encoders are parts of VGG-19, and decoders make pictures of their features. AdaIN (Huang & Belongie
2017) has one encoder, to relu4_1, whose channels get the style's means and deviations. WCT (Li et
al. 2017), its networks pruned 16 times (Wang et al. 2020), gives features of VGG-19's five depths
in turn, from deep to shallow, the style's means and covariances.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from impasto.fast.graph import Graph, Values
from impasto.fast.network import Files, Network, StyleCode, faded, padded, scaled
from impasto.fast.sessions import Array, Session, choose_runtime, open_session, open_style_reader
from impasto.fast.shot import Shot
from impasto.images import Picture
from impasto.settings import Settings
from impasto.settings.methods import Method
from impasto.weights.formats import load_parameters

Matrix = NDArray[np.float64]
#: Subtracted from the input of AdaIN's encoder, RGB.
MEAN = np.array([123.68, 116.779, 103.939], np.float32) / 255
#: WCT's depths, in the order of their turns: relu5_1 … relu1_1.
LEVELS = (5, 4, 3, 2, 1)
#: Convolutions of VGG-19's blocks.
_COUNTS = {1: 2, 2: 2, 3: 4, 4: 4}
#: Added to variances, so that flat channels are not amplified; as the authors of AdaIN do.
_LITTLE = 1e-5


class Statistics(NamedTuple):
    """The statistics of one map of features."""

    mean: Array  # float32 (C, 1)
    #: float64, the covariance (C, C), or variances (C,) where channels are independent; of a style
    #: from `coloring`, its root, or standard deviations.
    matrix: Matrix


def statistics(features: Array, *, diagonal: bool = False) -> Statistics:
    """Return mean and covariance of the channels of (1, C, H, W), a little added to variances.

    If `diagonal`, channels are independent: variances only.
    """
    flat = features.reshape(features.shape[1], -1)
    mean = flat.mean(1, keepdims=True)
    centered = flat - mean
    if diagonal:
        return Statistics(mean, np.square(centered).mean(1, dtype=np.float64) + _LITTLE)
    covariance = (centered @ centered.T / flat.shape[1]).astype(np.float64)
    return Statistics(mean, covariance + _LITTLE * np.eye(len(covariance)))


def coloring(style: Statistics) -> Statistics:
    """Return a style's mean, and the root of its covariance."""
    return Statistics(style.mean, _power(style.matrix, 0.5))


def transferred(
    features: Array, content: Statistics, wanted: tuple[Array, Matrix], strength: float = 1
) -> Array:
    """Give features (1, C, H, W) of the content's statistics the wanted ones.

    The wanted ones are from `coloring`. Strength 0 changes nothing, 1 everything.
    """
    part, white = np.float32(strength), _power(content.matrix, -0.5)
    flat = features.reshape(len(white), -1)
    mean, root = wanted
    if white.ndim == 1:
        whole = (root * white).astype(np.float32)[:, None]
        changed = ((1 - part) + part * whole) * flat
        changed += part * (mean - whole * content.mean)
    else:
        whole = (root @ white).astype(np.float32)
        changed = ((1 - part) * np.eye(len(white), dtype=np.float32) + part * whole) @ flat
        changed += part * (mean - whole @ content.mean)
    return changed.reshape(features.shape)


def _power(matrix: Matrix, exponent: float) -> Matrix:
    if matrix.ndim == 1:
        return matrix**exponent
    values, vectors = np.linalg.eigh(matrix)
    # Rounding may make eigenvalues negative.
    values = np.maximum(values, 1e-9 * values[-1])
    return cast("Matrix", (vectors * values**exponent) @ vectors.T)


_LOCK, _controller = threading.Lock(), cache(ThreadpoolController)


@contextmanager
def one_core() -> Iterator[None]:
    """Keep numpy's linear algebra on one core while a network's runtime has them all.

    The threads of OpenBLAS wait for more work by spinning, and take a core from the runtime that
    comes next: a picture takes twice as long. The limit is the process's, so threads take turns.
    """
    with _LOCK, _controller().limit(limits=1, user_api="blas"):
        yield


class Level(NamedTuple):
    """Encoder and decoder of one depth: picture (1, H, W, 3) -> features (1, C, h, w), and back."""

    style_encoder: Session
    encoder: Session
    decoder: Session


@dataclass
class TransferNetwork(Network):
    """Gives features the statistics of a style's, at one level or several, deep to shallow."""

    levels: Sequence[Level]  # one, or several: each encodes what the one before decoded
    cell: int  # sides of the input of encoders are multiples of this
    diagonal: bool  # whether channels are independent: variances only
    strengths: Sequence[float] | None = None  # of each level; None: 1

    def read(self, style: Picture, longest: int) -> StyleCode:
        """Return the statistics of a style's features."""
        picture = scaled(style, longest, self.cell)
        features = (level.style_encoder(picture=picture)[0] for level in self.levels)
        return [coloring(statistics(each, diagonal=self.diagonal)) for each in features]

    def paint(self, content: Picture, code: StyleCode, strength: float, shot: Shot | None) -> Array:
        """Return stylized pixels."""
        pixels = content.filled().pixels
        picture = padded(pixels, self.cell)[None]
        parts = self.strengths or [1.0] * len(self.levels)
        for number, (level, wanted, part) in enumerate(zip(self.levels, code, parts, strict=True)):
            (features,) = level.encoder(picture=picture)
            with one_core():
                own = statistics(features, diagonal=self.diagonal)
                if shot is not None:
                    own = Statistics(*shot.followed(f"features {number}", *own))
                changed = transferred(features, own, wanted, part * strength)
            (picture,) = level.decoder(features=changed)
        return faded(picture[0], pixels, strength)


def open_adain(row: Method, settings: Settings, files: Files) -> Network:
    """Open AdaIN."""
    encoder, decoder = (load_parameters(path) for path in files.values())
    encoder_model = _encoder_model({**encoder, "mean": MEAN}, 4, "conv{}_{}")
    level = _open_level(encoder_model, _decoder_model(decoder, 4, "block{}_conv{}"), settings)
    return TransferNetwork(row, files, level.decoder, [level], cell=8, diagonal=True)


def open_wct(row: Method, settings: Settings, files: Files) -> Network:
    """Open WCT."""
    parameters = [load_parameters(path) for path in files.values()]
    levels = []
    for block, encoder, decoder in zip(LEVELS, parameters[::2], parameters[1::2], strict=True):
        encoder_model = _encoder_model(encoder, block, "conv{}{}")
        last = block == LEVELS[-1]
        decoder_model = _decoder_model(decoder, block, "conv{}{}", backwards=True, last=last)
        # In bfloat16 the faintest directions of the features, which it makes as strong as all
        # others, would be rounding errors.
        levels.append(_open_level(encoder_model, decoder_model, settings, precise=True))
    strengths = settings.level_strengths
    return TransferNetwork(row, files, levels[0].decoder, levels, 16, False, strengths)


def _open_level(
    encoder_model: bytes, decoder_model: bytes, settings: Settings, *, precise: bool = False
) -> Level:
    chosen, device = choose_runtime(settings.runtime, settings.device), settings.device
    encoder = open_session(encoder_model, chosen.name, device, precise=precise)
    decoder = open_session(decoder_model, chosen.name, device, precise=precise)
    # A style is read once: compiling for its size would not pay.
    style_encoder = encoder if chosen.many_sizes else open_style_reader(encoder_model, device)
    return Level(style_encoder, encoder, decoder)


def _counts(level: int) -> dict[int, int]:
    """Return how many convolutions each block has, down to the first one of the deepest."""
    return {**{block: _COUNTS[block] for block in range(1, level)}, level: 1}


def _encoder_model(parameters: Mapping[str, Values], level: int, name: str) -> bytes:
    """Return a model that encodes down to a block; `name` takes the numbers of block and layer."""
    graph = Graph("encoder", parameters, borders="reflect")
    picture = graph.input("picture", (1, "height", "width", 3))
    if "mean" in parameters:
        x = graph.image(graph.add("Sub", picture, graph.tensor("mean")))
    else:
        x = graph.convolution(graph.image(picture), "conv0")
    for block, count in _counts(level).items():
        if block > 1:
            x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        for number in range(1, count + 1):
            x = graph.relu(graph.convolution(x, name.format(block, number)))
    width = len(parameters[f"{name.format(level, 1)}.bias"])
    graph.output(x, "features", (1, width, "rows", "columns"))
    return graph.model()


def _decoder_model(
    parameters: dict[str, Values], level: int, name: str, backwards: bool = False, last: bool = True
) -> bytes:
    """Return a model that decodes what `_encoder_model` encoded; its layers may count backwards."""
    graph = Graph("decoder", parameters, borders="reflect")
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
