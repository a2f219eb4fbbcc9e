"""Regions that are found in a photograph: the person in front, and the sky.

Sources: MediaPipe's selfie segmentation (its file comes inside a package of that name); Shen & Wang
2013, "Sky Region Detection in a Single Image for Autonomous Ground Robot Navigation"; the edges
follow the picture's by a guided filter (He et al. 2010).
"""

import threading
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto import litert
from impasto.errors import MissingExtraError, WeightsError
from impasto.files import sha256_of
from impasto.images import Picture, fitted_size, sized
from impasto.images.color import LUMINANCE
from impasto.images.masks import Mask, blurred
from impasto.images.pixels import resize

Pixels = NDArray[np.float32]
#: Where the network is in MediaPipe's package, up to version 0.10.21, and its hash.
_FILE = Path("modules", "selfie_segmentation", "selfie_segmentation.tflite")
_SHA256 = "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
#: Longest side at which the sky is looked for, and at which edges are refined, in pixels.
_SKY, _REFINED = 160, 768
#: Of the guided filter: its reach, of the longest side; the squared luminance that is an edge.
_REACH, _EDGE = 1 / 96, 1e-3
#: Of the sky: gradients that may be its border (least, most, how many) and those within it; its
#: least depth, of the height; blue over red where it is dark; squared Mahalanobis distance of its
#: colors; and fewer pixels than this are none.
_EDGES, _CALM, _DEPTH, _BLUE, _ALIKE, _FEW = (0.03, 0.3, 24), 0.08, 0.02, 1.2, 9.0, 20


def find_person(picture: Picture) -> Mask:
    """Return where a person is, near the camera; animals, statues, flowers in front are, too."""
    model, lock = _model()
    (given,), (made,) = model.get_input_details(), model.get_output_details()
    height, width = given["shape"][1:3]
    pixels = resize(picture.filled().pixels, None, (width, height))[0]
    with lock:
        model.set_tensor(given["index"], pixels[None])
        model.invoke()
        found: Mask = model.get_tensor(made["index"])[0, ..., 0]
    return _refined(found, picture)


@cache
def _model() -> tuple[Any, threading.Lock]:
    """Return the network, which takes one picture at a time. Nothing of its package is run."""
    spec = find_spec("mediapipe")
    paths = [Path(folder) / _FILE for folder in (spec and spec.submodule_search_locations) or ()]
    there = next((path for path in paths if path.is_file()), None)
    if there is None:
        raise MissingExtraError("finding a person", "person")
    if sha256_of(there) != _SHA256:
        raise WeightsError(f"{there} is not the published file: install its package again")
    model = litert.opened(there.read_bytes(), "finding a person", "person")
    with litert.without_messages():
        model.allocate_tensors()
    return model, threading.Lock()


def find_sky(picture: Picture) -> Mask:
    """Return where the sky is: even, from the top edge on, and brighter than the rest or blue.

    So a bright wall behind all else is taken for sky, and sky that does not reach the top is not.
    """
    width, height = fitted_size(picture.size, _SKY)
    pixels = resize(picture.filled().pixels, None, (max(2, width), max(2, height)))[0]
    gradient = np.hypot(*np.gradient(pixels @ LUMINANCE))
    rows = np.arange(len(pixels))[:, None]
    edges = [gradient > threshold for threshold in np.geomspace(*_EDGES)]
    borders = [np.where(each.any(0), each.argmax(0), len(rows)) for each in edges]
    border = max(borders, key=lambda each: _evenness(pixels, rows < each))
    sky = rows < border
    if border.mean() < _DEPTH * len(rows) or sky.all():
        return np.zeros(picture.size[::-1], np.float32)
    mean, ground = pixels[sky].mean(0), pixels[~sky].mean(0)
    if mean @ LUMINANCE < ground @ LUMINANCE and mean[2] < _BLUE * mean[0]:
        return np.zeros(picture.size[::-1], np.float32)
    # What has the sky's colors belongs to it, if it is connected to it: behind towers and wires.
    inverse, away = np.linalg.inv(np.cov(pixels[sky].T) + 1e-3 * np.eye(3)), pixels - mean
    alike = np.einsum("hwi,ij,hwj->hw", away, inverse, away) < _ALIKE
    inside = alike & (gradient < _CALM) & (rows <= np.percentile(border, 98))
    return _refined(_connected(inside, sky & alike).astype(np.float32), picture)


def _evenness(pixels: Pixels, sky: NDArray[np.bool_]) -> float:
    """Return how even the sky and the ground are, each in itself (Shen & Wang, eq. 1)."""
    energy = 0.0
    for part, weight in ((sky, 2.0), (~sky, 1.0)):
        if part.sum() < _FEW:
            return 0.0
        covariance = np.cov(255 * pixels[part].T)
        energy += weight * (np.linalg.det(covariance) + np.linalg.eigvalsh(covariance)[-1])
    return 1 / max(energy, 1e-9)


def _connected(inside: NDArray[np.bool_], begun: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what of a region is connected to where it begins."""
    while True:
        wide = np.pad(begun, 1)
        beside = wide[2:, 1:-1] | wide[:-2, 1:-1] | wide[1:-1, 2:] | wide[1:-1, :-2]
        grown = inside & (begun | beside)
        if (grown == begun).all():
            return begun
        begun = grown


def _refined(found: Mask, picture: Picture) -> Mask:
    """Return a rough mask at a picture's size, its edges moved to those of the picture."""
    size = fitted_size(picture.size, min(_REFINED, max(picture.size)))
    guide = resize(picture.filled().pixels, None, size)[0] @ LUMINANCE
    mask = sized(found, size)
    mean = partial(blurred, reach=max(1, round(_REACH * max(size))))
    level, part = mean(guide), mean(mask)
    slope = (mean(guide * mask) - level * part) / (mean(guide**2) - level**2 + _EDGE)
    edged = mean(slope) * guide + mean(part - slope * level)
    return sized((1.5 * edged - 0.25).clip(0, 1).astype(np.float32), picture.size)
