"""Fit the any-style network to one painting.

    python -m impasto.training.style --photos FOLDER --painting FILE --begin FILE --output my.onnx

`impasto train style` is the same; `impasto stylize --method my.onnx` uses it. Where there is no
onnx to write my.onnx with, `impasto export` makes it of my.training/style.safetensors.
"""

import math
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import SettingsError
from impasto.files import sha256_of
from impasto.networks.any_style import shape_of
from impasto.training import crops
from impasto.training.export import CODE, any_style_parameters, export
from impasto.training.loop import run_as_program
from impasto.training.options import StyleOptions
from impasto.training.trainer import PAINTING
from impasto.training.transfer import Style, TransferTrainer, save_sheet
from impasto.weights import fetch

PREVIEW = "preview.jpg"
SHOWN = 4  # photographs that progress is shown and measured on
_SCALES = (1.0, 0.75)  # sizes of the painting that are learned from, as parts of the one asked for
#: How much more the content loss counts at first, as a part of its weight, and the steps in which
#: that falls to a third: forms of the photograph are given up sooner than strokes are learned.
_CAREFUL, _CAREFUL_STEPS = 1.2, 300


class StyleTrainer(TransferTrainer[StyleOptions]):
    """Fits the painter to one painting; the losses are those of any style."""

    product, architecture = "style.safetensors", "one style"

    def __init__(self, options: StyleOptions) -> None:
        check_output(options)
        o = options
        parameters = any_style_parameters(Path(o.begin) if o.begin else fetch("any-style"))
        painting = crops.load_style(Path(o.painting), o.size)
        super().__init__(o, shape_of(parameters))
        self._load(parameters)  # now, not when it begins
        self.report_minutes = min(1.0, o.minutes / 4 or 1.0)
        if o.photos:
            self.photos, held = crops.split_folder(Path(o.photos), self.device, o.folder)
        else:  # so few that they are shown as well
            self.photos = held = crops.load_pictures(crops.sample_photos(), self.device)
        painting = painting.to(self.device)
        self.images = [_scaled(painting, scale, 32) for scale in _SCALES]
        self.style = self.images[0]
        contents = [each[None].float() / 255 for each in held[:SHOWN]]
        scales = [min(1.0, o.size / max(each.shape[2:])) for each in contents]
        self.shown = [(_scaled(c, s, 1), self.style) for c, s in zip(contents, scales, strict=True)]
        self.sha256 = sha256_of(Path(o.painting))

    @cached_property
    def sizes(self) -> list[Style]:
        """The painting in each size; read when the network is what it was begun or resumed as."""
        return [self.style_of(image) for image in self.images]

    def _pick_styles(self, rng: crops.Rng) -> list[Style]:
        count = range(self.options.styles)
        return [self.sizes[(self.step + number) % len(self.sizes)] for number in count]

    def progress(self) -> float:
        """Return how much is over, from 0 to 1: of the steps or of the time."""
        o = self.options
        return min(1.0, max(super().progress(), self.spent / o.minutes if o.minutes else 0.0))

    def weights(self) -> dict[str, float]:
        """Return how much each loss counts in this step; content counts most at first."""
        weights = super().weights()
        more = _CAREFUL * math.exp(-self.step / _CAREFUL_STEPS)
        return weights | {"content": weights["content"] * (1 + more)}

    def facts(self) -> dict[str, Any]:
        """Return what the training depends on, the painting included."""
        return super().facts() | {PAINTING: self.sha256}

    @torch.no_grad()
    def result(self) -> dict[str, Tensor]:
        """Return all parameters by name, averaged over the last steps, and the style's code."""
        code = self.averaged.encode(self.style)
        numbers = torch.cat([part.flatten() for each in code for part in each])
        return {**super().result(), CODE: numbers}

    def report(self) -> None:
        """Show how contents are stylized now, and write the network as ONNX."""
        contents, _, stylized = self.examples()
        save_sheet([contents, stylized], self.options.folder / PREVIEW)
        with suppress(ImportError):  # without onnx `impasto export` writes it elsewhere
            export(self.options.folder / self.product, Path(self.options.output))


def check_output(options: StyleOptions) -> None:
    """Refuse to replace a network that no training beside it can have written."""
    if Path(options.output).exists() and not options.folder.exists():
        raise SettingsError(f"{options.output} exists already: remove it or name another output")


def _scaled(image: Tensor, scale: float, least: int) -> Tensor:
    size = [max(least, round(side * scale)) for side in image.shape[2:]]
    return crops.whole_cells(crops.resized(image, size))


if __name__ == "__main__":
    run_as_program(StyleTrainer, StyleOptions, __doc__)
