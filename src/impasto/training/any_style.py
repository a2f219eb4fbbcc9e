"""Train the any-style network of `--method fast`.

    python -m impasto.training.any_style --photos FOLDER --paintings FOLDER --teacher FILE

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and goes on where it stopped
when it is started again with the same output folder. `impasto train any-style` is the same, and
`impasto export` makes of the result what `--method fast` runs.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks.any_style import (
    CELL,
    AnyStyleShape,
)
from impasto.networks.vgg import VGG19
from impasto.training import runs
from impasto.training.crops import (
    SCALES,
    Dice,
    crop,
    held_out,
    listed_pairs,
    load_folder,
    load_style,
    whole_cells,
)
from impasto.training.options import AnyStyleOptions
from impasto.training.painting import PaintingTraining
from impasto.training.reading import ReadingLesson
from impasto.training.sheets import save_sheet
from impasto.training.style_pool import StylePool, recolored

PRODUCT, SHEET = "any_style.safetensors", "sheet.jpg"
#: Pairs of held-out pictures that progress is shown on, where no others are named.
SHOWN = 12
_READING_RATE, _LESSON_PART = 0.01, 0.5
"""Step length of Muon in the first lesson, and Adam's part of it for the linear maps."""
_READING_WEIGHT = 0.3
_PAINTED = 0.1
"""Part of the contents that are paintings."""


class AnyStyleTraining(PaintingTraining[AnyStyleOptions]):
    """The network learns to paint in any style; before that, if asked, to read and to copy.

    Args:
        options: Everything it depends on.
        teacher: VGG-19; one that is already read.
    """

    def __init__(self, options: AnyStyleOptions, teacher: VGG19 | None = None) -> None:
        o = options
        super().__init__(o, AnyStyleShape(o.fine, o.middle, o.coarse), teacher)
        self.photos, held_photos = held_out(load_folder(Path(o.photos), self.device))
        self.paintings, held_paintings = held_out(load_folder(Path(o.paintings), self.device))
        self.styles = StylePool(self.paintings, self.vgg, o.seed, o.pool, o.fresh)
        self.shown = self._listed() if o.pairs else self._held(held_photos, held_paintings)
        self.losses = (*self.losses, "copy", "reading")
        if o.reading:
            pictures = [*self.photos[::2], *self.paintings]
            dice = Dice(o.seed, 2**41, self.device)
            self.lesson = ReadingLesson(self.network, self.vgg, pictures, dice).to(self.device)
            self.modules.add_module("lesson", self.lesson)
            self.adam.add_param_group({"params": list(self.lesson.parameters())})

    def _held(self, photos: list[Tensor], paintings: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        dice, size = Dice(2**32, 0, self.device), 2 * self.options.crop
        return [
            (crop(photos, size, dice, (0.6, 1)), crop(paintings, size, dice, (0.6, 1.1)))
            for _ in range(SHOWN)
        ]

    def _listed(self) -> list[tuple[Tensor, Tensor]]:
        size = 2 * self.options.crop
        pairs = listed_pairs(Path(self.options.pairs))
        photos, styles = (
            [whole_cells(load_style(path, size).to(self.device)) for path in paths]
            for paths in zip(*pairs, strict=True)
        )
        return list(zip(photos, styles, strict=True))

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        steps = self.options.reading
        if self.step >= steps:
            return super().advance()
        dice = Dice(self.options.seed, self.step, self.device)
        self._schedule(_READING_RATE, 0.0, self.step / steps)
        self.adam.param_groups[1]["lr"] = self.muon.param_groups[0]["lr"] * _LESSON_PART
        return self._learned(self._read(dice), {"copy": 1.0, "reading": _READING_WEIGHT})

    def progress(self) -> float:
        """Return how much of the painting is over, from 0 to 1."""
        return (self.step - self.options.reading) / (self.options.steps - self.options.reading)

    def _read(self, dice: Dice) -> dict[str, Tensor]:
        """Return the losses of reading pictures and painting them again."""
        folders, size = (self.photos, self.paintings), self.options.crop * 3 // 4 // CELL * CELL
        images = torch.cat([crop(folders[i % 2], size, dice, SCALES) for i in range(6)])
        if dice.chance(0.3):
            other = crop(self.paintings, 128, dice)
            images = torch.cat([recolored(each, other, dice) for each in images[:, None]])
        maps = 1 if dice.chance(0.4) else 2 + dice.below(2)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            losses: dict[str, Tensor] = self.lesson(images, maps)
        return losses

    def _contents(self, size: int, dice: Dice) -> Tensor:
        count = self.options.contents
        folders = [self.paintings if dice.chance(_PAINTED) else self.photos for _ in range(count)]
        return torch.cat([crop(each, size, dice, SCALES) for each in folders])


def train(
    options: AnyStyleOptions, *, report_every: float = math.inf, report_minutes: float = 5.0
) -> Iterator[dict[str, float]]:
    """Train, or go on training, the network in a folder: see `impasto.training.runs.train`.

    At every report `sheet.jpg` shows photographs, styles, and what has become of them.
    """
    training = AnyStyleTraining(options)
    lines = runs.train(options, lambda _: training, PRODUCT, report_every, report_minutes)
    for line in lines:
        painted = [training.painted(*pair) for pair in training.shown]
        try:
            photos, styles = zip(*training.shown, strict=True)
            save_sheet([photos, styles, painted], options.folder / SHEET)
        except OSError as error:
            raise runs.no_place(options.folder, error) from error
        yield line


if __name__ == "__main__":
    runs.run_as_program(AnyStyleOptions, train, (__doc__ or "").partition("\n")[0])
