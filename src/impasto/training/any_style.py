"""Train the any-style network of `--method fast`.

    python -m impasto.training.any_style --photos FOLDER --paintings FOLDER --teacher FILE

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and resumes when it is
started again with the same output folder. `impasto train any-style` is the same, and
`impasto export` makes of the result what `--method fast` runs.
"""

from pathlib import Path

import torch
from torch import Tensor

from impasto.networks.any_style import AnyStyleShape
from impasto.training.autoencoder_pretraining import AutoencoderLosses
from impasto.training.crops import (
    SCALES,
    crop,
    listed_pairs,
    load_style,
    split_folder,
    whole_cells,
)
from impasto.training.export import any_style_parameters
from impasto.training.loop import run_as_program
from impasto.training.options import AnyStyleOptions
from impasto.training.reports import save_sheet
from impasto.training.rng import Rng
from impasto.training.style_pool import Style, StylePool, recolored
from impasto.training.transfer import TransferTrainer
from impasto.weights.any_style import CELL

SHEET = "sheet.jpg"
#: Pairs of held-out pictures that progress is shown on, where no others are named.
SHOWN = 12
_PRETRAINING_RATE, _HEADS_PART = 0.01, 0.5
"""Step length of Muon in pretraining, and Adam's part of it for the linear maps."""
_PRETRAINING_WEIGHTS = {"copy": 1.0, "reading": 0.3}
_PAINTINGS = 0.1
"""Part of the contents that are paintings."""


class AnyStyleTrainer(TransferTrainer[AnyStyleOptions]):
    """Trains the network to stylize in any style; before that, if asked, as an autoencoder.

    Args:
        options: Everything it depends on.
    """

    product, architecture = "any_style.safetensors", "any style"
    report_minutes = 5.0

    def __init__(self, options: AnyStyleOptions) -> None:
        o = options
        super().__init__(o, AnyStyleShape(o.fine, o.middle, o.coarse))
        self.photos, held_photos = split_folder(Path(o.photos), self.device)
        self.paintings, held_paintings = split_folder(Path(o.paintings), self.device)
        self.styles = StylePool(self.paintings, self.vgg, o.seed, o.pool, o.fresh)
        self.shown = self._listed() if o.pairs else self._held(held_photos, held_paintings)
        if o.reading:
            pictures = [*self.photos[::2], *self.paintings]
            rng = Rng(o.seed, 2**41, self.device)
            self.pretraining = AutoencoderLosses(self.network, self.vgg, pictures, rng)
            self.modules.add_module("lesson", self.pretraining.to(self.device))
            self.adam.add_param_group({"params": list(self.pretraining.parameters())})

    def _held(self, photos: list[Tensor], paintings: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        rng, size = Rng(2**32, 0, self.device), 2 * self.options.crop
        return [
            (crop(photos, size, rng, (0.6, 1)), crop(paintings, size, rng, (0.6, 1.1)))
            for _ in range(SHOWN)
        ]

    def _listed(self) -> list[tuple[Tensor, Tensor]]:
        def load(path: Path) -> Tensor:
            return whole_cells(load_style(path, 2 * self.options.crop).to(self.device))

        pairs = listed_pairs(Path(self.options.pairs))
        return [(load(content), load(style)) for content, style in pairs]

    def begin(self) -> None:
        """Take over a trained file, if the options name one.

        Raises:
            SettingsError: It has another shape.
        """
        if self.options.begin:
            self._load(any_style_parameters(Path(self.options.begin)))

    def advance(self) -> dict[str, Tensor]:
        """Take one step."""
        steps = self.options.reading
        if self.step >= steps:
            return super().advance()
        self._schedule(_PRETRAINING_RATE, 0.0, self.step / steps)
        self.adam.param_groups[1]["lr"] = self.muon.param_groups[0]["lr"] * _HEADS_PART
        losses = self._autoencoder_losses(Rng(self.options.seed, self.step, self.device))
        return self._learned(losses, _PRETRAINING_WEIGHTS)

    def progress(self) -> float:
        """Return how much of the training is over, from 0 to 1, pretraining left out."""
        return (self.step - self.options.reading) / (self.options.steps - self.options.reading)

    def _autoencoder_losses(self, rng: Rng) -> dict[str, Tensor]:
        folders, size = (self.photos, self.paintings), self.options.crop * 3 // 4 // CELL * CELL
        images = torch.cat([crop(folders[i % 2], size, rng, SCALES) for i in range(6)])
        if rng.bernoulli(0.3):
            other = crop(self.paintings, 128, rng)
            images = torch.cat([recolored(each, other, rng) for each in images[:, None]])
        maps = 1 if rng.bernoulli(0.4) else 2 + rng.integer(2)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            losses: dict[str, Tensor] = self.pretraining(images, maps)
        return losses

    def _pick_styles(self, rng: Rng) -> list[Style]:
        return self.styles.pick(self.step, self.options.styles, rng)

    def _contents(self, size: int, rng: Rng) -> Tensor:
        count = range(self.options.contents)
        folders = [self.paintings if rng.bernoulli(_PAINTINGS) else self.photos for _ in count]
        return torch.cat([crop(each, size, rng, SCALES) for each in folders])

    def report(self) -> None:
        """Show contents, styles, and how they are stylized now.

        Raises:
            OSError: It cannot be written.
        """
        save_sheet(self.examples(), self.options.folder / SHEET)


if __name__ == "__main__":
    run_as_program(AnyStyleTrainer, AnyStyleOptions, __doc__)
