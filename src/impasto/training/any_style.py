"""Train the any-style network of `--method fast`.

    python -m impasto.training.any_style --photos FOLDER --paintings FOLDER --teacher FILE

`impasto train any-style` is the same; `impasto export` makes of it what `--method fast` runs.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from impasto.networks.any_style import AnyStyle, AnyStyleShape, Features
from impasto.networks.whitening import OF_COLORS, coloring, transferred
from impasto.tables import read_table
from impasto.training import crops
from impasto.training.crops import SCALES, Pictures, Rng, crop
from impasto.training.export import any_style_parameters
from impasto.training.loop import run_as_program
from impasto.training.losses import FusedVgg
from impasto.training.options import AnyStyleOptions
from impasto.training.transfer import Style, TransferTrainer, save_sheet, style_of
from impasto.weights.any_style import CELL

SHEET = "sheet.jpg"
SHOWN = 12  # pairs of held-out pictures that progress is shown on, where no others are named
#: Step length of Muon in pretraining, and Adam's part of it for the linear maps.
_PRETRAINING_RATE, _HEADS_PART = 0.01, 0.5
_PRETRAINING_WEIGHTS = {"copy": 1.0, "reading": 0.3}
_PAINTINGS = 0.1  # part of the contents that are paintings
_LONGEST, _SHORTEST, _LEAST = 512, 288, 96  # longest side of a style, at most and at least; least
_WHOLE, _RECOLORED = 0.4, 0.25  # parts of styles: whole paintings, and those with other colors

#: The layer whose components each map holds, coarse to fine.
_TAUGHT = ("relu5_1", "relu4_1", "relu3_1")
_PICTURES = 64  # how many pictures the components are computed from


class AnyStyleTrainer(TransferTrainer[AnyStyleOptions]):
    """Trains the network to stylize in any style; before that, if asked, as an autoencoder.

    The statistics of a style take long, so each one is used a few times. Which styles are in the
    pool depends on nothing but the step: a resumed training sees the same.
    """

    product, architecture = "any_style.safetensors", "any style"
    report_minutes = 5.0

    def __init__(self, options: AnyStyleOptions) -> None:
        o = options
        super().__init__(o, AnyStyleShape(o.fine, o.middle, o.coarse))
        self.photos, held_photos = crops.split_folder(Path(o.photos), self.device)
        self.paintings, held_paintings = crops.split_folder(Path(o.paintings), self.device)
        self._style = lru_cache(o.pool)(self._make_style)
        self.shown = self._listed() if o.pairs else self._held(held_photos, held_paintings)
        if o.reading:
            pictures = [*self.photos[::2], *self.paintings]
            rng = Rng(o.seed, 2**41, self.device)
            self.pretraining = AutoencoderLosses(self.network.shape, self.vgg, pictures, rng)
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
            return crops.whole_cells(crops.load_style(path, 2 * self.options.crop).to(self.device))

        pairs = read_table(Path(self.options.pairs), ("content", "style"))
        return [(load(content), load(style)) for content, style in pairs]

    def begin(self) -> None:
        """Take over a trained file of this shape, if the options name one."""
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
            images = torch.cat([_recolored(each, other, rng) for each in images[:, None]])
        maps = 1 if rng.bernoulli(0.4) else 2 + rng.integer(2)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.fast):
            losses: dict[str, Tensor] = self.pretraining(self.network, images, maps)
        return losses

    def _pick_styles(self, rng: Rng) -> list[Style]:
        o = self.options
        newest = int(self.step * o.styles * o.fresh)
        return [self._style(newest + rng.integer(o.pool)) for _ in range(o.styles)]

    @torch.no_grad()
    def _make_style(self, number: int) -> Style:
        """Return a style that is a function of its number and the seed."""
        rng = Rng(self.options.seed, 2**40 + number, self.device)
        image = _excerpt(self.paintings[rng.integer(len(self.paintings))], rng)
        if rng.bernoulli(_RECOLORED):
            image = _recolored(image, crop(self.paintings, 128, rng), rng)
        style = style_of(image, self.vgg)
        # Many are kept, so they are kept as the network computes.
        grams = {name: gram.to(self.vgg.precision) for name, gram in style.grams.items()}
        return replace(style, grams=grams)

    def _contents(self, size: int, rng: Rng) -> Tensor:
        count = range(self.options.contents)
        folders = [self.paintings if rng.bernoulli(_PAINTINGS) else self.photos for _ in count]
        return torch.cat([crop(each, size, rng, SCALES) for each in folders])

    def report(self) -> None:
        """Show contents, styles, and how they are stylized now."""
        save_sheet(self.examples(), self.options.folder / SHEET)


def _excerpt(painting: Tensor, rng: Rng) -> Tensor:
    """Return a painting or a part of it, (1, 3, H, W), as large as styles usually are."""
    height, width = painting.shape[1:]
    part = 1.0 if rng.bernoulli(_WHOLE) else rng.uniform(0.5, 1)
    sides = int(height * part), int(width * part)
    image = crops.random_part(painting, sides, rng)
    scale = rng.uniform(_SHORTEST, _LONGEST) / max(sides)
    return crops.resized(image, [max(_LEAST, round(side * scale) // CELL * CELL) for side in sides])


def _recolored(image: Tensor, other: Tensor, rng: Rng) -> Tensor:
    """Return (1, 3, H, W) in the colors of another picture, or with its own mixed a little."""
    if rng.bernoulli(0.5):
        return transferred(image, coloring(other, *OF_COLORS), *OF_COLORS).clamp(0, 1)
    mixing = torch.eye(3, device=image.device) + 0.15 * rng.normal((3, 3))
    moved = torch.einsum("ij,njhw->nihw", mixing, image - 0.5)
    return (moved + 0.5 + rng.uniform(-0.15, 0.15)).clamp(0, 1)


@torch.no_grad()
def _principal_components(
    vgg: FusedVgg, pictures: Sequence[Tensor], counts: Sequence[int], rng: Rng
) -> list[tuple[Tensor, Tensor]]:
    """Return the mean (C,) and the first components (C, K) of the features of each of `_TAUGHT`.

    Features less the mean, times the components, have a mean square of 1.
    """
    sums: list[tuple[Tensor, Tensor]] = [(torch.zeros(()), torch.zeros(()))] * len(_TAUGHT)
    for _ in range(_PICTURES):
        picture = pictures[rng.integer(len(pictures))][None].float() / 255
        features = vgg(crops.whole_cells(picture), _TAUGHT)
        rows = [features[name][0].float().flatten(1) for name in _TAUGHT]
        found = [(row.mean(1), row @ row.T / row.shape[1]) for row in rows]
        sums = [(a + m, b + s) for (a, b), (m, s) in zip(sums, found, strict=True)]
    components = []
    for (mean, square), count in zip(sums, counts, strict=True):
        mean, square = mean / _PICTURES, square / _PICTURES
        values, vectors = torch.linalg.eigh(square - mean[:, None] * mean)
        values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
        components.append((mean, vectors / values.mean().clamp_min(1e-12).sqrt()))
    return components


class AutoencoderLosses(nn.Module):
    """The losses of pretraining as an autoencoder whose reader learns what VGG-19 sees.

    Worth transferring are the statistics of VGG-19's features: each map of the reader
    learns to hold, a linear map away, the principal components of the layer that has its
    resolution. These are computed from some of the `pictures`, (3, H, W) uint8 each.
    """

    def __init__(self, shape: AnyStyleShape, vgg: FusedVgg, pictures: Pictures, rng: Rng) -> None:
        super().__init__()
        widths = (shape.coarse, shape.middle, shape.fine)
        self.vgg, self.components = vgg, _principal_components(vgg, pictures, widths, rng)
        self.heads = nn.ModuleList(
            nn.Conv2d(width, basis.shape[1], 1)
            for width, (_, basis) in zip(widths, self.components, strict=True)
        )
        for parameter in self.heads.parameters():
            nn.init.zeros_(parameter)

    def forward(self, network: AnyStyle, images: Tensor, maps: int) -> dict[str, Tensor]:
        """Return `copy`, the mean absolute error, and `reading`, the relative one of components.

        Of the network's maps of (N, 3, H, W) the painter gets so many, coarsest first, else zeros.
        """
        features = network.reader(images)
        shown = [f if i < maps else torch.zeros_like(f) for i, f in enumerate(features)]
        copies = network.painter(Features(*shown))
        with torch.no_grad():
            seen = self.vgg(images, _TAUGHT)
        errors = []
        parts = zip(_TAUGHT, features, self.heads, self.components, strict=True)
        for name, f, head, (mean, basis) in parts:
            target = (seen[name].float().movedim(1, 3) - mean) @ basis
            found = head(f.float()).movedim(1, 3)
            spread = (target - target.mean((0, 1, 2))).square().sum()
            errors.append((found - target).square().sum() / (spread + 1e-6))
        return {"copy": (copies - images).abs().mean(), "reading": torch.stack(errors).mean()}


if __name__ == "__main__":
    run_as_program(AnyStyleTrainer, AnyStyleOptions, __doc__)
