"""The steps by which the any-style network learns to paint, judged by VGG-19."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from impasto.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.errors import SettingsError
from impasto.perception.vgg import VGG19
from impasto.training.copying import Copying
from impasto.training.crops import SCALES, Dice, crop, disturbed, held_out, load_folder
from impasto.training.judging import LAYERS, judged, lattice, roughness, shown, softened, unrest
from impasto.training.learner import Learner, load_teacher, optimizers
from impasto.training.lessons import grams
from impasto.training.options import FastOptions
from impasto.training.painter import (
    CELL,
    AnyStyle,
    PainterShape,
    Statistics,
    any_style_parameters,
    shape_of_parameters,
)

COPYING_RATE = 0.02
_HEAD_PART, _ADAM_PART = 0.3, 0.1
"""Learning rates as parts of Muon's: of the last kernel while painting, since its every step is
seen at once as dirt; and of biases."""
_FEATURES = 0.3
"""Weight of telling features while copying."""
_WARM_UP = 20
ROUNDS = 6
"""Batches of held-out pictures that a measurement looks at."""


class Painting(Learner[FastOptions]):
    """The network, what judges it, and its optimizers, one step after the other.

    First it learns to copy: pictures are read and painted again, some of them from the coarser
    features alone, and from these the pocket encoder's are told (a linear map away). What is then
    in the features has statistics that are worth transferring, before VGG-19 is asked once.

    Then it learns to paint. A batch is half as many photographs and half as many paintings, each
    photograph painted like two of them. The losses: relative Gram distance and relative content
    error in VGG-19 (as the optimizer's), smoothness where the photograph is flat, the same picture
    from a photograph that was shifted and disturbed by noise, no detail that every cell of
    pixels has alike, and every picture painted like itself stays what it is.

    Args:
        options: Everything it depends on.
        teacher: VGG-19; one that is already read.
    """

    def __init__(self, options: FastOptions, teacher: VGG19 | None = None) -> None:
        super().__init__(options)
        self.photos, self.held_photos = held_out(load_folder(Path(options.photos), self.device))
        paintings = load_folder(Path(options.paintings), self.device)
        self.paintings, self.held_paintings = held_out(paintings)
        self.teacher = teacher or load_teacher(options.teacher, self.device, self.fast)
        shape = PainterShape(near=options.near, far=options.far)
        self.network = AnyStyle(shape, options.seed).to(self.device)
        self.copying = Copying(self.network, self.device)
        self.modules = nn.ModuleDict({"network": self.network, "copying": self.copying})
        self.muon, self.adam = optimizers(self.modules, self.network.painter.head.weight)
        self.losses: Sequence[str] = (
            *("copy", "features"),
            *("style", "content", "flat", "shift", "lattice", "identity"),
        )

    def begin(self) -> None:
        """Take over a trained file, if the options name one.

        Raises:
            SettingsError: It has other widths.
        """
        if not self.options.begin:
            return
        begun = any_style_parameters(Path(self.options.begin))
        if shape_of_parameters(begun) != self.network.shape:
            raise SettingsError("the file to begin with has other widths than asked for")
        self.network.load_state_dict(begun)

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        o = self.options
        dice = Dice(o.seed, self.step, self.device)
        if self.step < o.copying:
            self._schedule(COPYING_RATE, 1.0, self.step / o.copying)
            losses = self._copied(dice)
            total = losses["copy"] + _FEATURES * losses["features"]
        else:
            self._schedule(o.rate, _HEAD_PART, (self.step - o.copying) / (o.steps - o.copying))
            losses = self._losses(dice)
            total = losses["style"] + o.content * losses["content"] + o.flat * losses["flat"]
            total = total + o.shift * losses["shift"] + o.lattice * losses["lattice"]
            total = total + o.identity * losses["identity"]
        self.learn(total)
        return {name: value.detach() for name, value in losses.items()}

    def _schedule(self, rate: float, head: float, part: float) -> None:
        """Set the learning rates: a cosine over each of the two lessons."""
        o = self.options
        begun = self.step if self.step < o.copying else self.step - o.copying
        share = rate * min(1, (begun + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * part))
        kernels, last = self.muon.param_groups
        kernels["lr"], last["lr"] = share, share * head
        self.adam.param_groups[0]["lr"] = share * _ADAM_PART

    def _copied(self, dice: Dice) -> dict[str, Tensor]:
        """Return the losses of reading pictures and painting them again."""
        folders = (self.photos, self.paintings)
        size, count = self.options.crop, self.options.batch
        images = torch.cat([crop(folders[i % 2], size, dice, SCALES) for i in range(count)])
        if dice.chance(0.5):
            images = disturbed(images, dice)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            losses: dict[str, Tensor] = self.copying(images, finer=dice.chance(0.4))
        return losses

    def _losses(self, dice: Dice) -> dict[str, Tensor]:
        half, size = self.options.batch // 2, self.options.crop
        larger = torch.cat([crop(self.photos, size + CELL, dice, SCALES) for _ in range(half)])
        # More of a style than of a content is seen: its statistics are what matters.
        wide, scales = size * 3 // 2, [part * 2 / 3 for part in SCALES]
        styles = torch.cat([crop(self.paintings, wide, dice, scales) for _ in range(half)])
        if dice.chance(0.3):
            styles = disturbed(styles, dice)
        contents = larger[:, :, :size, :size]
        with torch.no_grad():
            layer = CONTENT_LAYERS[0]
            wanted = self.teacher(contents, CONTENT_LAYERS)[layer]
            targets = grams(self.teacher(styles, STYLE_LAYERS))
        who = [*range(half), *range(half)]
        whose = [*range(half), *range(1, half), 0]
        read = self._read(styles)
        painted = self._paint(contents[who], _chosen(read, whose))
        features = self.teacher(shown(painted), LAYERS)
        chosen = {name: each[whose] for name, each in targets.items()}
        style, content = judged(features, wanted[who], chosen)
        itself = self._paint(contents[:1], self._read(contents[:1]))
        return {
            "style": softened(style).mean(),
            "content": content.mean(),
            "flat": roughness(painted, contents[who]),
            "shift": unrest(larger, painted[:half], lambda x: self._paint(x, read), dice),
            "lattice": lattice(painted),
            "identity": (itself - contents[:1]).abs().mean(),
        }

    def _read(self, styles: Tensor) -> list[Statistics]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            return self.network.read(styles)

    def _paint(self, contents: Tensor, styles: list[Statistics]) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            painted: Tensor = self.network(contents, styles)
        return painted

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """Return relative Gram distance and content error on pictures that were held out."""
        found = {"style": 0.0, "content": 0.0}
        size = 2 * self.options.crop
        for number in range(ROUNDS):
            dice = Dice(2**32 + 1 + number, 0, self.device)
            contents = torch.cat([crop(self.held_photos, size, dice, (0.6, 1)) for _ in range(2)])
            styles = torch.cat(
                [crop(self.held_paintings, size, dice, (0.6, 1.1)) for _ in range(2)]
            )
            targets = grams(self.teacher(styles, STYLE_LAYERS))
            wanted = self.teacher(contents, CONTENT_LAYERS)[CONTENT_LAYERS[0]]
            painted = self._paint(contents, self._read(styles)).clamp(0, 1)
            style, content = judged(self.teacher(painted, LAYERS), wanted, targets)
            found["style"] += float(style.mean()) / ROUNDS
            found["content"] += float(content.mean()) / ROUNDS
        return found

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return all parameters by name."""
        return dict(self.network.state_dict()), "painter"


def _chosen(read: list[Statistics], whose: list[int]) -> list[Statistics]:
    return [Statistics(*(part[whose] for part in each)) for each in read]
