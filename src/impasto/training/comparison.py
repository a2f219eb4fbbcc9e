"""How close a network of one style comes to the optimized picture, and what it cost."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from impasto.fast import FastStylizer
from impasto.images import Picture
from impasto.optimize import IterativeStylizer
from impasto.training.one_style import OneStyle
from impasto.weights import find

THIS = "this network"


class Painted(NamedTuple):
    """What one way of painting made of the photographs.

    Attributes:
        way: Its name.
        style: Mean relative Gram distance; 0: the painting itself.
        content: Mean relative content error; 0: the photograph itself.
        seconds: For a picture, the median.
        pictures: (1, 3, H, W) each.
    """

    way: str
    style: float
    content: float
    seconds: float
    pictures: list[Tensor]


def comparison(training: OneStyle, network: Path) -> list[Painted]:
    """Paint the held-out photographs in three ways, and judge them.

    The judge is VGG-19 where its file is at hand, and the pocket encoder elsewhere.

    Args:
        training: Whose photographs and painting.
        network: The .onnx file that came of it.
    """
    painting, size = _picture(training.painting), training.options.size
    device = training.device.type
    ways: dict[str, Callable[[Picture], Picture]] = {
        THIS: FastStylizer([], size=size, method=str(network)),
        "method fast": FastStylizer(painting, size=size),
        "method optimize": IterativeStylizer(painting, size=size, device=device),
    }
    encoder = judge_at_hand(training.options.teacher)
    for photo in map(_picture, training.shown):
        for way in (THIS, "method fast"):
            ways[way](photo)  # the first pass at each size takes longer
    found = [_painted("the photograph", lambda photo: photo, training, encoder)]
    return found + [_painted(way, paint, training, encoder) for way, paint in ways.items()]


def judge_at_hand(teacher: str) -> str:
    """Return the name of the encoder that judges: nothing is downloaded for it."""
    return "vgg19" if teacher or find("vgg19") else "pocket"


def _painted(
    way: str, paint: Callable[[Picture], Picture], training: OneStyle, encoder: str
) -> Painted:
    made, seconds = [], []
    for photo in map(_picture, training.shown):
        begun = time.perf_counter()
        made.append(_tensor(paint(photo)).to(training.device))
        seconds.append(time.perf_counter() - begun)
    measured = training.measured(made, encoder)
    return Painted(way, measured["style"], measured["content"], float(np.median(seconds)), made)


def _picture(picture: Tensor) -> Picture:
    return Picture(picture[0].permute(1, 2, 0).contiguous().cpu().numpy())


def _tensor(picture: Picture) -> Tensor:
    return torch.from_numpy(picture.pixels).permute(2, 0, 1)[None].contiguous()
